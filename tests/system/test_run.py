"""`make run` and what belongs to it: packages, words, exit status, what is left behind. Needs no boot of Linux."""
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from conftest import TREE
from doors import PXELINUX_FILES
from net import remove_stale, run
from vm import OVMF_CODE, OVMF_VARS, first_existing
from words import command_line, split_words


def packages(*lists):
    """What tests/setup.sh installs by the lists BUILD, RUN, ..."""
    text = (TREE / "tests" / "setup.sh").read_text()
    return {word for name in lists for word in re.search(rf"^{name}='([^']*)'", text, re.MULTILINE).group(1).split()}


@pytest.mark.parametrize("path", [
    *PXELINUX_FILES.values(), "/usr/sbin/dnsmasq", "/usr/sbin/nginx", "/usr/sbin/debootstrap", "/usr/bin/mksquashfs",
    "/usr/bin/xorriso", "/usr/bin/grub-mkrescue", "/usr/bin/grub-mknetdir", "/usr/lib/grub/i386-pc/multiboot2.mod",
    "/usr/lib/grub/x86_64-efi/multiboot2.mod", first_existing(OVMF_CODE), first_existing(OVMF_VARS)])
def test_run_installs_what_its_doors_need(path):
    """Each file that a door or an image takes from the machine comes with `tests/setup.sh run`."""
    owner = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False).stdout.split(":")[0]
    assert owner in packages("BUILD", "RUN"), f"{path} belongs to {owner or 'no package'}"


@pytest.mark.parametrize("text, words", [
    ("", []),
    ("  a  b=c\td ", ["a", "b=c", "d"]),
    ('entry="fail-safe mode" retry=1', ["entry=fail-safe mode", "retry=1"]),
    ('"entry=fail-safe mode" retry=1', ["entry=fail-safe mode", "retry=1"]),
    (r'entry=a\ b append="say \"hi\""', ["entry=a b", 'append=say "hi"']),
    ("url=http://h/a--b.iso -- quiet", ["url=http://h/a--b.iso", "--", "quiet"]),
    ('-- dyndbg="file a.c +p" -- x\\y', ["--", "dyndbg=file a.c +p", "--", "x\\y"]),
    ("it's --x", ["it's", "--x"]),
])
def test_words_are_split_as_urlboot_does(text, words):
    """What a user types into APPEND=; and quoted again it is the same words."""
    assert split_words(text) == words
    assert split_words(command_line(words)) == words


@pytest.mark.parametrize("text", ['entry="fail', 'a b"', "a\\", '-- "x'])
def test_words_without_end_are_refused(text):
    """An open quote is no word."""
    with pytest.raises(ValueError, match="no end"):
        split_words(text)


NOBODY = "http://10.0.2.2:1/live.iso"      # QEMU's user-mode network: this host, where nobody listens


@pytest.fixture
def run_words(payload, tmp_path):
    """The words that start tests/run.py with a build folder of its own, whose URL nobody serves."""
    (tmp_path / "urlboot.elf").symlink_to(payload)
    return [sys.executable, "-B", str(TREE / "tests" / "run.py"), "--build", str(tmp_path), "--mode", "kernel",
            "--mem", "256", "--url", NOBODY]


def run_py(words):
    """tests/run.py without a terminal: exit status, what it said."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=200, check=False)
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


@pytest.mark.parametrize("words, reason", [(["--nic", "nosuchcard"], "nosuchcard"), (["--mem", "abc"], "abc")])
def test_run_tells_why_qemu_did_not_start(run_words, words, reason):
    """QEMU's own words and a bad exit status."""
    status, said = run_py([*run_words, *words])
    assert status == 1 and "QEMU ended with status" in said
    assert reason in said[said.index("QEMU ended with status"):]


def test_run_fails_when_urlboot_fails(run_words, tmp_path):
    """The failure screen is an exit status, and the logs are named."""
    status, said = run_py([*run_words, "--append", "retry=0 on-error=halt", "--stop-at", "  try: "])
    assert status == 1
    end = said[said.rindex("run: urlboot failed: ConnectionRefused"):]
    assert "serial.log" in end and (tmp_path / "run-world" / "serial.log").exists()


@pytest.mark.parametrize("words", [["--mode", "floppy"], ["--append", 'entry="x'], ["--mode", "pxelinux"]])
def test_run_refuses_wrong_settings(run_words, words):
    """A sentence, no machine."""
    status, said = run_py([*run_words, *words])
    assert status == 1 and said.startswith("run: ") and said.count("\n") == 1


def read_terminal(terminal, text, seconds=120):
    """What came on the terminal until `text`."""
    got, deadline = b"", time.monotonic() + seconds
    while text not in got:
        assert time.monotonic() < deadline, got.decode(errors="replace")
        if select.select([terminal], [], [], 1)[0]:
            try:
                got += os.read(terminal, 4096)
            except OSError:          # the other end is gone
                assert text in got, got.decode(errors="replace")
    return got


def test_run_restarts_and_leaves_the_terminal_in_order(run_words):
    """At a terminal a key restarts the machine as the failure screen says; the end switches line wrap on again."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(run_words[0], [*run_words, "--append", "retry=0"])
    for _ in range(2):
        read_terminal(terminal, b"Press a key to restart")
        os.write(terminal, b"x")
    os.write(terminal, b"\x1d")
    # In one go: what comes in one piece with the first would be lost to a second look.
    assert b"\x1b[0m\x1b[?7h" in read_terminal(terminal, b"serial.log")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    os.close(terminal)


def test_what_a_killed_run_left_is_ended():
    """A server that outlived its harness ends with the namespace."""
    dead = subprocess.Popen(["true"])  # pylint: disable=consider-using-with
    dead.wait()
    name = f"ub-{dead.pid}-0"
    run("ip", "netns", "add", name)
    with subprocess.Popen(["ip", "netns", "exec", name, "sleep", "600"]) as server:
        deadline = time.monotonic() + 20
        while str(server.pid) not in run("ip", "netns", "pids", name) and time.monotonic() < deadline:
            time.sleep(0.05)
        remove_stale()
        assert server.wait(20) == -9
    assert name not in run("ip", "netns", "list")


@pytest.mark.parametrize("refused", ["--propagation private", "unshare"], ids=["in a chroot", "without namespaces"])
def test_root_is_built_where_mounts_cannot_be_set_apart(tmp_path, refused):
    """root.sh, with programs in place of unshare and debootstrap: the first says no as the kernel would."""
    tools = {"unshare": f'case "unshare $*" in *"{refused}"*) exit 1;; esac\nshift 3\nexec "$@"',
             "debootstrap": 'mkdir -p "$4"; shift 3; echo made >"$1/made"'}
    for name, text in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(["sh", TREE / "tests" / "live" / "root.sh", tmp_path / "live"], capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "live" / "root" / "made").exists()


def test_run_says_that_the_iso_could_not_be_built(run_words, tmp_path):
    """No traceback when a helper script fails: debootstrap's end is shown, then a sentence."""
    tool = tmp_path / "debootstrap"
    tool.write_text("#!/bin/sh\necho E: no mirror\nexit 1\n")
    tool.chmod(0o755)
    words = run_words[:run_words.index("--url")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "E: no mirror" in done.stderr and "the Live ISO could not be built" in done.stderr
