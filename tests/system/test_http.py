"""HTTP as servers really speak it, and as they should not."""
import json

import pytest


def requests(lab):
    """What the scripted server was asked."""
    lines = (lab.folder / "scripted.log").read_text().splitlines()
    return [record for record in map(json.loads, lines) if "method" in record]


@pytest.mark.parametrize("path", ["ok", "plain", "chunked", "close10", "close11", "dribble", "continued",
                                  "redirect/absolute", "redirect/relative", "redirect/path", "redirect/4"])
def test_good_answers(boot, scripted_url, small, path):
    """Lengths, chunks, ends of connection, redirects: the same bytes."""
    boot.good(f"url={scripted_url(path)}", f"sha256={small.sha256}")


def test_interrupted_transfer_is_resumed(boot, scripted_url, small, lab):
    """The connection breaks at half: the rest is asked for by range, with the validator."""
    boot.good(f"url={scripted_url('truncated-once')}", f"sha256={small.sha256}")
    first, second = requests(lab)[:2]
    assert "range" not in first["headers"]
    assert second["headers"]["range"].startswith("bytes=")
    assert int(second["headers"]["range"][6:].rstrip("-")) > 0
    assert second["headers"].get("if-range") == '"one"'


BAD_ANSWERS = {
    "status/404": "HttpError", "status/403": "HttpError", "status/500": "HttpError",
    "redirect/loop": "TooManyRedirects", "redirect/scheme": "SchemeUnsupported", "redirect/empty": "InvalidResponse",
    "html": "NotAnIso",
    "truncated": "BodyTruncated", "truncated-chunked": "BodyTruncated",
    "stall": "TransferStalled", "silent": "TransferStalled",
    "reset": "ConnectionReset", "reset-at-once": "ConnectionReset",
    "garbage": "InvalidResponse", "headers": "InvalidResponse", "long-line": "InvalidResponse",
    "bad-chunk": "InvalidResponse", "huge-chunk": "InvalidResponse",
    "two-lengths": "InvalidResponse", "negative-length": "InvalidResponse",
    "enormous": "NotEnoughMemory",
}


@pytest.mark.parametrize("path", BAD_ANSWERS)
def test_bad_answers(boot, scripted_url, path):
    """Each has its name, and Linux is not started."""
    name, machine = boot.bad(f"url={scripted_url(path)}", "retry=0", "timeout=5")
    assert name == BAD_ANSWERS[path], machine.tail()
    if path.startswith("status/"):
        assert path[7:] in machine.text


def test_wrong_digest(boot, url):
    """A digest of other bytes: nothing is started."""
    assert boot.bad(f"url={url}", "sha256=" + "5a" * 32)[0] == "DigestMismatch"


def test_more_bytes_than_announced(boot, scripted_url, small):
    """The length rules; what lies behind it is not the body."""
    assert boot.bad(f"url={scripted_url('short')}", f"sha256={small.sha256}", "retry=0")[0] == "DigestMismatch"


def test_second_mirror_serves(boot, scripted_url, url, lab):
    """url= twice: when the first fails, the second is used."""
    boot.good(f"url={scripted_url('status/404')}", f"url={url}", "retry=1")
    assert [record["path"] for record in requests(lab)] == ["/status/404/small.iso"]
