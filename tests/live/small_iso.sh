#!/bin/sh
# Makes the small ISO of the test matrix: a stock Debian kernel, a tiny initrd that proves which bytes it got as
# its medium, and a GRUB configuration that only a reader which follows variables, the default entry and
# sourced files can use. The same inputs give the same bytes.
# Usage: tests/live/small_iso.sh DIR OUT.iso      DIR/root as made by root.sh
set -eu

dir=${1:?usage: tests/live/small_iso.sh DIR OUT.iso}
out=${2:?usage: tests/live/small_iso.sh DIR OUT.iso}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(cd "$dir" && pwd)
root=$dir/root
tree=$dir/small-tree
ram=$dir/small-initrd
export SOURCE_DATE_EPOCH=1704067200      # 2024-01-01, any fixed moment

version=$(basename "$root"/boot/vmlinuz-* | sed 's/^vmlinuz-//')
rm -rf "$tree" "$ram"

# The initrd: busybox, init and the kernel's own modules with what they depend on.
mkdir -p "$ram/bin" "$ram/sbin" "$ram/usr" "$ram/proc" "$ram/sys" "$ram/dev" "$ram/medium" "$ram/tmp"
cp /bin/busybox "$ram/bin/busybox" 2>/dev/null || cp /usr/bin/busybox "$ram/bin/busybox"
ln -s ../bin/busybox "$ram/sbin/modprobe"
cp "$here/small_init.sh" "$ram/init"
chmod 755 "$ram/init" "$ram/bin/busybox"
for module in loop isofs sr_mod ata_piix ahci libnvdimm nd_btt nd_pmem nd_e820 nfit efivarfs virtio_pci virtio_net e1000 e1000e \
              r8169 realtek 8139cp 8139too; do
    modprobe -d "$root" -S "$version" --show-depends "$module" |
        sed -n "s#^insmod $root/\\(usr/\\)\\{0,1\\}##p" | cut -d' ' -f1
done | sort -u >"$dir/small-modules"
while read -r file; do
    mkdir -p "$ram/$(dirname "$file")"
    cp "$root/$file" "$ram/$file"
done <"$dir/small-modules"
cp "$root/lib/modules/$version/modules.order" "$root/lib/modules/$version/modules.builtin" \
    "$root/lib/modules/$version/modules.builtin.modinfo" \
    "$ram/lib/modules/$version/"
depmod -b "$ram" "$version"
# busybox reads modules.dep as text; the binary indexes are not for it.
rm -f "$ram/lib/modules/$version"/*.bin "$ram/lib/modules/$version/modules.devname"
find "$ram" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$tree/.strange/Deep Folder/alpha" "$tree/boot/grub"
cp "$root/boot/vmlinuz-$version" "$tree/.strange/Deep Folder/alpha/the.Kernel_image-$version"
# Two archives, as early microcode and main initrd are elsewhere: the second one is compressed.
echo "part one" >"$dir/part-one"
touch -d "@$SOURCE_DATE_EPOCH" "$dir/part-one"
(cd "$dir" && echo part-one | cpio --quiet --reproducible -o -H newc -R 0:0) >"$tree/.strange/ramdisk.1"
(cd "$ram" && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) | gzip -9n \
    >"$tree/.strange/Deep Folder/ramdisk.2"
cp "$here/small_grub.cfg" "$tree/boot/grub/grub.cfg"
sed "s/@VERSION@/$version/" "$here/small_paths.cfg" >"$tree/boot/grub/paths.cfg"
echo "the medium of urlboot's test matrix" >"$tree/medium.txt"
chmod -R u=rwX,go=rX "$tree"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

xorriso -as mkisofs -quiet -R -V URLBOOT_SMALL -o "$out.part" "$tree" 2>"$dir/xorriso.log" ||
    { cat "$dir/xorriso.log" >&2; exit 1; }
mv "$out.part" "$out"
rm -rf "$tree" "$ram" "$dir/part-one" "$dir/small-modules"
