#!/bin/sh
# Packs DIR/root into a Debian Live ISO, laid out and configured as live-build does: hybrid, /live/*,
# grub.cfg behind loopback.cfg, isolinux configuration, stock kernel and initrd.
# Usage: tests/live/live_iso.sh DIR OUT.iso      needs root (owners and modes inside the squashfs)
set -eu

dir=${1:?usage: tests/live/live_iso.sh DIR OUT.iso}
out=${2:?usage: tests/live/live_iso.sh DIR OUT.iso}
here=$(cd "$(dirname "$0")" && pwd)
root=$dir/root
tree=$dir/live-tree

sh "$here/overlay.sh" "$root"
version=$(basename "$root"/boot/vmlinuz-* | sed 's/^vmlinuz-//')
release=$(cat "$root/etc/debian_version")

rm -rf "$tree"
mkdir -p "$tree/live" "$tree/boot/grub" "$tree/isolinux" "$tree/.disk"
# live-build keeps both the versioned names (used by the menu) and the plain ones.
for name in vmlinuz initrd.img; do
    cp "$root/boot/$name-$version" "$tree/live/$name-$version"
    ln "$tree/live/$name-$version" "$tree/live/$name"
done
chmod 644 "$tree"/live/*
mksquashfs "$root" "$tree/live/filesystem.squashfs" -comp zstd -Xcompression-level 6 -b 256K -noappend -no-xattrs \
    -wildcards -e 'boot/*' 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*' >/dev/null

echo "Debian GNU/Linux $release \"urlboot test\" - Unofficial amd64 Live $(date -u +%Y%m%d)" >"$tree/.disk/info"
cat >"$tree/boot/grub/config.cfg" <<'CFG'
set default=0
set timeout=5
if [ x$feature_default_font_path = xy ] ; then
   font=unicode
else
   font=$prefix/unicode.pf2
fi
insmod play
CFG
echo 'source /boot/grub/grub.cfg' >"$tree/boot/grub/loopback.cfg"
cat >"$tree/boot/grub/grub.cfg" <<CFG
source /boot/grub/config.cfg

# Live boot
menuentry "Live system (amd64)" --hotkey=l {
	linux	/live/vmlinuz-$version boot=live components quiet splash findiso=\${iso_path}
	initrd	/live/initrd.img-$version
}
menuentry "Live system (amd64 fail-safe mode)" {
	linux	/live/vmlinuz-$version boot=live components memtest noapic noapm nodma nomce nosmp nosplash vga=788
	initrd	/live/initrd.img-$version
}
# Installer (if any)
submenu 'Advanced options...' --hotkey=a {
	menuentry "Live system to RAM" {
		linux	/live/vmlinuz-$version boot=live components toram findiso=\${iso_path}
		initrd	/live/initrd.img-$version
	}
}
CFG
cat >"$tree/isolinux/isolinux.cfg" <<'CFG'
include menu.cfg
default vesamenu.c32
prompt 0
timeout 0
CFG
printf 'menu hshift 0\nmenu width 82\ninclude live.cfg\n' >"$tree/isolinux/menu.cfg"
cat >"$tree/isolinux/live.cfg" <<CFG
label live-amd64
	menu label ^Live system (amd64)
	menu default
	linux /live/vmlinuz-$version
	initrd /live/initrd.img-$version
	append boot=live components quiet splash
CFG
(cd "$tree" && find . -type f ! -name sha256sum.txt -exec sha256sum {} + >sha256sum.txt)

xorriso -as mkisofs -quiet --hardlinks -R -J -joliet-long -iso-level 3 -V "d-live $release urlboot amd64" \
    -o "$out.part" "$tree" 2>"$dir/xorriso.log" || { cat "$dir/xorriso.log" >&2; exit 1; }
mv "$out.part" "$out"
rm -rf "$tree"
