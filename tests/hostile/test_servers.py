"""Whatever a server answers, a call ends: in time, in little memory, with an error that says what happened."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile.callers import CLIENTS, SIGNED_IN, reads, writes
from hostile.hosts import Host, continues, headers_without_end, redirects, says, trickles

from stampli_assets.model.errors import Misconfigured
from stampli_assets.x3.folder import followed

TESTS = Path(__file__).resolve().parents[1]
VENDORS = (
    b"<response><control><status>success</status></control><operation><authentication><status>success</status>"
    b"<companyid>ACME</companyid></authentication><result><status>success</status><controlid>VENDOR</controlid>"
    b'<data listtype="VENDOR" numremaining="0"><VENDOR><VENDORID>V-1</VENDORID></VENDOR></data></result></operation>'
    b"</response>"
)
EDGES = b'{"edges":[],"pageInfo":{"hasNextPage":false}}'
GOOD = {
    "intacct": VENDORS,
    "graphql": b'{"data":{"x3MasterData":{"supplier":{"query":' + EDGES + b"}}}}",
    "rest": b'{"$resources":[]}',
}
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE response [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><response><control><status>&j;</status></control></response>"
)
LATE_DTD = (
    b"<!--" + b"x" * 5000 + b"--><!DOCTYPE response><response><control><status>success</status></control></response>"
)


def before(client: str, *scripts):
    """What comes after a decent sign-in, which X3's users do not need."""
    return Host(*([says(SIGNED_IN)] if client == "intacct" else []), *scripts)


def is_bounded(told: str) -> bool:
    return told.startswith(("Transient ERP_AWAY", "Misconfigured ERP_"))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_decent_answer_is_read(client):
    with before(client, says(GOOD[client])) as host:
        assert reads(client, host.base_url) == f"{1 if client == 'intacct' else 0} vendors"


