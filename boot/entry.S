// Entry from every door: finds out where the image was loaded, clears bss, makes page tables, goes to
// 64-bit mode, and calls boot_main() and kmain() at their link addresses.
// Spec: Multiboot2 2.0 section 3.3, Multiboot 0.6.96 section 3.2, Xen PVH, Intel SDM volume 3A section 9.8.5.
//
// Nothing is relocated: addresses are formed as load base + OFF(symbol). The stack is used at its physical
// (identity-mapped) address for good, because UEFI drivers hand stack buffers to devices.

#include "boot/multiboot1.h" // PVH_BOOT_MAGIC
#include "boot/multiboot2.h" // MB2_BOOT_MAGIC

#define IMAGE_VIRT 0xffffffff80200000
#define OFF(symbol) ((symbol) - IMAGE_VIRT)
#define LARGE_PAGE 0x200000
#define IMAGE_LARGE_PAGES 4             // linker.ld asserts that 8 MiB are enough
#define STACK_SIZE 0x40000              // UEFI wants 128 KiB under its callers

#define PTE_TABLE 0x3                   // present, writable
#define PTE_LARGE 0x83                  // and 2 MiB
#define CR0_LONG_MODE 0x80010033        // PG WP NE ET MP PE; EM and TS clear: SSE works
#define CR4_PAE_SSE 0x620               // PAE, OSFXSR, OSXMMEXCPT
#define CR4_LA57_BIT 12
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define SEL_CODE 0x10                   // as Linux wants them at its entry
#define SEL_DATA 0x18

    .section .boot.text, "ax"
    .code32
    .global entry_multiboot, entry_pvh, entry_efi64

entry_pvh:
    mov $PVH_BOOT_MAGIC, %eax
entry_multiboot:
    cli
    cld
    cmp $MB2_BOOT_MAGIC, %eax
    je locate
    cmp $MB1_BOOT_MAGIC, %eax
    je locate
    cmp $PVH_BOOT_MAGIC, %eax
    je locate
stop:
    hlt
    jmp stop

    // SAFETY: the protocols promise no stack, but EBX points at a boot information structure in RAM. Its
    // second word serves as a one-word stack for `call` and is put back.
locate:
    mov 4(%ebx), %edx
    lea 8(%ebx), %esp
    call 1f
1:  pop %ebp
    mov %edx, 4(%ebx)
    sub $OFF(1b), %ebp                  // EBP = physical address of image_start

    mov %eax, %edx
    lea OFF(image_bss_start)(%ebp), %edi
    mov $OFF(image_end), %ecx
    sub $OFF(image_bss_start), %ecx
    shr $2, %ecx
    xor %eax, %eax
    rep stosl
    lea OFF(boot_stack_top)(%ebp), %esp

    push %edx
    push %ebx
    push %ebp
    call refuse_32bit_machine           // returns only on a machine that will do
    add $4, %esp
    pop %ebx
    pop %edx

    // Identity map of the first 4 GiB.
    lea OFF(early_pdpt_low)(%ebp), %eax
    or $PTE_TABLE, %eax
    mov %eax, OFF(early_root)(%ebp)
    lea OFF(early_pd_low)(%ebp), %eax
    or $PTE_TABLE, %eax
    xor %ecx, %ecx
1:  mov %eax, OFF(early_pdpt_low)(%ebp, %ecx, 8)
    add $0x1000, %eax
    inc %ecx
    cmp $4, %ecx
    jb 1b
    mov $PTE_LARGE, %eax
    xor %ecx, %ecx
1:  mov %eax, OFF(early_pd_low)(%ebp, %ecx, 8)
    add $LARGE_PAGE, %eax
    inc %ecx
    cmp $2048, %ecx
    jb 1b

    // The image at its link address: entry 511 of the root, 510 below it, from 2 MiB on.
    lea OFF(early_pdpt_high)(%ebp), %eax
    or $PTE_TABLE, %eax
    mov %eax, (OFF(early_root) + 511 * 8)(%ebp)
    lea OFF(early_pd_high)(%ebp), %eax
    or $PTE_TABLE, %eax
    mov %eax, (OFF(early_pdpt_high) + 510 * 8)(%ebp)
    lea PTE_LARGE(%ebp), %eax
    xor %ecx, %ecx
1:  mov %eax, (OFF(early_pd_high) + 8)(%ebp, %ecx, 8)
    add $LARGE_PAGE, %eax
    inc %ecx
    cmp $IMAGE_LARGE_PAGES, %ecx
    jb 1b

    push %edx
    mov %cr4, %eax
    or $CR4_PAE_SSE, %eax
    mov %eax, %cr4
    lea OFF(early_root)(%ebp), %eax
    mov %eax, %cr3
    mov $0x80000001, %eax
    push %ebx
    cpuid
    pop %ebx
    and $(1 << 20), %edx                // no-execute pages, as EFER.NXE
    shr $9, %edx
    mov $MSR_EFER, %ecx
    push %edx
    rdmsr
    pop %edi
    or $EFER_LME, %eax
    or %edi, %eax
    wrmsr
    pop %edx
    mov $CR0_LONG_MODE, %eax
    mov %eax, %cr0

    lea OFF(boot_gdt)(%ebp), %eax
    sub $8, %esp
    movw $(boot_gdt_end - boot_gdt - 1), (%esp)
    mov %eax, 2(%esp)
    lgdt (%esp)
    lea OFF(enter_64bit)(%ebp), %eax
    push $SEL_CODE
    push %eax
    lret

    .code64
