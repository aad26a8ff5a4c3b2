#!/bin/sh
# What the test images add to Debian: root logs in on the console by itself, and a unit that reports, when the
# kernel words ask for it, what the tests look for. Usage: tests/live/overlay.sh ROOT
#     urlboot.report=BYTES   print the medium's device and the SHA-256 of its first BYTES bytes
#     urlboot.poweroff       then switch the machine off
set -eu

root=${1:?usage: tests/live/overlay.sh ROOT}

echo urlboot-live >"$root/etc/hostname"
: >"$root/etc/fstab"
: >"$root/etc/machine-id"
mkdir -p "$root/etc/network"     # live-boot writes a file there, ifupdown or not
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* \
    "$root"/usr/share/locale/* "$root"/var/log/*.log

# Root has no password in a live system; the serial and the first virtual console log it in.
for unit in serial-getty@ getty@; do
    mkdir -p "$root/etc/systemd/system/$unit.service.d"
    cat >"$root/etc/systemd/system/$unit.service.d/autologin.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200,38400,9600 %I $TERM
UNIT
done
cat >"$root/root/.profile" <<'PROFILE'
echo
echo "Debian Live, started by urlboot. The medium, held in memory:"
findmnt /run/live/medium
losetup -l 2>/dev/null
echo "Type poweroff to end."
echo
PROFILE

# Before the gettys: they hang up the console, and lines written later would be lost.
cat >"$root/etc/systemd/system/urlboot-report.service" <<'UNIT'
[Unit]
Description=Report to the tests
ConditionKernelCommandLine=urlboot.report
After=local-fs.target systemd-udev-settle.service
Before=getty.target getty-pre.target
Wants=getty-pre.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/usr/local/sbin/urlboot-report
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/usr/local/sbin"
ln -sf ../urlboot-report.service "$root/etc/systemd/system/multi-user.target.wants/urlboot-report.service"
cat >"$root/usr/local/sbin/urlboot-report" <<'REPORT'
#!/bin/sh
# Prints what the tests look for, line by line, to the kernel's console.
exec >/dev/console 2>&1
bytes=$(sed -n 's/.*urlboot\.report=\([0-9]*\).*/\1/p' /proc/cmdline)
device=$(findmnt -n -o SOURCE /run/live/medium)
echo
echo "URLBOOT-LIVE-READY $(cat /etc/debian_version) kernel=$(uname -r)"
echo "URLBOOT-CMDLINE $(cat /proc/cmdline)"
echo "URLBOOT-MEDIUM $(findmnt -n -o SOURCE,FSTYPE,OPTIONS /run/live/medium)"
echo "URLBOOT-ROOT $(findmnt -n -o SOURCE,FSTYPE /)"
losetup -l -n -O NAME,RO,OFFSET,SIZELIMIT,BACK-FILE | sed 's/^/URLBOOT-LOOP /'
ls -d /dev/pmem* 2>/dev/null | sed 's/^/URLBOOT-PMEM /'
[ -d /sys/firmware/efi ] && echo "URLBOOT-EFI $(cat /sys/firmware/efi/fw_platform_size)" \
    "variables=$(ls /sys/firmware/efi/efivars | grep -c .) framebuffer=$(cat /proc/fb)"
echo "URLBOOT-MEMORY $(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
if [ -n "$bytes" ]; then
    echo "URLBOOT-SHA256 $(head -c "$bytes" "$device" | sha256sum | cut -d' ' -f1)"
fi
echo "URLBOOT-REPORT-END"
grep -q urlboot.poweroff /proc/cmdline && systemctl poweroff --force --force
exit 0
REPORT
chmod 755 "$root/usr/local/sbin/urlboot-report"
