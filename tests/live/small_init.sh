#!/bin/busybox sh
# The init of the small ISO: finds the medium as a live system does, prints what it is made of, switches off.
#     small.bytes=N     hash the first N bytes of the device (without it: the ISO's own size field)
#     small.nvdimm      load the persistent-memory modules, which stock Debian initrds do not have
#     small.nfit        the same for what ACPI's NFIT describes
#     small.net=URL     afterwards bring the NIC up with Linux's own driver and hash what is at URL
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
exec >/dev/console 2>&1 </dev/console

word() # the value of word $1 on the command line
{
    sed -n "s/.*[[:space:]]$1=\\([^[:space:]]*\\).*/\\1/p" /proc/cmdline
}

fetch() # proves that Linux's driver takes the NIC over: address by DHCP, then all of URL $1
{
    for alias in /sys/bus/pci/devices/*/modalias; do modprobe -q "$(cat "$alias")"; done
    for device in /sys/bus/virtio/devices/*/modalias; do modprobe -q "$(cat "$device")"; done
    for nic in /sys/class/net/*; do [ -e "$nic/device/driver" ] && break; done
    [ -e "$nic/device/driver" ] || { echo "SMALL-ISO-FAILED no network device"; return; }
    name=${nic##*/}
    ip link set "$name" up
    printf '#!/bin/sh\n[ "$1" != bound ] || ifconfig $interface $ip netmask $subnet\n' >/tmp/dhcp
    chmod 755 /tmp/dhcp
    udhcpc -i "$name" -n -q -t 20 -T 1 -s /tmp/dhcp || echo "SMALL-ISO-FAILED no lease"
    digest=$(wget -q -O - "$1" | sha256sum | cut -d' ' -f1)
    echo "SMALL-ISO-NET driver=$(basename "$(readlink "$nic/device/driver")") sha256=$digest"
}

echo
echo "SMALL-ISO-CMDLINE $(cat /proc/cmdline)"
echo "SMALL-ISO-LINUX $(uname -r) memory=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)kB"
if [ -d /sys/firmware/efi ]; then
    echo "SMALL-ISO-EFI $(cat /sys/firmware/efi/fw_platform_size)"
    modprobe efivarfs && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
    echo "SMALL-ISO-EFIVARS $(ls /sys/firmware/efi/efivars | grep -c .) framebuffer=$(cat /proc/fb)"
    ls /sys/firmware/acpi/tables | grep -x NFIT | sed 's/^/SMALL-ISO-ACPI /'
fi
modprobe loop
modprobe isofs
grep -q small.nvdimm /proc/cmdline && modprobe nd_pmem && modprobe nd_e820
grep -q small.nfit /proc/cmdline && modprobe nd_pmem && modprobe nfit
grep -q small.cdrom /proc/cmdline && for m in ahci ata_piix sr_mod; do modprobe $m; done

device=
tries=0
while [ -z "$device" ] && [ $tries -lt 20 ]; do
    for candidate in /dev/loop0 /dev/pmem0 /live.iso /dev/sr0; do
        [ -e $candidate ] || continue
        mount -t iso9660 -o ro $candidate /medium 2>/dev/null || continue
        if [ -f /medium/medium.txt ]; then
            device=$candidate
            break
        fi
        umount /medium
    done
    tries=$((tries + 1))
    [ -n "$device" ] || sleep 1
done
cat /proc/iomem | grep -iE 'persistent|reserved|Kernel code' | sed 's/^/SMALL-ISO-IOMEM /'
if [ -z "$device" ]; then
    dmesg | tail -n 30
    echo "SMALL-ISO-FAILED no medium found: $(ls /dev | grep -E 'loop|pmem|sr' | tr '\n' ' ')"
else
    bytes=$(word small.bytes)
    if [ -z "$bytes" ]; then
        # Volume space size: ECMA-119 8.4.8, 32 bits little-endian at byte 80 of sector 16, in sectors of 2048.
        bytes=$(($(dd if=$device bs=1 skip=32848 count=4 2>/dev/null | od -An -tu4 | tr -d ' ') * 2048))
    fi
    echo "SMALL-ISO-MEDIUM device=$device bytes=$bytes"
    echo "SMALL-ISO-OK sha256=$(head -c $bytes $device | sha256sum | cut -d' ' -f1)"
fi
url=$(word small.net)
[ -z "$url" ] || fetch "$url"
sync
poweroff -f
