// Descriptor tables and interrupts. Interrupts are off everywhere but inside cpu_idle(); exceptions end in
// the panic screen.
#ifndef URLBOOT_KERNEL_IDT_H
#define URLBOOT_KERNEL_IDT_H

#define IDT_EXCEPTIONS 32
#define IDT_VECTOR_TIMER 0x40
#define IDT_VECTOR_SPURIOUS 0xff

// Loads our GDT and IDT, masks the 8259s. Called when no firmware needs its own tables any more.
void idt_init(void);

#endif
