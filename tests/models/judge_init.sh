#!/bin/busybox sh
# The init of the Linux that judges a modelled network card by its stock driver: everything a user would notice.
#     judge.get=URL       a large file       judge.small=URL     a small one
#     judge.put=HOST      takes on TCP port 9 what is sent: the first 20 MiB of the large file
# Prints one line "JUDGE WORD ..." for each step, and switches off. After "JUDGE cable" somebody pulls the cable and puts
# it back.
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

failed()
{
    dmesg | grep -v -e 'BIOS-e820' -e ACPI | tail -n 25
    echo "JUDGE FAILED $1"
    poweroff -f
}

carrier() # waits until the link's state is $1
{
    tries=0
    while [ "$(cat "/sys/class/net/$nic/carrier" 2>/dev/null)" != "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || failed "the link does not become $1"
        sleep 0.1
    done
}

lease()
{
    ip link set "$nic" up || failed "$nic does not come up"
    carrier 1
    udhcpc -q -n -t 20 -T 1 -i "$nic" -s /lease >/dev/null || failed "no lease"
}

get() # the digest of URL $1
{
    wget -q -O - "$1" | sha256sum | cut -d' ' -f1
}

for alias in /sys/bus/pci/devices/*/modalias; do modprobe -q "$(cat "$alias")"; done
modprobe -q af_packet
for path in /sys/class/net/*; do [ -e "$path/device/driver" ] && break; done
[ -e "$path/device/driver" ] || failed "no driver binds"
nic=${path##*/}
echo "JUDGE driver $(basename "$(readlink "$path/device/driver")") $(cat "$path/address")"
dmesg | grep -o 'r8169 .*XID.*' | sed 's/^/JUDGE chip /'
lease
echo "JUDGE speed $(cat "$path/speed")"
echo "JUDGE lease $(ip -4 addr show dev "$nic" | sed -n 's/.*inet \([0-9.]*\).*/\1/p')"
began=$(cut -d' ' -f1 /proc/uptime)
wget -q -O /dev/null "$(word judge.get)" || failed "no download"
echo "JUDGE seconds $began $(cut -d' ' -f1 /proc/uptime)"
echo "JUDGE got $(get "$(word judge.get)")"
wget -q -O - "$(word judge.get)" 2>/dev/null | head -c 20971520 | nc "$(word judge.put)" 9 || failed "no upload"
echo "JUDGE sent"
echo "JUDGE cable"
carrier 0
echo "JUDGE pulled"
carrier 1
echo "JUDGE plugged $(get "$(word judge.small)")"
ip link set "$nic" down
ip addr flush dev "$nic"
sleep 1
lease
echo "JUDGE again $(get "$(word judge.small)")"
grep "$nic\$" /proc/interrupts | sed 's/^/JUDGE interrupts /'
sed -n "s/ *$nic: */JUDGE statistics /p" /proc/net/dev
dmesg | grep -iE 'r8169|eth0|NETDEV WATCHDOG|Call Trace|WARNING' | sed 's/^/JUDGE-LOG /'
ip link set "$nic" down
echo "JUDGE done"
poweroff -f
