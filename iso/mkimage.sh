#!/bin/sh
# Packs urlboot for the two GRUB doors, with the menu of iso/image:
#     iso/mkimage.sh iso ELF OUT.iso [WORD...]      hybrid CD/USB image for BIOS and UEFI (grub-mkrescue)
#     iso/mkimage.sh netboot ELF DIR [WORD...]      TFTP tree; BIOS: boot/grub/i386-pc/core.0,
#                                                   UEFI: boot/grub/x86_64-efi/core.efi (grub-mknetdir)
# WORDs are urlboot's command line, url=... first: they become the first entry of the menu and its default.
# Does not handle: signing for Secure Boot.
set -eu

usage="usage: iso/mkimage.sh iso|netboot ELF OUT [WORD...]"
kind=${1:?$usage}
elf=${2:?$usage}
out=${3:?$usage}
shift 3
tree=$(dirname "$0")/image

# What GRUB needs for our menu, for typed commands and for a screen; fonts and translations stay out.
modules='normal multiboot2 boot serial terminal test echo cat ls read sleep configfile reboot halt
         iso9660 part_gpt part_msdos fat minicmd videotest video'

# Writes entries.cfg to stdout: one entry with the given words, each quoted for GRUB's shell; without words
# only a comment.
entries()
{
    if [ $# = 0 ]; then
        echo '# Entries of your own go here; the first one becomes the default. "set timeout=3" waits less.'
        return
    fi
    printf "set timeout=3\nmenuentry '%s' {\n    multiboot2 /boot/urlboot.elf" "$(printf '%s' "$1" | tr -d "'")"
    for word in "$@"; do
        printf " '%s'" "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
    done
    printf '\n}\n'
}

# Fills folder $1 with menu and payload.
fill()
{
    cp -r "$tree/." "$1/"
    cp "$elf" "$1/boot/urlboot.elf"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

case "$kind" in
    iso)
        fill "$work"
        entries "$@" >"$work/boot/grub/entries.cfg"
        log=$(mktemp)
        # shellcheck disable=SC2086 # one word a module
        grub-mkrescue --install-modules="$(echo $modules linux all_video gfxterm)" \
            --fonts= --locales= --themes= -volid URLBOOT -o "$out.part" "$work" >"$log" 2>&1 || {
            cat "$log" >&2
            rm -f "$log"
            exit 1
        }
        rm -f "$log"
        mv "$out.part" "$out" ;;
    netboot)
        mkdir -p "$out"
        for platform in i386-pc x86_64-efi; do
            grub-mknetdir --net-directory="$out" --subdir=boot/grub -d "/usr/lib/grub/$platform" \
                --fonts= --locales= --themes= >/dev/null
        done
        fill "$out"
        entries "$@" >"$out/boot/grub/entries.cfg" ;;
    *)
        echo "$usage" >&2
        exit 2 ;;
esac
