#!/bin/sh
# Makes DIR/small.iso and DIR/live.iso unless they are there and current. Usage: tests/live/images.sh DIR
# LIVE_SUITE=bookworm|trixie chooses the Debian inside. Needs root for debootstrap: asks sudo when it is not.
set -eu

dir=${1:?usage: tests/live/images.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
suite=${LIVE_SUITE:-bookworm}

recipe="$suite $(cat "$here"/* | sha256sum | cut -c1-16)"
if [ -f "$dir/small.iso" ] && [ -f "$dir/live.iso" ] &&
   [ "$(cat "$dir/images.stamp" 2>/dev/null || true)" = "$recipe" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "images.sh: needs root and there is no sudo" >&2; exit 1; }
    echo "images.sh: building the test images needs root (debootstrap), asking sudo"
    exec sudo LIVE_SUITE="$suite" sh "$0" "$dir"
fi

mkdir -p "$dir"
sh "$here/root.sh" "$dir" "$suite"
echo "images.sh: packing small.iso and live.iso, less than a minute"
sh "$here/small_iso.sh" "$dir" "$dir/small.iso"
sh "$here/live_iso.sh" "$dir" "$dir/live.iso"
printf '%s\n' "$recipe" >"$dir/images.stamp"
ls -l "$dir/small.iso" "$dir/live.iso"
[ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:${SUDO_GID:-0}" "$dir" "$dir"/*.iso "$dir"/*.stamp
