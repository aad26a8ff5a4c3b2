#!/bin/sh
# Packs urlboot for the two GRUB doors, with the menu of iso/image:
#     iso/mkimage.sh iso ELF OUT.iso [WORD...]      hybrid CD/USB image for BIOS and UEFI (grub-mkrescue)
#     iso/mkimage.sh netboot ELF DIR [WORD...]      TFTP tree; BIOS: boot/grub/i386-pc/core.0,
#                                                   UEFI: boot/grub/x86_64-efi/core.efi (grub-mknetdir)
# WORDs are urlboot's command line, url=... first: they become the first entry of the menu and its default. Each is
# one word as it is, without quotes: what it needs for GRUB is added here.
# A netboot tree may be made anew over an old one: urlboot.elf, GRUB and our grub.cfg are replaced, an entries.cfg
# only while it is as this script wrote it. Does not handle: signing for Secure Boot.
set -eu

usage="usage: iso/mkimage.sh iso|netboot ELF OUT [WORD...]"
kind=${1:?$usage}
elf=${2:?$usage}
out=${3:?$usage}
shift 3
tree=$(dirname "$0")/image

# What GRUB needs for our menu, for typed commands and for a screen; fonts and translations stay out. grub-mkrescue's
# own start on UEFI loads every partition map that GRUB lists, and complains of each that is absent.
modules='normal multiboot2 boot serial terminal test echo cat ls read sleep configfile reboot halt
         iso9660 fat minicmd videotest video linux all_video gfxterm'

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

# Writes the entries for the words to file $1, with a first line by which a later run sees whether somebody has
# changed them.
write_entries()
{
    target=$1
    shift
    text=$(entries "$@")
    printf '# Written by iso/mkimage.sh (%s), which replaces it only while it is unchanged.\n%s\n' \
        "$(printf '%s\n' "$text" | cksum | cut -d' ' -f1)" "$text" >"$target"
}

# Whether file $1 is as write_entries left it.
is_unchanged()
{
    sum=$(sed -n '1s/^# Written by iso\/mkimage.sh (\([0-9]*\)),.*/\1/p' "$1")
    [ -n "$sum" ] && [ "$sum" = "$(sed 1d "$1" | cksum | cut -d' ' -f1)" ]
}

# The entries of the TFTP tree $1: what the user wrote stays.
netboot_entries()
{
    list=$1/boot/grub/entries.cfg
    shift
    if [ -e "$list" ] && [ $# = 0 ]; then
        echo "mkimage: $list stays as it was"
    elif [ -e "$list" ] && ! is_unchanged "$list"; then
        write_entries "$list.new" "$@"
        echo "mkimage: $list is yours and stays; the entry for $1 is in $list.new"
    else
        write_entries "$list" "$@"
    fi
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
        write_entries "$work/boot/grub/entries.cfg" "$@"
        log=$(mktemp)
        # shellcheck disable=SC2086,SC2116 # the line feeds become blanks
        grub-mkrescue --install-modules="$(echo $modules $(cat /usr/lib/grub/x86_64-efi/partmap.lst))" \
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
        netboot_entries "$out" "$@"
        echo "mkimage: $out is a TFTP tree now (urlboot.elf, GRUB and boot/grub/grub.cfg are new in it). DHCP names"
        echo "    boot/grub/i386-pc/core.0        for BIOS"
        echo "    boot/grub/x86_64-efi/core.efi   for 64-bit UEFI (client architectures 7 and 9)" ;;
    *)
        echo "$usage" >&2
        exit 2 ;;
esac
