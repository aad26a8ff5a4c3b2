#!/bin/sh
# Builds the root file system of the test systems from Debian packages: a minimal Debian with a stock kernel,
# stock initramfs-tools and live-boot, nothing tuned for urlboot (tests/live/overlay.sh adds what the tests need).
# Usage: tests/live/root.sh DIR [SUITE]      makes DIR/root and DIR/stamp; needs root (debootstrap chroots)
# Does not handle: security updates (the image never meets a network that matters).
set -eu

dir=${1:?usage: tests/live/root.sh DIR [SUITE]}
suite=${2:-bookworm}

# What a Debian Live image has at least; dbus, locales and friends are left out to keep emulated boots short.
packages=linux-image-amd64,initramfs-tools,live-boot,live-boot-initramfs-tools,systemd-sysv,udev,kmod,util-linux
packages=$packages,mount,procps,iproute2,less,vim-tiny

stamp="$suite $packages"
if [ "$(cat "$dir/stamp" 2>/dev/null || true)" = "$stamp" ]; then
    exit 0
fi
[ "$(id -u)" = 0 ] || { echo "root.sh: needs root" >&2; exit 1; }

# The machine's own mirror first; debootstrap does not read apt's proxy setting by itself.
official=http://deb.debian.org/debian
mirrors=$(apt-get indextargets --format '$(LABEL) $(SITE)' 'Created-By: Packages' 2>/dev/null |
          sed -n 's/^Debian \(http.*\)/\1/p' | sort -u || true)
case " $mirrors " in *"$official"*) ;; *) mirrors="$mirrors $official" ;; esac
eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null || true)"
if [ -n "${proxy:-}" ] && [ "$proxy" != DIRECT ] && [ "$proxy" != false ]; then
    export http_proxy="$proxy"
fi

# Mounts that debootstrap makes live in a mount namespace and go with it. Where / is no mount point (a chroot), its
# propagation cannot be set, and where there are no namespaces it goes without: debootstrap unmounts, too.
for apart in 'unshare --mount --propagation private' 'unshare --mount --propagation unchanged' ''; do
    $apart true 2>/dev/null && break
done

# Removes what there is of the root; never through a mount that a broken run left in it.
remove_root()
{
    for mount in "$dir/root/proc" "$dir/root/sys"; do
        ! mountpoint -q "$mount" 2>/dev/null || umount "$mount"
    done
    rm -rf "$dir/root"
}

# Shows that it goes on, in the background.
dots()
{
    while sleep 5 >/dev/null; do printf .; done
}

mkdir -p "$dir"
rm -f "$dir/stamp"
remove_root
done=
dots=
trap '[ -z "$dots" ] || kill "$dots" 2>/dev/null' EXIT
for mirror in $mirrors; do
    printf '%s' "root.sh: debootstrap $suite from $mirror: 150 MB of packages, about 3 minutes "
    dots & dots=$!
    $apart debootstrap --variant=minbase --include="$packages" "$suite" "$dir/root" "$mirror" \
        >"$dir/debootstrap.log" 2>&1 && done=yes
    kill "$dots"
    dots=
    echo
    [ -z "$done" ] || break
    tail -n 15 "$dir/debootstrap.log" >&2
    remove_root
done
[ -n "$done" ] || { echo "root.sh: debootstrap failed, whole log in $dir/debootstrap.log" >&2; exit 1; }

printf '%s\n' "$stamp" >"$dir/stamp"
