// Interrupt entries: one stub a vector, a common frame (struct trap_frame, kernel/panic.h), the C handler.
// Spec: Intel SDM volume 3A section 6.14. Handlers use general registers only, so no SSE state is saved.

    .text
    .global isr_table

.macro STUB vector
isr_\vector:
    // Vectors 8, 10-14, 17, 21, 29, 30 push an error code themselves.
    .set pushes, (\vector == 8) || (\vector >= 10) && (\vector <= 14) || (\vector == 17)
    .set pushes, pushes || (\vector == 21) || (\vector == 29) || (\vector == 30)
    .if !pushes
    push $0
    .endif
    push $\vector
    jmp isr_common
.endm

.altmacro
.set i, 0
.rept 256
    STUB %i
    .set i, i + 1
.endr

isr_common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $~15, %rsp
    call interrupt
    mov %rbp, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

    .section .rodata
    .balign 8
.macro ENTRY vector
    .quad isr_\vector
.endm
isr_table:
.set i, 0
.rept 256
    ENTRY %i
    .set i, i + 1
.endr

    .section .note.GNU-stack, "", @progbits
