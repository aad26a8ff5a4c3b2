"""Checks of the linked payload: what GRUB, iPXE, pxelinux and QEMU need of it, and what we promise about it."""
import re
import struct
import subprocess
import sys
from pathlib import Path

from checks import report

ELF = Path(sys.argv[1])
NAMED = ELF.with_suffix(".debug")               # the same program with its symbols
MAX_SIZE = 1000000
MB2_MAGIC, MB2_WINDOW = 0xE85250D6, 32768       # Multiboot2 specification, 3.1.1
MB1_MAGIC, MB1_WINDOW = 0x1BADB002, 8192        # Multiboot specification, 3.1
PT_LOAD, PT_INTERP, PT_NOTE = 1, 3, 4
PF_X, PF_W = 1, 2
SHT_RELA, SHT_REL = 4, 9
PVH_NOTE = 18                                   # XEN_ELFNOTE_PHYS32_ENTRY
# Functions that may use vector registers: nothing saves them, and no interrupt handler may touch them.
VECTOR_FUNCTIONS = {"Sha256_UpdateBlocks_HW"}

if not ELF.exists() or not NAMED.exists():
    print(f"FAILED payload\n    {ELF} or {NAMED} was not built")
    sys.exit(1)
DATA = ELF.read_bytes()
(PHOFF, SHOFF) = struct.unpack_from("<QQ", DATA, 32)
(PHENTSIZE, PHNUM, SHENTSIZE, SHNUM) = struct.unpack_from("<HHHH", DATA, 54)
# type, flags, offset, vaddr, paddr, filesz, memsz, align
SEGMENTS = [struct.unpack_from("<IIQQQQQQ", DATA, PHOFF + i * PHENTSIZE) for i in range(PHNUM)]
# name, type, flags, addr, offset, size, link, info, align, entsize
SECTIONS = [struct.unpack_from("<IIQQQQIIQQ", DATA, SHOFF + i * SHENTSIZE) for i in range(SHNUM)]
LOADED = [segment for segment in SEGMENTS if segment[0] == PT_LOAD]


def size():
    """the payload is under 1 MB."""
    if len(DATA) >= MAX_SIZE:
        yield f"{len(DATA)} bytes"


def no_relocations():
    """no relocation sections, which GRUB refuses."""
    for section in SECTIONS:
        if section[1] in (SHT_REL, SHT_RELA):
            yield f"section at offset {section[4]:#x}"
    if any(segment[0] == PT_INTERP for segment in SEGMENTS):
        yield "an interpreter is named"


def find_header(magic, window, align):
    """Offset of a boot header, or None."""
    for offset in range(0, min(window, len(DATA)) - 16, align):
        if struct.unpack_from("<I", DATA, offset)[0] == magic:
            return offset
    return None


def boot_headers():
    """Multiboot2, Multiboot and PVH headers are where loaders look, and sum up."""
    at = find_header(MB2_MAGIC, MB2_WINDOW, 8)
    if at is None:
        yield "no Multiboot2 header in the first 32 KiB"
    else:
        magic, arch, length, checksum = struct.unpack_from("<IIII", DATA, at)
        if (magic + arch + length + checksum) & 0xFFFFFFFF or at + length > MB2_WINDOW:
            yield "the Multiboot2 header does not sum up or ends beyond 32 KiB"
    at = find_header(MB1_MAGIC, MB1_WINDOW, 4)
    if at is None:
        yield "no Multiboot header in the first 8 KiB"
    elif sum(struct.unpack_from("<III", DATA, at)) & 0xFFFFFFFF:
        yield "the Multiboot header does not sum up"
    notes = [struct.unpack_from("<III4s", DATA, s[2]) for s in SEGMENTS if s[0] == PT_NOTE and s[5] >= 16]
    if not any(kind == PVH_NOTE and name == b"Xen\0" for _, _, kind, name in notes):
        yield "no PVH note"


def segments():
    """segments are laid out for loaders that copy the file as one block, and none is writable and executable."""
    first = LOADED[0]
    for segment in LOADED:
        _, flags, offset, vaddr, paddr, filesz, memsz, _ = segment
        if offset - first[2] != paddr - first[4]:
            yield f"segment {paddr:#x}: file offset {offset:#x} does not follow the physical address"
        if flags & PF_W and flags & PF_X:
            yield f"segment {vaddr:#x} is writable and executable"
        if memsz < filesz:
            yield f"segment {vaddr:#x} is shorter in memory than in the file"
    for one, two in zip(LOADED, LOADED[1:]):
        if one[4] + one[6] > two[4]:
            yield f"segments {one[4]:#x} and {two[4]:#x} overlap"


def disassembly():
    """Lines of (function, instruction)."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(NAMED)], capture_output=True, text=True,
                          check=True).stdout
    function = ""
    for line in text.splitlines():
        header = re.match(r"^[0-9a-f]+ <(.+)>:$", line)
        if header:
            function = header.group(1)
        elif "\t" in line:
            yield function, line.split("\t", 1)[1]


INSTRUCTIONS = list(disassembly())


def vector_registers():
    """vector registers appear in the allowed functions only."""
    users = {function for function, code in INSTRUCTIONS if re.search(r"%[xyz]mm\d|%mm\d|%st\b", code)}
    for function in sorted(users - VECTOR_FUNCTIONS):
        yield function


def red_zone():
    """nothing is kept below the stack pointer, where an interrupt would overwrite it."""
    for function in sorted({f for f, code in INSTRUCTIONS if re.search(r"-0x[0-9a-f]+\(%rsp[,)]", code)}):
        yield function


def no_undefined():
    """no undefined symbols."""
    done = subprocess.run(["nm", "-u", str(NAMED)], capture_output=True, text=True, check=False)
    for line in done.stdout.split("\n"):
        if line.strip():
            yield line.strip()


def backtrace_names():
    """the table behind backtraces names the functions that are there, at their addresses."""
    done = subprocess.run(["nm", "-n", str(NAMED)], capture_output=True, text=True, check=False)
    symbols = [line.split() for line in done.stdout.splitlines()]
    address = {words[2]: int(words[0], 16) for words in symbols if len(words) == 3}
    wanted = [(int(words[0], 16) - address["image_start"], words[2]) for words in symbols
              if len(words) == 3 and words[1] in "tT" and not re.fullmatch(r"isr_\d+", words[2])]

    def stored(name, length):
        virtual = address[name]
        segment = next(s for s in LOADED if s[3] <= virtual < s[3] + s[5])
        return DATA[virtual - segment[3] + segment[2]:][:length]

    (count,) = struct.unpack("<I", stored("symbol_count", 4))
    names = stored("symbol_names", len(DATA)).split(b"\0")
    offsets = struct.unpack(f"<{2 * count}I", stored("symbol_entries", 8 * count))[::2]
    for got, want in zip(zip(offsets, names), wanted):
        if got != (want[0], want[1].encode()):
            yield f"{got} instead of {want}"
            return
    if count != len(wanted):
        yield f"{count} names instead of {len(wanted)}"


for check in (size, no_relocations, boot_headers, segments, vector_registers, red_zone, no_undefined,
              backtrace_names):
    check.__doc__ = f"{ELF.parent.name}/{ELF.name}: {check.__doc__}"
report([size, no_relocations, boot_headers, segments, vector_registers, red_zone, no_undefined,
        backtrace_names])
