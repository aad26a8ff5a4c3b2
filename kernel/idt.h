// Descriptor tables and interrupts. Interrupts are off everywhere but inside cpu_idle(); exceptions end in
// the panic screen.
#ifndef URLBOOT_KERNEL_IDT_H
#define URLBOOT_KERNEL_IDT_H

#define IDT_EXCEPTIONS 32
#define IDT_VECTOR_TIMER 0x40
#define IDT_VECTOR_SPURIOUS 0xff

// Loads our GDT and IDT, masks the 8259s. Called when no firmware needs its own tables any more: at the very
// start, with UEFI after boot services. Needs the image at its link address and nothing else.
void idt_init(void);

#endif
