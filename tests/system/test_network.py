"""Address, names and controllers: what works and what each failure is called."""
import time

import pytest

from net import BLACK_HOLE, NAME, SERVER


def test_dhcp_absent(boot, url, lab):
    """Nobody answers DHCP."""
    lab.dnsmasq = lambda *_: None
    assert boot.bad(f"url={url}", "timeout=7")[0] == "DhcpTimeout"


def test_static_address(boot, lab):
    """ip= needs no DHCP; its DNS server is asked."""
    start = lab.dnsmasq
    lab.dnsmasq = lambda *words: start(*words, dhcp=False)
    boot.good(f"url=http://{NAME}/small.iso", f"ip=10.77.0.20::{SERVER}:255.255.255.0:::off:{SERVER}")


def test_name_by_dhcp_servers_dns(boot):
    """A host name."""
    boot.good(f"url=http://{NAME}/small.iso")


def test_dns_absent(boot):
    """No DNS server answers, neither DHCP's nor the public ones."""
    assert boot.bad(f"url=http://{NAME}/small.iso", "retry=1", dnsmasq=[f"--dhcp-option=6,{BLACK_HOLE}"])[0] == "DnsLookupFailed"


def test_dns_says_no(boot):
    """NXDOMAIN."""
    assert boot.bad("url=http://nobody.test/small.iso", "retry=1")[0] == "DnsLookupFailed"


@pytest.mark.parametrize("public", ["8.8.8.8", "1.1.1.1"])
def test_dns_falls_back(boot, lab, public):
    """DHCP's DNS server is dead, a public one answers."""
    lab.ip("addr", "add", f"{public}/32", "dev", "br0")
    boot.good(f"url=http://{NAME}/small.iso", dnsmasq=[f"--dhcp-option=6,{BLACK_HOLE}"])


def test_url_by_dhcp_option_67(boot, url):
    """No url= at all: DHCP's boot file is one."""
    boot.good(dnsmasq=[f"--dhcp-option-force=67,{url}"])


@pytest.mark.parametrize("dnsmasq", [[], ["--dhcp-boot=pxelinux.0"]], ids=["nothing", "another loader's file"])
@pytest.mark.parametrize("key", ["\r", "\x1b"], ids=["Enter", "Escape"])
def test_no_url(boot, dnsmasq, key):
    """Neither url= nor a boot file that is one: urlboot asks, and says so when it gets no answer."""
    machine = boot.start(dnsmasq=dnsmasq)
    machine.wait("DHCP names none")
    machine.send(key)
    assert machine.wait_failure() == "NoUrl"


@pytest.mark.parametrize("transport", ["disable-legacy=on", "disable-modern=on", "disable-legacy=off,disable-modern=off"])
def test_virtio_transports(boot, url, transport):
    """Modern only, legacy only, both."""
    boot.good(f"url={url}", nic_words=f",{transport}")


def nobody_waits(lab):
    """True when, after a moment, no connection of the lab's servers waits for its client."""
    deadline = time.monotonic() + 2
    while lab.connections() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not lab.connections()


def test_server_gets_the_last_word(boot, lab):
    """A machine that halts leaves no server waiting, though the host takes a while for what it is to send."""
    name, machine = boot.bad(f"url={lab.serve_text('no.iso', 'x' * 100000)}", nic_words=",tx=timer,x-txtimer=40000000")
    machine.wait("Halted", 10)
    assert name == "NotAnIso"
    assert nobody_waits(lab)


def test_server_that_ends_late(boot, lab, scripted_url):
    """One that ends its side of the connection when the machine has halted is not left without an answer."""
    name, machine = boot.bad(f"url={scripted_url('lingering/500')}", f"sha256={'0' * 64}", "retry=0")
    machine.wait("Halted", 10)
    assert name == "DigestMismatch"
    time.sleep(0.6)
    assert nobody_waits(lab)


def test_no_controller(boot, url):
    """A machine without NIC."""
    name, machine = boot.bad(f"url={url}", nic=None)
    assert name == "NoNicFound" and "try:    check that a wired network card is present" in machine.text


def test_controller_without_driver(boot, url):
    """One that is seen, but that nothing drives: present it is."""
    name, machine = boot.bad(f"url={url}", nic="ne2k_pci")
    assert name == "NoNicFound" and "check that a wired" not in machine.text


def test_no_controller_is_the_one_asked_for(boot, url):
    """nic= that matches none; those there are have drivers."""
    name, machine = boot.bad(f"url={url}", "nic=00:1e.7")
    assert name == "NoNicFound" and "is nic=00:1e.7" in machine.text
    assert "try:    name one of those" in machine.text


def test_first_lease_wins(boot, url):
    """Two controllers, the first one on a dead wire."""
    boot.good(f"url={url}", nic_words=",addr=0x10",
              extra=["-netdev", "hubport,hubid=7,id=dead", "-device", "virtio-net-pci,netdev=dead,addr=0x5,romfile="])


def test_nic_chosen_by_mac(boot, url):
    """nic= names one of two."""
    boot.good(f"url={url}", "nic=52:54:00:75:72:6c", nic_words=",addr=0x10",
              extra=["-netdev", "hubport,hubid=7,id=dead", "-device", "virtio-net-pci,netdev=dead,addr=0x5,romfile="])


def test_connection_refused(boot):
    """Nobody listens on the port."""
    assert boot.bad(f"url=http://{SERVER}:81/small.iso")[0] == "ConnectionRefused"


def test_connection_timeout(boot):
    """Nobody has the address; what is waited for is said before the wait."""
    machine = boot.start(f"url=http://{BLACK_HOLE}/small.iso", "timeout=5", "retry=0")
    machine.wait(f"connecting to {BLACK_HOLE}:80$")
    assert machine.wait_failure() == "ConnectionTimeout"
