"""Checks of the house style that look at text: sizes, comments, includes, layers, registrations."""
import re

from checks import CODE, PRODUCT, TREE, files, is_product, read, report

MAX_LINES = 500
MAX_COLUMNS = 110
MAX_COLUMNS_IN_TESTS = 140     # tables of cases read better unbroken
MAIN_LINES = 120
MAKEFILE_LINES = 150
TOP = {"Makefile", "linker.ld", "boot", "kernel", "net", "drivers", "lib", "iso", "tests", "README.md",
       "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE"}
TEXT = CODE + (".sh", ".py", ".mk", ".cfg", ".ld", ".md", ".txt")
OWN_INCLUDE = re.compile(r'^#include "([^"]+)"[ \t]*(?://[ \t]*(.*))?$', re.MULTILINE)
OWN_INCLUDES = re.compile(r'(?:^#include "[^\n]*\n)+', re.MULTILINE)

# Which folders the files of a folder may include from, besides their own; the most specific row counts.
# main -> {net, iso, kernel/linux} -> {drivers, kernel services} -> boot/boot_info.h -> lib
LAYERS = {
    "lib": [],
    "boot": ["lib", "kernel"],
    "kernel": ["boot/boot_info.h", "boot", "lib"],
    "kernel/linux": ["kernel", "iso", "boot/boot_info.h", "lib"],
    "drivers": ["kernel", "boot/boot_info.h", "lib"],
    "iso": ["lib"],
    "iso/medium-init": [],
    "net": ["drivers", "kernel", "boot/boot_info.h", "lib"],
    "net/http": ["net", "lib"],
    "net/url.c": ["lib"],
}
# The files that tie the layers together, and see all of them.
GLUE = re.compile(r"^kernel/(main|stage\w*|ask|failure|image_sink)\.[ch]$")


def sources():
    """C, headers and assembly, of the product and of the tests."""
    return [path for path in files() if path.suffix in CODE]


def no_long_files():
    """no file over 500 lines."""
    for path in files():
        if path.suffix in TEXT or path.name == "Makefile":
            count = len(read(path).splitlines())
            if count > MAX_LINES:
                yield f"{path}: {count} lines"


def short_main_and_makefile():
    """main.c is a table of contents, the Makefile short."""
    for path, limit in (("kernel/main.c", MAIN_LINES), ("Makefile", MAKEFILE_LINES)):
        if any(str(p) == path for p in files()):
            count = len(read(path).splitlines())
            if count > limit:
                yield f"{path}: {count} lines, at most {limit}"


def opens_with_comment():
    """every file opens by saying what it is."""
    for path in files():
        lines = [line for line in read(path).splitlines() if not line.startswith("#!")]
        first = lines[0] if lines else ""
        if path.suffix in CODE and not first.startswith(("//", "/*")):
            yield f"{path}: starts with {first[:50]!r}"
        elif (path.suffix in (".sh", ".mk", ".cfg") or path.name == "Makefile") and not first.startswith("#"):
            yield f"{path}: starts with {first[:50]!r}"
        elif path.suffix == ".py" and not first.startswith(('"""', "#")):
            yield f"{path}: starts with {first[:50]!r}"


def device_files_name_their_source():
    """driver files name their specification and what they were tested on."""
    for path in files():
        if path.parts[0] == "drivers" and len(path.parts) > 2 and path.suffix == ".c":
            head = "\n".join(read(path).splitlines()[:15])
            for word in ("Spec:", "Tested:"):
                if word not in head:
                    yield f"{path}: no {word!r} in its first lines"


def no_conditional_code():
    """no #if in .c files."""
    for path in files():
        if is_product(path) and path.suffix == ".c":
            for number, line in enumerate(read(path).splitlines(), 1):
                if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
                    yield f"{path}:{number}: {line.strip()}"


