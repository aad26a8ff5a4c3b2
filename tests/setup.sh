#!/bin/sh
# Installs, by apt, what building, running and testing urlboot needs and this machine lacks; says what and why.
# Usage: tests/setup.sh build|run|test|bench   (run includes build, the others run; asks sudo when not root)
# Debian 12 and 13. Does not handle: other distributions (it names the packages and stops).
set -eu

BUILD='gcc libc6-dev binutils make xz-utils patch linux-libc-dev debian-archive-keyring ca-certificates
       fonts-spleen grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools python3'
RUN='qemu-system-x86 ovmf ipxe-qemu iproute2 dnsmasq-base nginx debootstrap squashfs-tools busybox-static
     cpio kmod pxelinux syslinux-common'
TEST='libcmocka-dev clang libclang-rt-dev python3-pytest python3-pytest-xdist universal-ctags valgrind
      ipxe'
BENCH='ipxe'

case "${1:-build}" in
    build) wanted=$BUILD ;;
    run)   wanted="$BUILD $RUN" ;;
    test)  wanted="$BUILD $RUN $TEST" ;;
    bench) wanted="$BUILD $RUN $BENCH" ;;
    *)     echo "usage: tests/setup.sh build|run|test|bench" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: this is not Debian; see that these are installed (Debian's names):" >&2
    echo "setup:" $wanted >&2
    exit 0
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -x installed | head -n 1 || true)
    [ -n "$state" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "setup: missing:$missing" >&2
        echo "setup: neither root nor sudo here; as root: apt-get install --no-install-recommends$missing" >&2
        exit 1
    }
    root=sudo
    echo "setup: sudo is used for apt-get"
fi
echo "setup: installing what is missing:$missing"

# A web server that apt would start on port 80 is not what the user asked for: no daemon is started while
# this runs, and nginx, when it is new here, stays disabled.
policy=/usr/sbin/policy-rc.d
guard=
if [ ! -e $policy ]; then
    guard=yes
    printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
    $root chmod 755 $policy
fi
finish()
{
    [ -z "$guard" ] || $root rm -f $policy
}
trap finish EXIT
trap 'exit 130' INT TERM

$root apt-get -q update || echo "setup: apt-get update failed, going on with the lists there are" >&2
# shellcheck disable=SC2086 # one word a package
$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing || {
    echo "setup: apt could not install:$missing (messages above)" >&2
    exit 1
}
case " $missing " in
    *" nginx "*)
        if command -v systemctl >/dev/null 2>&1; then
            $root systemctl disable nginx.service >/dev/null 2>&1 || true
        fi ;;
esac
