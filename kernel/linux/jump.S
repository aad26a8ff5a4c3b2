// The last code to run: a clean processor state, then Linux's 64-bit entry point.
// Spec: Documentation/arch/x86/boot.rst, "64-bit Boot Protocol": long mode, interrupts off, __BOOT_CS 0x10,
// __BOOT_DS 0x18, RSI = boot_params, everything identity-mapped. Does not return.

#define BOOT_CS 0x10
#define BOOT_DS 0x18
#define CR0_LINUX 0x80010033     // PG WP NE ET MP PE; AM, EM, TS off
#define CR4_PAE 0x20
#define CR4_LA57 0x1000

    .section .text.linux_jump, "ax"
    .code64
    .globl linux_jump
    .type linux_jump, @function
// linux_jump(entry, boot_params, page_tables)
linux_jump:
    cli
    cld
    movq %rdi, %rax
    // SAFETY: the new tables map RAM at its own address and share the root's last entry, in which this
    // code, its stack and the table below lie, with the current ones; so the next instruction is there.
    movq %rdx, %cr3
    // Also switches global pages off, and with that flushes them. LA57 cannot change in long mode.
    movq %cr4, %rcx
    andl $CR4_LA57, %ecx
    orl $CR4_PAE, %ecx
    movq %rcx, %cr4
    movl $CR0_LINUX, %ecx
    movq %rcx, %cr0
    lidt no_idt(%rip)
    lgdt boot_gdt_pointer(%rip)
    pushq $BOOT_CS
    leaq 1f(%rip), %rcx
    pushq %rcx
    lretq
1:  movl $BOOT_DS, %ecx
    movl %ecx, %ds
    movl %ecx, %es
    movl %ecx, %ss
    movl %ecx, %fs
    movl %ecx, %gs
    // Only RSI means something to Linux; the rest is zero so that no chance decides anything.
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %edi, %edi
    xorl %ebp, %ebp
    jmpq *%rax
    .size linux_jump, . - linux_jump

    .section .rodata.linux_jump, "a"
    .balign 16
// Accessed bits are set already: the table lies in read-only memory, and setting them would fault.
boot_gdt:
    .quad 0, 0
    .quad 0x00af9b000000ffff     // 0x10: code, 64 bits
    .quad 0x00cf93000000ffff     // 0x18: data
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .quad boot_gdt
no_idt:
    .word 0
    .quad 0

    .section .note.GNU-stack, "", @progbits
