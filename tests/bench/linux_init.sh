#!/bin/busybox sh
# The init of the bench's Linux: loads the NIC's driver, takes an address by DHCP, downloads the URL to nowhere.
#     bench.url=URL     what to download
# Prints BENCH-OK, or BENCH-FAILED and why, and switches off.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
exec >/dev/console 2>&1 </dev/console

failed()
{
    dmesg | tail -n 15
    echo "BENCH-FAILED $1"
    poweroff -f
}

# What udev does: every device names its driver by an alias; virtio devices appear behind PCI ones.
for bus in pci virtio; do
    for alias in /sys/bus/$bus/devices/*/modalias; do
        [ ! -e "$alias" ] || modprobe -q "$(cat "$alias")" 2>/dev/null
    done
done
tries=0
nic=
while [ -z "$nic" ] && [ $tries -lt 50 ]; do
    nic=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
    tries=$((tries + 1))
    [ -n "$nic" ] || sleep 0.1
done
[ -n "$nic" ] || failed "no network device came up"
ip link set "$nic" up
udhcpc -q -n -t 20 -T 1 -i "$nic" -s /lease >/dev/null || failed "DHCP gave $nic no address"
url=$(sed -n 's/.*bench\.url=\([^[:space:]]*\).*/\1/p' /proc/cmdline)
echo "BENCH-START $(uname -r) $nic $(basename "$(readlink "/sys/class/net/$nic/device/driver")")"
wget -q -O /dev/null "$url" || failed "wget ended with status $?"
echo "BENCH-OK"
sleep 1         # for the acknowledgement of the last bytes; poweroff -f waits for nothing
poweroff -f