enter_64bit:
    mov $SEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov %ebp, %ebp                      // clear what 32-bit mode left in the upper halves
    mov %ebx, %ebx
    mov %edx, %edx

    // From here the same for all doors: RBP load base, RBX information, EDX magic.
enter_image:
    lea OFF(boot_stack_top)(%rbp), %rsp
    mov $1f, %rax                       // sign-extended: the link address
    jmp *%rax
1:  mov %edx, %r12d
    call seed_stack_guard
    mov %r12d, %edi
    mov %rbx, %rsi
    mov %rbp, %rdx
    xor %ebp, %ebp                      // ends the chain of frame pointers
    call boot_main
    mov %rax, %rdi
    call kmain
    ud2

    // UEFI with boot services: 64-bit mode, the firmware's tables, GDT and IDT, interrupts on.
    // SAFETY: the firmware's identity map stays in force below; only the topmost entry becomes ours. GRUB
    // 2.14's own map may cover RAM only, so kernel/firmware makes a complete one before it calls drivers.
entry_efi64:
    cli
    cld
    mov $EFI64_BOOT_MAGIC, %r12d
    lea image_start(%rip), %rbp
    lea OFF(image_bss_start)(%rbp), %rdi
    mov $OFF(image_end), %ecx
    sub $OFF(image_bss_start), %ecx
    shr $3, %ecx
    xor %eax, %eax
    rep stosq
    lea OFF(boot_stack_top)(%rbp), %rsp

    mov %cr3, %rsi
    and $~0xfff, %rsi
    lea OFF(early_root)(%rbp), %rdi
    mov $512, %ecx
    rep movsq
    lea OFF(early_pdpt_high)(%rbp), %rdx
    mov %cr4, %rax
    bt $CR4_LA57_BIT, %rax
    jnc 1f
    or $PTE_TABLE, %rdx                 // five levels: one table more on the way up
    mov %rdx, (OFF(early_pml4_high) + 511 * 8)(%rbp)
    lea OFF(early_pml4_high)(%rbp), %rdx
1:  or $PTE_TABLE, %rdx
    mov %rdx, (OFF(early_root) + 511 * 8)(%rbp)
    lea OFF(early_pd_high)(%rbp), %rax
    or $PTE_TABLE, %rax
    mov %rax, (OFF(early_pdpt_high) + 510 * 8)(%rbp)
    lea PTE_LARGE(%rbp), %rax
    xor %ecx, %ecx
1:  mov %rax, (OFF(early_pd_high) + 8)(%rbp, %rcx, 8)
    add $LARGE_PAGE, %rax
    inc %ecx
    cmp $IMAGE_LARGE_PAGES, %ecx
    jb 1b

    mov $0x80000001, %eax
    push %rbx
    cpuid
    pop %rbx
    bt $20, %edx
    jnc 1f
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_NXE, %eax
    wrmsr
1:  lea OFF(early_root)(%rbp), %rax
    mov %rax, %cr3
    mov %r12d, %edx
    jmp enter_image

    // A random canary: RDRAND where there is one, stirred with the time stamp counter.
seed_stack_guard:
    push %rbx
    mov $1, %eax
    cpuid
    xor %r8d, %r8d
    bt $30, %ecx
    jnc 1f
    rdrand %r8
1:  rdtsc
    shl $32, %rdx
    or %rdx, %rax
    mov $0x9e3779b97f4a7c15, %rcx       // odd constant (2^64 / golden ratio): spreads the low bits
    imul %rcx, %rax
    xor %r8, %rax
    xor %al, %al                        // a zero byte stops string overruns
    mov %rax, __stack_chk_guard(%rip)
    pop %rbx
    ret

    .section .rodata
    .balign 16
    .global boot_gdt, boot_gdt_end
boot_gdt:
    .quad 0, 0
    .quad 0x00af9a000000ffff            // SEL_CODE: 64-bit, execute/read
    .quad 0x00cf92000000ffff            // SEL_DATA: read/write
boot_gdt_end:

    .section .bss.pages, "aw", @nobits
    .balign 4096
early_root:       .skip 4096            // PML4, or PML5 when the firmware runs with five levels
early_pml4_high:  .skip 4096
early_pdpt_low:   .skip 4096
early_pdpt_high:  .skip 4096
early_pd_low:     .skip 4 * 4096
early_pd_high:    .skip 4096
    .global boot_stack_guard, boot_stack_top
boot_stack_guard: .skip 4096            // unmapped by paging_init()
boot_stack:       .skip STACK_SIZE
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
