#!/bin/sh
# The checks of the house style and of the linked payload. Usage: tests/check_tree.sh ELF...
# Prints "ok NAME" or "FAILED NAME" with what is wrong below it, and fails when one failed. The work is in
# check_tree.py (text), check_code.py (functions), check_elf.py (the binary).
set -u

[ $# -gt 0 ] || { echo "usage: tests/check_tree.sh ELF..." >&2; exit 2; }
here=$(dirname "$0")
python=$(command -v /usr/bin/python3 || command -v python3)

status=0
"$python" -B "$here/check_tree.py" || status=1
"$python" -B "$here/check_code.py" || status=1
for elf in "$@"; do
    "$python" -B "$here/check_elf.py" "$elf" || status=1
done
exit $status
