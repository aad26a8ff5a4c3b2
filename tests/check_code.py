"""Checks of the house style that look at functions: length, labels, panics, waits, SAFETY comments."""
import json
import re
import statistics
import subprocess
import sys

from checks import TREE, files, is_product, read, report

MAX_FUNCTION = 80
MEDIAN_FUNCTION = 20
# What reads a device's state; a loop around it must be able to give up.
DEVICE_READ = re.compile(r"\b(?:rd|read|mmio_read|virtio_read|in)_?(?:8|16|32|64|b|w|l)\(")


class Function:
    """One function definition: where it is and its text."""

    def __init__(self, tag):
        self.path, self.name = tag["path"], tag["name"]
        self.first, self.last = tag["line"], tag.get("end", tag["line"])
        lines = read(self.path).splitlines()
        self.lines = lines[self.first - 1:self.last]
        above = self.first - 2
        while above >= 0 and lines[above].strip() and not lines[above].startswith("}"):
            above -= 1
        self.comment = "\n".join(lines[above + 1:self.first - 1])

    @property
    def code(self):
        """The body without comments and strings."""
        text = "\n".join(self.lines)
        text = re.sub(r'"(\\.|[^"\\])*"', '""', text)
        return re.sub(r"//.*|/\*.*?\*/", "", text)

    def __str__(self):
        return f"{self.path}:{self.first}: {self.name}"


def load():
    """All functions of the payload, by ctags."""
    names = [str(path) for path in files() if is_product(path) and path.suffix in (".c", ".h")]
    done = subprocess.run(["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "--languages=C",
                           "--langmap=C:.c.h", "-f", "-", *names], cwd=TREE, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        print(f"FAILED ctags (universal-ctags is needed): {done.stderr.strip()}")
        sys.exit(1)
    return [Function(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]


FUNCTIONS = load()


def function_length():
    """functions have at most 80 lines, half of them under 20."""
    lengths = [len(function.lines) for function in FUNCTIONS]
    for function in FUNCTIONS:
        if len(function.lines) > MAX_FUNCTION:
            yield f"{function}: {len(function.lines)} lines"
    if lengths and statistics.median(lengths) >= MEDIAN_FUNCTION:
        yield f"median is {statistics.median(lengths)} lines"


def labels_name_what_failed():
    """goto leads to err_ labels only."""
    for function in FUNCTIONS:
        for label in re.findall(r"\bgoto (\w+);", function.code):
            if not label.startswith("err_"):
                yield f"{function}: goto {label}"


def no_panic_on_input():
    """drivers, net, iso and lib never panic."""
    for function in FUNCTIONS:
        if function.path.split("/")[0] in ("drivers", "net", "iso", "lib"):
            # lwIP's own assertions are broken invariants, not input.
            if re.search(r"\b(panic|abort)\(", function.code) and "assert" not in function.name:
                yield str(function)


def waits_have_deadlines():
    """a loop that waits for a device can give up."""
    for function in FUNCTIONS:
        if function.path.split("/")[0] not in ("drivers", "kernel"):
            continue
        code = function.code
        for loop in re.finditer(r"\b(while \(|for \(;;\)|do\b)", code):
            # The loop's header and the rest of its block, roughly: up to the next line at its indentation.
            start = code.rfind("\n", 0, loop.start()) + 1
            indent = re.match(r"\s*", code[start:]).group(0)
            end = re.search(rf"\n{indent}(?![\s{{}}])", code[loop.end():])
            body = code[loop.start():loop.end() + end.start()] if end else code[loop.start():]
            if DEVICE_READ.search(body) and not re.search(r"deadline|budget|limit|tries|left|timeout|_MAX|count",
                                                          body, re.IGNORECASE):
                yield f"{function}: a loop reads a device and cannot give up"


def unsafe_steps_are_explained():
    """inline assembly stands under a SAFETY comment, its own or one for all of the file."""
    for function in FUNCTIONS:
        text = "\n".join(function.lines)
        # A header of one-instruction helpers explains them once, at its head.
        if function.path.endswith(".h"):
            text += "\n".join(read(function.path).splitlines()[:15])
        if re.search(r"\b(__asm__|asm)\b", function.code) and "SAFETY:" not in text + function.comment \
                and "SAFETY (all of this file):" not in read(function.path):
            yield str(function)


report([function_length, labels_name_what_failed, no_panic_on_input, waits_have_deadlines,
        unsafe_steps_are_explained])