def includes_say_why():
    """own includes say what they are for, and it is true."""
    names = {str(path) for path in files()}
    for path in sources():
        text = read(path)
        for match in OWN_INCLUDE.finditer(text):
            target, comment = match.groups()
            local = str(path.parent / target)
            if target not in names and local not in names:
                continue
            word = re.match(r"(?:struct |enum )?(\w+)", comment or "")
            where = f"{path}: #include \"{target}\""
            if not word:
                # A .c file need not explain its own header.
                if path.stem != target.rsplit("/", 1)[-1].removesuffix(".h"):
                    yield f"{where} does not say what for"
            elif not re.search(rf"\b{re.escape(word.group(1))}", text[:match.start()] + text[match.end():]):
                yield f"{where} names {word.group(1)}, which is not used"


def includes_are_sorted():
    """own includes are sorted, but for a first one that the file is about."""
    for path in sources():
        if not is_product(path):
            continue
        for number, block in enumerate(OWN_INCLUDES.findall(read(path))):
            included = [target for target, _ in OWN_INCLUDE.findall(block)][number == 0:]
            for first, second in zip(included, included[1:]):
                if first > second:
                    yield f"{path}: {first} in front of {second}"


def layer_of(name):
    """The most specific row of LAYERS for a path."""
    fits = [row for row in LAYERS if name == row or name.startswith(row + "/")]
    return max(fits, key=len) if fits else None


def includes_point_down():
    """includes between layers point downward."""
    names = {str(path) for path in files()}
    for path in files():
        if not is_product(path) or GLUE.match(str(path)):
            continue
        layer = layer_of(str(path))
        for target, _ in OWN_INCLUDE.findall(read(path)):
            full = target if target in names else str(path.parent / target)
            if full not in names or full.split("/")[0] not in PRODUCT:
                continue
            other = layer_of(full)
            allowed = LAYERS[layer]
            inside = full.startswith(f"{layer}/") or full.startswith(f"{path.parent}/")
            if not inside and other != layer and full not in allowed and other not in allowed:
                yield f"{path} includes {full}: {layer} may use {', '.join(allowed) or 'nothing else'}"


def clean_whitespace():
    """no trailing spaces, tabs in C, lines over 110 columns (tests 140), missing last newline."""
    for path in files():
        if path.suffix not in TEXT:
            continue
        text = read(path)
        if text and not text.endswith("\n"):
            yield f"{path}: no newline at the end"
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: trailing space"
            if path.suffix in CODE and path.suffix != ".S" and "\t" in line:
                yield f"{path}:{number}: tab"
            limit = MAX_COLUMNS_IN_TESTS if path.parts[0] == "tests" else MAX_COLUMNS
            if len(line) > limit and path.suffix in CODE:
                yield f"{path}:{number}: {len(line)} columns"


def fixed_top_level():
    """top-level entries are the fixed ones."""
    for name in sorted({path.parts[0] for path in files()}):
        if name not in TOP and not name.startswith("."):
            yield name


def prototypes_have_comments():
    """every prototype in a header has a comment above."""
    for path in files():
        if not is_product(path) or path.suffix != ".h" or path.parts[:2] == ("lib", "include"):
            continue
        lines = read(path).splitlines()
        documented = False           # does the group of lines without a gap stand under a comment?
        depth = 0
        for number, line in enumerate(lines, 1):
            if not line.strip():
                documented = False
            elif line.startswith(("//", "/*", " *")):
                documented = True
            elif depth == 0 and re.match(r"^(?!typedef|struct \w+ \{|static|#|\}|\s)[\w_].*\w\(", line):
                if not documented and "{" not in line and "=" not in line and " inline " not in line:
                    yield f"{path}:{number}: {line.strip()[:70]}"
            depth += line.count("{") - line.count("}")


def no_unfinished_work():
    """no marks of unfinished work."""
    for path in files():
        if path.suffix in CODE + (".sh", ".mk", ".ld") and not path.name.startswith("check_"):
            for number, line in enumerate(read(path).splitlines(), 1):
                if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented", line):
                    yield f"{path}:{number}: {line.strip()[:80]}"


