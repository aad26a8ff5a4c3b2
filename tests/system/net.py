"""A network of its own for virtual machines: namespace, bridge, DHCP, DNS, TFTP (dnsmasq) and HTTP (nginx).

Everything lives in one network namespace `ub-<pid>-<n>`: nothing can reach the machine's own network, and deleting
the namespace removes it all. Needs root. IPv6 only where a test asks for it (Lab.ipv6).
"""
import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from wire import Wire, wire_words

SERVER = "10.77.0.1"            # the host's end of the bridge: DHCP, DNS, TFTP, HTTP
SERVER6 = "2001:db8:77::1"      # ... after Lab.ipv6(), which makes this host a router
ROUTER_MAC = "02:00:00:77:00:01"
HTTP_PORT = 80                  # nginx
SCRIPTED_PORT = 8080            # scripted.py
NAME = "iso.test"               # resolves to SERVER
BLACK_HOLE = "10.77.0.9"        # an address in the subnet where nobody lives
FIRST_LEASE, LAST_LEASE = "10.77.0.50", "10.77.0.99"
FIRST_LEASE6, LAST_LEASE6 = "2001:db8:77::50", "2001:db8:77::99"

# The server's TCP, so that clients are told apart and not limits of the server or who was there before.
SYSCTLS = {
    # 4 MiB of send buffer, Linux's usual maximum, are less than 100 MB/s over a round trip of 25 ms.
    "net.ipv4.tcp_wmem": "4096 16384 33554432",
    # One client's losses would set the slow start threshold of the next one at the same address.
    "net.ipv4.tcp_no_metrics_save": "1",
}

TCP_OVER = ("05", "06", "07", "0A")     # states in /proc/net/tcp: FIN_WAIT2, TIME_WAIT, CLOSE, LISTEN

_counter = itertools.count()
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """In a child before exec: be killed when the harness dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*command):
    """Runs a command that must succeed; its output is part of the error."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()}")
    return done.stdout


def remove_stale():
    """Deletes namespaces whose harness is gone (killed before it could clean up), and ends what still lives in them:
    the kernel forgets die_with_parent() for processes that change their user, as servers do. Several harnesses may do
    this at once: what is already gone is no error."""
    for line in run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "ub" and parts[1].isdigit() and not Path(f"/proc/{parts[1]}").exists():
            left = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
            for pid in map(int, left.split()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)


def spawn(lab, command, log, talk):
    """Starts a process that belongs to `lab` (see Lab.start)."""
    with open(lab.folder / log, "ab") as output:
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            command, stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talk else output, stderr=output, bufsize=0, preexec_fn=die_with_parent)
    lab.processes.append(process)
    return process


def connections(pid):
    """The TCP connections of process `pid`'s network that are not over: {peer in hex: bytes that are not acknowledged}; a
    FIN counts as one."""
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {words[2]: int(words[4].split(":")[0], 16) for words in lines if words[3] not in TCP_OVER}


