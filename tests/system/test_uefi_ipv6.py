"""IPv6 through the firmware's HTTP, and what is said where there is none. Addresses are documentation's (RFC 3849)."""
import re
import struct
import uuid

import pytest

from net import Lab, NAME, SERVER, SERVER6

MEMORY = 768
FIRMWARE = "backend: the firmware's HTTP"
SIX = "six.test"             # has an IPv6 address only
BOTH = "both.test"           # has one of each kind
LITERAL = f"http://[{SERVER6}]/small.iso"
NAMES = [f"--address=/{SIX}/{SERVER6}", f"--address=/{BOTH}/{SERVER}", f"--address=/{BOTH}/{SERVER6}"]
MANUAL, AUTOMATIC = 0, 1     # EFI_IP6_CONFIG_POLICY
IP6_CONFIG = uuid.UUID("937fe521-95ae-4d1a-8929-48bcd90ad31a").bytes_le
SAYS_IPV4_ONLY = "the URL has an IPv6 address, and our own stack knows IPv4 only"


@pytest.fixture
def lab(folder, small):
    """A network with both kinds of addresses. Port 81 redirects: /to4 and /to6."""
    with Lab(folder) as network:
        network.ipv6()
        network.nginx(f"""
            server {{ listen [{SERVER6}]:80; root {network.www}; disable_symlinks off; }}
            server {{
                listen {SERVER}:81; listen [{SERVER6}]:81;
                location /to4 {{ return 302 http://{SERVER}/small.iso; }}
                location /to6 {{ return 302 {LITERAL}; }}
            }}
        """)
        network.serve(small.path)
        yield network


def without_dhcp4(lab):
    """DHCPv4 does not answer."""
    start = lab.dnsmasq
    lab.dnsmasq = lambda *words: start(*words, dhcp=False)


def requests(lab):
    """(client, Host header, status) of what nginx was asked, in its order."""
    log = (lab.folder / "nginx" / "access.log").read_text()
    return [(client, int(status)) for client, status in re.findall(r'^(\S+) .*" (\d+) \d+ "', log, re.MULTILINE)]


def stored_policies(machine):
    """The IPv6 policies that the firmware has stored for the card, oldest first: edk2 appends a variable and marks the
    one before as deleted. Its data is IP6_CONFIG_VARIABLE of NetworkPkg/Ip6Dxe/Ip6ConfigImpl.h."""
    flash = (machine.folder / "ovmf_vars.fd").read_bytes()
    policies = []
    for found in re.finditer(re.escape(IP6_CONFIG), flash):
        name_size, = struct.unpack_from("<I", flash, found.start() - 8)
        at = found.end() + name_size
        _, _, count = struct.unpack_from("<IHH", flash, at)
        for record in range(count):
            offset, _, kind = struct.unpack_from("<HxxII", flash, at + 8 + 12 * record)
            if kind == 2:
                policies += struct.unpack_from("<I", flash, at + offset)
    return policies


@pytest.mark.parametrize("mode", ["stateful", "slaac", "ra-stateless"])
def test_literal(boot, lab, small, mode):
    """An address in the URL, without DHCPv4: the firmware gets its own by DHCPv6 or from the advertised prefix."""
    without_dhcp4(lab)
    machine = boot.good(f"url={LITERAL}", f"sha256={small.sha256}", door="uefi", memory=MEMORY,
                        dnsmasq=lab.dhcp6_words(mode))
    assert FIRMWARE in machine.text and f"connecting to [{SERVER6}]:80" in machine.text
    address = re.search(r"UEFI: (2001:db8:77::?[0-9a-f:]+) on 52:54:00:75:72:6c", machine.text).group(1)
    assert requests(lab) == [(address, 200)]
    assert "MiB 100 %" in machine.text and "(uefi)" in machine.text
    assert stored_policies(machine)[-2:] == [AUTOMATIC, MANUAL], "the policy was changed, and given back"


@pytest.mark.parametrize("mode", ["stateful", "ra-stateless"])
def test_name(boot, lab, small, mode):
    """A name on a network without DHCPv4: IPv6 follows when IPv4 has had its time, with the DNS server of DHCPv6."""
    without_dhcp4(lab)
    machine = boot.good(f"url=http://{SIX}/small.iso", f"sha256={small.sha256}", door="uefi", memory=MEMORY,
                        dnsmasq=[*NAMES, *lab.dhcp6_words(mode)])
    assert FIRMWARE in machine.text and "UEFI: 2001:db8:77:" in machine.text
    (client, status), = requests(lab)
    assert client.startswith("2001:db8:77:") and status == 200


def test_ipv4_comes_first(boot, lab, small):
    """Both kinds of addresses for both ends: IPv4 is used, and IPv6 not even asked for."""
    machine = boot.good(f"url=http://{BOTH}/small.iso", f"sha256={small.sha256}", "backend=uefi", door="uefi", memory=MEMORY,
                        dnsmasq=[*NAMES, *lab.dhcp6_words("stateful")])
    assert "UEFI: 10.77.0." in machine.text and "UEFI: 2001:" not in machine.text
    (client, status), = requests(lab)
    assert client.startswith("10.77.0.") and status == 200
    assert AUTOMATIC not in stored_policies(machine)
    assert "DHCPSOLICIT" not in (lab.folder / "dnsmasq.log").read_text()