def drivers_only_in_the_table():
    """driver symbols appear only in their own folder and in the table."""
    table = "drivers/nic_table.c"
    owners = {}
    for path in files():
        if path.parts[0] == "drivers" and path.suffix == ".c" and str(path) != table:
            for symbol in re.findall(r"^const struct nic_driver (\w+)", read(path), re.MULTILINE):
                owners[symbol] = path.parent
    for path in files():
        if is_product(path) and str(path) != table:
            for symbol, owner in owners.items():
                if path.parent != owner and re.search(rf"\b{symbol}\b", read(path)):
                    yield f"{path} names {symbol}"


def no_literals_at_registers():
    """no literal numbers where a register is accessed."""
    access = re.compile(r"\b(?:rd|wr|read|write|mmio_read|mmio_write|in|out|inb|inw|inl|outb|outw|outl|rdmsr|wrmsr)"
                        r"(?:8|16|32|64)?\(([^;]*)\)")
    for path in files():
        if path.parts[0] == "drivers" and path.suffix == ".c":
            for number, line in enumerate(read(path).splitlines(), 1):
                found = access.search(line.split("//")[0])
                if found and re.search(r"0x[0-9a-fA-F]", found.group(1)):
                    yield f"{path}:{number}: {line.strip()}"


def tests_are_registered():
    """every unit test and fuzzer is registered, and every registered one exists."""
    for kind, variable in (("unit", "UNIT-test_"), ("fuzz", "FUZZ-fuzz_")):
        folder = f"tests/{kind}"
        present = {path.stem for path in files()
                   if str(path.parent) == folder and path.suffix == ".c" and path.stem.startswith(variable[5:])}
        listed = set()
        if any(str(path) == f"{folder}/{kind}.mk" for path in files()):
            listed = {variable[5:] + name
                      for name in re.findall(rf"^{variable}(\w+) *[:+]?=", read(f"{folder}/{kind}.mk"), re.MULTILINE)}
        for name in sorted(present - listed):
            yield f"{folder}/{name}.c is not in {folder}/{kind}.mk"
        for name in sorted(listed - present):
            yield f"{folder}/{kind}.mk lists {name}, which does not exist"


def readme_lists_the_errors():
    """README.md's table of errors is that of lib/err.h."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", read("README.md").split("## When it fails")[1], re.MULTILINE))
    table = re.findall(r'X\(ERR_\w+, -\d+, "(\w+)", "([^"]*)",[\s\\]*"([^"]*)"\)', read("lib/err.h"))
    for name, meaning, advice in table:
        if rows.pop(name, None) != f"{meaning}: {advice}":
            yield f"README.md does not say: | `{name}` | {meaning}: {advice} |"
    yield from (f"README.md names {name}, which is no error" for name in rows)


def errors_are_reached():
    """every error of lib/err.h is what some test expects."""
    tests = "\n".join(read(path) for path in files() if path.parts[0] == "tests" and path.suffix in (".c", ".py") and
                      not path.name.startswith("check"))
    for constant, name in re.findall(r'X\((ERR_\w+), -\d+, "(\w+)"', read("lib/err.h")):
        if not re.search(rf'"{name}"|\b{constant}\b', tests):
            yield f"{name} ({constant})"


def options_are_documented():
    """README.md's table of options has every word of kernel/options.c."""
    readme = read("README.md")
    for name in re.findall(r'^    \{\{"([\w-]+)", ', read("kernel/options.c"), re.MULTILINE):
        if not re.search(rf"^\|.*`{name}[=`]", readme, re.MULTILINE):
            yield name


def readme_calls_what_can_be_called():
    """scripts that README.md calls without sh can be executed."""
    for name in sorted(set(re.findall(r"(?<!sh )\b((?:iso|tests)/[\w/]+\.(?:sh|py))\b", read("README.md")))):
        if not (TREE / name).stat().st_mode & 0o111:
            yield f"{name} is not executable"


report([no_long_files, short_main_and_makefile, opens_with_comment, device_files_name_their_source,
        no_conditional_code, includes_say_why, includes_are_sorted, includes_point_down, clean_whitespace,
        fixed_top_level, prototypes_have_comments, no_unfinished_work, drivers_only_in_the_table,
        no_literals_at_registers, tests_are_registered, readme_lists_the_errors, errors_are_reached, options_are_documented,
        readme_calls_what_can_be_called])
