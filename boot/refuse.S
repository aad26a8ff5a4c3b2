// Machines that cannot run urlboot are told so in a sentence, in 32-bit code: processors without 64-bit
// mode, and 32-bit UEFI (GRUB's i386-efi build jumps to the 32-bit entry, boot services alive).
// Output goes to COM1, to VGA text memory, and through 32-bit UEFI's ConOut where that is still there.
// Spec: Multiboot2 2.0 section 3.6 (tags 11, 18, 19), UEFI 2.10 sections 4.3 (system table) and 12.4
// (ConOut).

#include "boot/multiboot2.h" // MB2_BOOT_MAGIC

#define IMAGE_VIRT 0xffffffff80200000
#define OFF(symbol) ((symbol) - IMAGE_VIRT)
#define VGA_TEXT 0xb8000
#define COM1_DATA 0x3f8
#define COM1_LSR 0x3fd
#define LSR_THRE 0x20
#define EFI32_CON_OUT 44                // offset in the 32-bit EFI_SYSTEM_TABLE
#define EFI32_OUTPUT_STRING 4           // offset in EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL

    .section .boot.text, "ax"
    .code32
    .global refuse_32bit_machine

// On the stack: load base (4), information (8), magic (12). Returns when the machine will do.
refuse_32bit_machine:
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov 20(%esp), %ebp
    mov 24(%esp), %ebx
    xor %edi, %edi                      // EDI = 32-bit EFI system table with boot services, or 0
    cmpl $MB2_BOOT_MAGIC, 28(%esp)
    jne check_processor

    // Walk the tags, inside total_size. ECX bits: 1 = tag 11 seen, 2 = boot services alive.
    mov (%ebx), %edx
    add %ebx, %edx                      // end
    lea 8(%ebx), %esi
    xor %ecx, %ecx
1:  lea 8(%esi), %eax
    cmp %edx, %eax
    ja tags_done
    mov (%esi), %eax
    cmp $MB2_INFO_END, %eax
    je tags_done
    cmp $MB2_INFO_EFI32, %eax
    jne 2f
    or $1, %ecx
    mov 8(%esi), %edi
2:  cmp $MB2_INFO_EFI_BS, %eax
    jne 3f
    or $2, %ecx
3:  mov 4(%esi), %eax
    cmp $8, %eax
    jb tags_done
    add $7, %eax
    and $~7, %eax
    add %eax, %esi
    jmp 1b
tags_done:
    test $1, %ecx
    jz check_processor
    test $2, %ecx
    jnz 1f
    xor %edi, %edi
1:  lea OFF(text_efi32)(%ebp), %esi
    jmp say_and_stop

check_processor:
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb 1f
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx                        // LM
    jc machine_will_do
1:  xor %edi, %edi
    lea OFF(text_no_long_mode)(%ebp), %esi
    jmp say_and_stop

machine_will_do:
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret

    // ESI = text. Serial with a bounded wait per byte, VGA text, then UEFI's console.
say_and_stop:
    push %esi
    mov $VGA_TEXT, %ebx
1:  lodsb
    test %al, %al
    jz 4f
    mov %al, (%ebx)                     // SAFETY: on machines without VGA this writes to nothing
    movb $0x4f, 1(%ebx)
    add $2, %ebx
    mov %al, %ah
    mov $100000, %ecx
    mov $COM1_LSR, %edx
2:  inb %dx, %al
    test $LSR_THRE, %al
    jnz 3f
    loop 2b
3:  mov $COM1_DATA, %edx
    mov %ah, %al
    outb %al, %dx
    jmp 1b
4:  pop %esi
    test %edi, %edi
    jz halt_forever

    // Widen to UCS-2 on the stack and call ConOut->OutputString(ConOut, text), cdecl.
    sub $512, %esp
    mov %esp, %ebx
    xor %ah, %ah
1:  lodsb
    mov %ax, (%ebx)
    add $2, %ebx
    test %al, %al
    jnz 1b
    mov %esp, %edx
    and $~15, %esp
    sub $8, %esp
    mov EFI32_CON_OUT(%edi), %eax
    push %edx
    push %eax
    call *EFI32_OUTPUT_STRING(%eax)
halt_forever:
    hlt
    jmp halt_forever

    .section .rodata
text_efi32:
    .ascii "\r\nurlboot failed: Unsupported: this is 32-bit UEFI; "
    .asciz "urlboot needs 64-bit UEFI, or BIOS mode.\r\n"
text_no_long_mode:
    .asciz "\r\nurlboot failed: Unsupported: this processor has no 64-bit mode.\r\n"

    .section .note.GNU-stack, "", @progbits
