// Where Linux starts urlboot-init: System V ABI, x86-64 supplement, section 3.4.1: RSP points to argc, argv,
// NULL, envp, NULL.

    .globl _start
_start:
    xorl %ebp, %ebp
    movq %rsp, %rdi
    andq $-16, %rsp
    call start

    .section .note.GNU-stack, "", @progbits