class Lab:
    """The namespace and the servers in it. Use as a context manager."""

    def __init__(self, folder):
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.name = f"ub-{os.getpid()}-{next(_counter)}"
        self.www = self.folder / "www"
        self.tftp = self.folder / "tftp"
        self.www.mkdir()
        self.tftp.mkdir()
        self.processes = []
        self.taps = 0

    def __enter__(self):
        remove_stale()
        run("ip", "netns", "add", self.name)
        try:
            self.ip("link", "set", "lo", "up")
            self.ip("link", "add", "br0", "type", "bridge", "forward_delay", "0", "stp_state", "0")
            self.ip("addr", "add", f"{SERVER}/24", "dev", "br0")
            self.ip("link", "set", "br0", "up")
            for name, value in SYSCTLS.items():
                self.sysctl(name, value)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Stops every process of the lab by its pid and deletes the namespace."""
        for process in reversed(self.processes):
            stop(process)
        self.processes.clear()
        subprocess.run(["ip", "netns", "delete", self.name], stderr=subprocess.DEVNULL, check=False)

    def ip(self, *words):
        """ip(8) inside the namespace."""
        return run("ip", "-n", self.name, *words)

    def sysctl(self, name, value):
        """Sets what sysctl(8) sets, in the namespace only."""
        run("ip", "netns", "exec", self.name, "sh", "-c", 'echo "$2" >"/proc/sys/$1"', "sh", name.replace(".", "/"), value)

    def ipv6(self):
        """Gives the host's end of the bridge an IPv6 address."""
        # A port that is always up: without one the bridge would have no link, and dnsmasq no address to start with.
        self.ip("link", "add", "ub-up", "type", "veth", "peer", "name", "ub-end")
        self.sysctl("net.ipv6.conf.ub-end.disable_ipv6", "1")
        self.sysctl("net.ipv6.conf.br0.accept_dad", "0")
        self.ip("link", "set", "br0", "address", ROUTER_MAC)      # else each new port may change it
        self.ip("link", "set", "ub-end", "up")
        self.ip("link", "set", "ub-up", "master", "br0", "up")
        self.ip("addr", "add", f"{SERVER6}/64", "dev", "br0", "nodad")
        deadline = time.monotonic() + 10
        while "fe80:" not in self.ip("-6", "addr", "show", "dev", "br0", "-tentative") and time.monotonic() < deadline:
            time.sleep(0.1)

    def connections(self):
        """connections() of the lab's servers."""
        return connections(self.processes[0].pid)

    def tap(self):
        """A new TAP interface on the bridge; returns its name."""
        name = f"ub-tap{self.taps}"
        self.taps += 1
        run("ip", "netns", "exec", self.name, "ip", "tuntap", "add", "dev", name, "mode", "tap")
        self.ip("link", "set", name, "master", "br0", "up")
        return name

    def netdev(self):
        """QEMU's words for a new port of the network."""
        return f"tap,id=n0,ifname={self.tap()},script=no,downscript=no"

    def wire(self, program, **how):
        """A new port behind a wire with delay and faults (wire.py: wire_words says which); its `netdev` takes the
        place of netdev(). `program` is that of wire_program()."""
        return Wire(self, program, wire_words(**how))

    def start(self, *command, log, talk=False):
        """Starts a process in the namespace, tracked until close(). What it prints goes to file `log`; with
        `talk` its standard input and output are pipes and only its complaints go there."""
        return spawn(self, ["ip", "netns", "exec", self.name, *map(str, command)], log, talk)

    def dnsmasq(self, *extra, dns=True, dhcp=True):
        """DHCP, DNS and TFTP. `extra` are dnsmasq options; dns=False leaves port 53 closed."""
        words = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--user=root",
                 "--interface=br0", "--bind-interfaces", "--except-interface=lo", "--no-ping",
                 f"--pid-file={self.folder}/dnsmasq.pid", f"--dhcp-leasefile={self.folder}/leases",
                 "--log-dhcp", "--log-queries", f"--log-facility={self.folder}/dnsmasq.log",
                 f"--address=/{NAME}/{SERVER}", "--local=/test/"]
        if not dns:
            words.append("--port=0")
        if dhcp:
            words += ["--dhcp-authoritative", f"--dhcp-range={FIRST_LEASE},{LAST_LEASE},255.255.255.0,1h"]
        process = self.start("dnsmasq", *words, *extra, log="dnsmasq.out")
        self.wait_for(process, self.folder / "dnsmasq.log", "started,")
        return process

    @staticmethod
    def dhcp6_words(mode):
        """dnsmasq's words for router advertisements. `mode` is how addresses come: "stateful" by DHCPv6, "slaac" in both
        ways, "ra-stateless" from the advertised prefix; the DNS server always by DHCPv6. Needs ipv6()."""
        how = "" if mode == "stateful" else f"{mode},"
        return ["--enable-ra", f"--dhcp-range={FIRST_LEASE6},{LAST_LEASE6},{how}64,1h",
                f"--dhcp-option=option6:dns-server,[{SERVER6}]"]

    def nginx(self, more=""):
        """A web server for self.www on SERVER:80. `more` are further lines of its http block. ?limit=10m behind a URL:
        so many bytes a second for each connection."""
        state = self.folder / "nginx"
        state.mkdir()
        conf = state / "nginx.conf"
        conf.write_text(f"""
            daemon off;
            user root;
            worker_processes 1;
            pid {state}/pid;
            error_log {state}/error.log;
            events {{ worker_connections 64; }}
            http {{
                access_log {state}/access.log;
                client_body_temp_path {state}/body; proxy_temp_path {state}/proxy;
                fastcgi_temp_path {state}/fastcgi; uwsgi_temp_path {state}/uwsgi; scgi_temp_path {state}/scgi;
                sendfile on; tcp_nopush on; default_type application/octet-stream;
                {more}
                server {{
                    listen {SERVER}:{HTTP_PORT}; root {self.www}; disable_symlinks off; limit_rate $arg_limit;
                }}
            }}
        """)
        process = self.start("nginx", "-p", state, "-c", conf, "-e", state / "error.log", log="nginx.out")
        self.wait_for(process, state / "pid", "")
        return process

    def scripted(self, content):
        """The server that answers as badly as its path asks (scripted.py); `content` is the file it serves."""
        log = self.folder / "scripted.log"
        process = self.start(sys.executable, Path(__file__).with_name("scripted.py"), "--address", SERVER,
                             "--port", SCRIPTED_PORT, "--file", content, "--log", log, log="scripted.out")
        self.wait_for(process, log, "ready")
        return process

    def serve(self, source, name=None):
        """Puts a file into the web root; returns its URL."""
        target = self.www / (name or Path(source).name)
        target.unlink(missing_ok=True)
        target.symlink_to(Path(source).resolve())
        return f"http://{SERVER}/{target.name}"

    def serve_text(self, name, text):
        """A small file of the web root; returns its URL."""
        (self.www / name).write_text(text)
        return f"http://{SERVER}/{name}"

    def tftp_tree(self, source):
        """Makes `source` the TFTP root."""
        shutil.rmtree(self.tftp, ignore_errors=True)
        shutil.copytree(source, self.tftp)
        for path in [self.tftp, *self.tftp.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    @staticmethod
    def wait_for(process, path, text, seconds=20):
        """Waits until file `path` exists and holds `text`; the process dying before that is an error."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if path.exists() and text in path.read_text(errors="replace"):
                return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{process.args[4]} did not start; its messages are in {path.parent}")


def stop(process, seconds=5):
    """Ends one process that we started: politely, then not."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
