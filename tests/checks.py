"""What the check scripts share: the list of files, and how a check reports."""
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
CODE = (".c", ".h", ".S")
PRODUCT = ("boot", "kernel", "drivers", "net", "iso", "lib")


def files():
    """Every file of the project: tracked, or new and not ignored."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=TREE,
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return sorted(Path(name) for name in set(listed.stdout.splitlines()) if (TREE / name).is_file())
    return sorted(path.relative_to(TREE) for path in TREE.rglob("*")
                  if path.is_file() and path.relative_to(TREE).parts[0] not in ("build", ".git"))


def read(path):
    """A file's text."""
    return (TREE / path).read_text(encoding="utf-8", errors="replace")


def is_product(path):
    """True for the payload's own C and assembly."""
    return path.suffix in CODE and path.parts[0] in PRODUCT


def report(checks):
    """Runs the functions `checks`; each yields complaints. Ends the program with 1 when one complained."""
    bad = False
    for check in checks:
        complaints = list(check())
        name = check.__doc__.strip().split("\n")[0].rstrip(".")
        print(f"{'FAILED' if complaints else 'ok'} {name}")
        for complaint in complaints:
            print(f"    {complaint}")
        bad = bad or bool(complaints)
    sys.exit(1 if bad else 0)