@pytest.mark.parametrize("way", ["4 to 6", "6 to 4"])
def test_redirects_between_both(boot, lab, small, way):
    """Each hop goes the way that its address needs, and gets an address for it."""
    first, then = (SERVER, "/to6") if way == "4 to 6" else (f"[{SERVER6}]", "/to4")
    machine = boot.good(f"url=http://{first}:81{then}", f"sha256={small.sha256}", "backend=uefi", door="uefi", memory=MEMORY,
                        dnsmasq=lab.dhcp6_words("slaac"))
    assert "redirected (302)" in machine.text
    (hop, hop_status), (last, status) = requests(lab)
    assert (hop_status, status) == (302, 200)
    assert (":" in hop, ":" in last) == (way == "6 to 4", way == "4 to 6")


def test_redirect_where_there_is_no_ipv6(boot, lab, url):
    """From IPv4 to an IPv6 address on a network without IPv6: named as what it is, not tried elsewhere, not for ever."""
    del url
    name, machine = boot.bad(f"url=http://{SERVER}:81/to6", "timeout=4", "retry=1", door="uefi", memory=MEMORY)
    assert name == "NoIpAddress", machine.tail()
    assert re.search(r"why: +the firmware got no IPv6 address on 1 controller", machine.text)
    assert "try:    check that a router advertises IPv6" in machine.text
    assert "bus mastering taken" not in machine.text, "our own stack could not have done it"


def test_literal_where_there_is_no_ipv6(boot, lab):
    """No router: the reason, and an advice that fits it. IPv4 is not waited for."""
    del lab
    name, machine = boot.bad(f"url={LITERAL}", "timeout=4", door="uefi", memory=MEMORY)
    assert name == "NoIpAddress", machine.tail()
    assert "uefi: NoIpAddress: the firmware got no IPv6 address" in machine.text
    assert "try:    check that a router advertises IPv6" in machine.text
    assert f"backend: not our own drivers: Unsupported: {SAYS_IPV4_ONLY}" in machine.text
    assert "UEFI: 10.77.0." not in machine.text
    assert stored_policies(machine)[-2:] == [AUTOMATIC, MANUAL]


@pytest.mark.parametrize("host,error", [(f"[{SERVER6}]:82", "ConnectionRefused"), ("[2001:db8:77::9]", "ConnectionTimeout")],
                         ids=["port", "address"])
def test_nobody_there(boot, lab, host, error):
    """Errors over IPv6 have the names that they have over IPv4."""
    without_dhcp4(lab)
    name, machine = boot.bad(f"url=http://{host}/small.iso", "backend=uefi", "timeout=5", "retry=0", door="uefi",
                             memory=MEMORY, dnsmasq=[*NAMES, *lab.dhcp6_words("slaac")])
    assert name == error, machine.tail()
    assert "UEFI: 2001:db8:77:" in machine.text


@pytest.mark.parametrize("words", [["door=kernel"], ["door=uefi", "backend=native"], ["door=uefi", "backend=snp"]],
                         ids=lambda words: words[-1])
def test_literal_without_the_firmwares_http(boot, lab, words):
    """BIOS, and what stands on our own stack: said before any network is tried."""
    name, machine = boot.bad(f"url={LITERAL}", *words[1:], door=words[0].split("=")[1], memory=MEMORY)
    assert name == "Unsupported", machine.tail()
    assert f"why:    {SAYS_IPV4_ONLY}" in machine.text
    assert "try:    use the server's name or IPv4 address" in machine.text
    assert "connecting to" not in machine.text
    assert "DHCPDISCOVER" not in (lab.folder / "dnsmasq.log").read_text()


def test_redirect_to_a_literal_on_bios(boot, lab):
    """The same words when only a redirect tells."""
    del lab
    name, machine = boot.bad(f"url=http://{SERVER}:81/to6", "retry=0")
    assert name == "Unsupported" and SAYS_IPV4_ONLY in machine.text, machine.tail()


def test_mirror_with_a_literal_on_bios(boot, lab, small):
    """One mirror that cannot be reached is no reason not to use the other."""
    del lab
    boot.good(f"url={LITERAL}", f"url=http://{SERVER}/small.iso", f"sha256={small.sha256}")


def test_static_address_and_literal(boot, lab):
    """ip= has no IPv6."""
    del lab
    name, machine = boot.bad(f"url={LITERAL}", "backend=uefi", "ip=10.77.0.44::10.77.0.1:255.255.255.0", door="uefi",
                             memory=MEMORY)
    assert name == "Unsupported"
    assert re.search(r"why: +ip= gives IPv4 addresses only, the URL has an IPv6 one", machine.text), machine.tail()


def test_zone_is_refused(boot, lab):
    """A zone is named as what is wrong."""
    del lab
    name, machine = boot.bad("url=http://[fe80::1%25eth0]/small.iso")
    assert name == "UrlInvalid" and "names a zone" in machine.text, machine.tail()


def test_ipv4_name_where_ipv6_is_advertised(boot, lab, small):
    """... and DHCPv4 is there, but slower than IPv6 would be: a name with an IPv4 address only is reached."""
    del lab
    machine = boot.good(f"url=http://{NAME}/small.iso", f"sha256={small.sha256}", "backend=uefi", door="uefi", memory=MEMORY,
                        dnsmasq=[*Lab.dhcp6_words("slaac"), "--dhcp-reply-delay=8"])
    assert "UEFI: 10.77.0." in machine.text, machine.tail()
