// The program that becomes /urlboot-init in the initramfs, built by iso/medium-init/medium-init.mk, which
// puts its folder into the search path of .incbin.

    .section .rodata.medium_init, "a"
    .globl medium_init_start
    .globl medium_init_end
    .balign 16
medium_init_start:
    .incbin "urlboot-init"
medium_init_end:

    .section .note.GNU-stack, "", @progbits