SLOW = {
    "body": trickles,
    "body without a length": lambda body: trickles(body, length=False),
    "headers": lambda body: trickles(body, head=True),
    "100 Continue": continues,
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("slow", SLOW)
def test_an_answer_that_trickles_is_late_as_a_whole(client, slow):
    script = SLOW[slow](GOOD[client])
    with before(client, script) as host:
        assert "did not answer in full within 2 seconds" in reads(client, host.base_url)
    with before(client, script) as host:
        assert "did not answer in full within 2 seconds" in writes(client, host.base_url)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_tls_handshake_that_trickles_is_late_too(client, monkeypatch):
    def hello(asked) -> None:
        for byte in b"\x16\x03\x03\x40\x00" + bytes(600):
            asked.sendall(bytes([byte]))
            time.sleep(0.01)

    with _Raw(hello) as url:
        assert "did not answer in full within 2 seconds" in reads(client, url.replace("http:", "https:"))


@pytest.mark.parametrize("client", CLIENTS)
def test_headers_without_end_are_not_read_to_their_end(client):
    with before(client, headers_without_end()) as host:
        assert is_bounded(reads(client, host.base_url))


NONSENSE = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><html><body>Welcome</body></html>",
    "a billion laughs": LAUGHS,
    "a DTD behind a long comment": LATE_DTD,
    "an entity from a file": b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><response><control>&f;</control></response>',
    "deep JSON": b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep XML": b"<response>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</response>",
    "half": b'{"data":{"x3Master',
    "an answer that says nothing": b"<response/>",
    "NUL": bytes(1000),
    "not a number": b'{"data":NaN,"$resources":NaN}',
    "another shape": b'{"data":[1],"$resources":{"a":1}}',
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_no_answer(client, nonsense):
    script = says(NONSENSE[nonsense])
    with before(client, script) as host:
        told = reads(client, host.base_url)
        assert is_bounded(told), told
        assert "root:" not in told
    with before(client, script) as host:
        assert writes(client, host.base_url).startswith("Unknown")


@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_follows_a_redirect(client):
    with Host(says(GOOD[client])) as elsewhere, before(client, redirects(elsewhere.base_url)) as host:
        assert reads(client, host.base_url).startswith("Misconfigured REDIRECT")
    with Host(says(GOOD[client])) as elsewhere, before(client, redirects(elsewhere.base_url)) as host:
        assert writes(client, host.base_url).startswith("Misconfigured REDIRECT")
        assert elsewhere.asked == []


def test_another_companys_data_is_not_ours():
    with Host(says(SIGNED_IN), says(VENDORS.replace(b"ACME", b"OTHER"))) as host:
        assert "answered for another company ('OTHER')" in reads("intacct", host.base_url)
    with Host(says(SIGNED_IN), says(VENDORS.replace(b"ACME", b"OTHER"))) as host:
        assert writes("intacct", host.base_url).startswith("Unknown: Intacct answered for another company")
    with Host(says(SIGNED_IN), says(VENDORS.replace(b"ACME", b"acme|100"))) as host:
        assert reads("intacct", host.base_url) == "1 vendors"


def test_a_result_under_another_control_id_says_nothing_about_ours():
    with Host(says(SIGNED_IN), says(VENDORS.replace(b"<controlid>VENDOR", b"<controlid>sa-9"))) as host:
        assert "no result" in reads("intacct", host.base_url)
    with Host(says(SIGNED_IN), says(VENDORS.replace(b"<controlid>VENDOR", b"<controlid>sa-9"))) as host:
        assert writes("intacct", host.base_url).startswith("Unknown: Intacct answered with 0 results")


def test_records_that_remain_for_ever_and_never_come_end():
    more = VENDORS.replace(b'numremaining="0"', b'numremaining="9"').replace(
        b"<VENDOR><VENDORID>V-1</VENDORID></VENDOR>", b""
    )
    with Host(says(SIGNED_IN), says(more)) as host:
        assert "more remain, and answers none" in reads("intacct", host.base_url)


def test_a_list_whose_next_page_is_itself_ends():
    page = (
        b'{"data":{"x3MasterData":{"supplier":{"query":{"edges":[],"pageInfo":{"hasNextPage":true,"endCursor":"c"}}}}}}'
    )
    with Host(says(page)) as host:
        assert reads("graphql", host.base_url).startswith("Misconfigured ERP_REFERENCE")
    with Host(says(b'{"$resources":[],"$links":{"$next":{"$url":"?again"}}}')) as host:
        assert reads("rest", host.base_url).startswith("Misconfigured ERP_REFERENCE")


@pytest.mark.parametrize("told", ["http://evil.example/x", "https://evil.example/x", "https://u:p@127.0.0.1/x"])
def test_a_session_that_points_elsewhere_is_not_used(told):
    api = b"<sessionid>s-1</sessionid><endpoint>%s</endpoint>" % told.encode()
    with Host(says(SIGNED_IN.replace(b"<sessionid>s-1</sessionid>", api)), says(VENDORS)) as host:
        assert reads("intacct", host.base_url).startswith("Misconfigured ENDPOINT")
        assert len(host.asked) == 1


def test_a_next_page_on_another_server_is_not_asked_for():
    with Host(says(GOOD["rest"])) as elsewhere:
        page = json.dumps({"$resources": [], "$links": {"$next": {"$url": f"{elsewhere.base_url}/x"}}}).encode()
        with Host(says(page)) as host:
            assert reads("rest", host.base_url).startswith("Misconfigured ENDPOINT")
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("endpoint", "region", "good"),
    [
        ("https://api.na.sagex3.com/v1", "https://api.eu.sagex3.com", True),
        ("https://sagex3.com.evil.example/v1", "https://api.eu.sagex3.com", False),
        ("https://evil.co.uk/v1", "https://x3.firm.co.uk", False),
        ("https://api.firm.co.uk/v1", "https://x3.firm.co.uk", True),
        ("https://10.0.0.9/v1", "https://10.0.0.8", False),
        ("https://", "https://api.eu.sagex3.com", False),
    ],
)
def test_a_pairing_is_followed_within_the_domain_of_its_region_only(endpoint, region, good):
    if good:
        assert followed(endpoint, region) == endpoint
    else:
        with pytest.raises(Misconfigured, match="Nothing was sent to it"):
            followed(endpoint, region)


def test_the_environment_brings_no_proxy_and_no_authority(monkeypatch):
    with Host(says(b"")) as proxy, before("intacct", says(GOOD["intacct"])) as host:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base_url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
        assert reads("intacct", host.base_url) == "1 vendors"
        assert proxy.asked == []


def told_by(case: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "hostile.floods", case],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("flood", "mib"), [("a gigabyte", 40), ("a gzip of a gigabyte", 60)])
def test_a_flood_is_refused_in_little_memory(client, flood, mib):
    told = told_by(f"{client}: {flood}")
    assert "far too large" in str(told["end"]), told
    assert told["grew"] < mib, told


@pytest.mark.parametrize(
    ("client", "swarm", "mib"),
    [("intacct", "XML elements", 700), ("graphql", "JSON lists", 600), ("rest", "JSON lists", 600)],
)
def test_the_largest_answer_that_is_taken_is_read_in_bounded_memory(client, swarm, mib):
    told = told_by(f"{client}: a swarm of {swarm}")
    assert is_bounded(str(told["end"])), told
    assert told["grew"] < mib, told


class _Raw:
    """Talks first, whatever is said to it."""

    def __init__(self, script) -> None:
        self._host = Host(lambda _: None)
        self._host._talk = self._say
        self._script = script

    def _say(self, taken) -> None:
        with taken:
            try:
                self._script(taken)
            except (OSError, ssl.SSLError):
                return

    def __enter__(self) -> str:
        return self._host.__enter__().base_url

    def __exit__(self, *error: object) -> None:
        self._host.__exit__(*error)
