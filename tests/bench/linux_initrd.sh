#!/bin/sh
# Makes the initrd of the bench's Linux: busybox, the kernel's own drivers of the NICs that QEMU has, nothing else.
# Usage: tests/bench/linux_initrd.sh ROOT OUT       ROOT is a Debian root with a kernel (tests/live/root.sh)
set -eu

root=$(cd "${1:?usage: tests/bench/linux_initrd.sh ROOT OUT}" && pwd)
out=${2:?usage: tests/bench/linux_initrd.sh ROOT OUT}
here=$(cd "$(dirname "$0")" && pwd)
version=$(basename "$root"/boot/vmlinuz-* | sed 's/^vmlinuz-//')
ram=$out.tree

rm -rf "$ram"
mkdir -p "$ram/bin" "$ram/sbin" "$ram/usr" "$ram/proc" "$ram/sys" "$ram/dev" "$ram/tmp" "$ram/lib/modules/$version"
cp /bin/busybox "$ram/bin/busybox" 2>/dev/null || cp /usr/bin/busybox "$ram/bin/busybox"
ln -s ../bin/busybox "$ram/sbin/modprobe"
cp "$here/linux_init.sh" "$ram/init"
cp "$here/linux_lease.sh" "$ram/lease"
chmod 755 "$ram/init" "$ram/lease" "$ram/bin/busybox"
for module in virtio_pci virtio_net e1000 e1000e 8139cp r8169 realtek vmxnet3 af_packet; do
    modprobe -d "$root" -S "$version" --show-depends "$module" |
        sed -n "s#^insmod $root/\\(usr/\\)\\{0,1\\}##p" | cut -d' ' -f1
done | sort -u >"$out.modules"
while read -r file; do
    mkdir -p "$ram/$(dirname "$file")"
    cp "$root/$file" "$ram/$file"
done <"$out.modules"
for list in modules.order modules.builtin modules.builtin.modinfo; do
    cp "$root/lib/modules/$version/$list" "$ram/lib/modules/$version/"
done
depmod -b "$ram" "$version"
# busybox reads modules.dep and modules.alias as text; the binary indexes are not for it.
rm -f "$ram/lib/modules/$version"/*.bin "$ram/lib/modules/$version/modules.devname"
(cd "$ram" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1n >"$out.part"
cp "$root/boot/vmlinuz-$version" "$out.vmlinuz"
rm -rf "$ram" "$out.modules"
mv "$out.part" "$out"
