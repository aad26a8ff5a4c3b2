// The packaged fonts as read-only data; see kernel/font.mk and kernel/font.h.
    .section .rodata.font, "a", @progbits
    .globl font_8x16, font_8x16_end, font_16x32, font_16x32_end
    .balign 16
font_8x16:
    .incbin "spleen-8x16.psfu"
font_8x16_end:
    .balign 16
font_16x32:
    .incbin "spleen-16x32.psfu"
font_16x32_end:
    .section .note.GNU-stack, "", @progbits
