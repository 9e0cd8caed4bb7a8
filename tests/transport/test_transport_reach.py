"""Which addresses are fetched from."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from imbridge.protocol import ConfigError
from imbridge.transport.reach import FetchRefusedError, Reach, is_public

OPEN = Reach()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1",
        "169.254.169.254", "169.254.0.23", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1",
        "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "fc00::1", "fd00:ec2::254",
        "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "3fff::1", "4000::1",
    ],
)  # fmt: skip
def test_not_in_the_open_network(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(FetchRefusedError, match="not in the open network"):
        OPEN.check_address("files.example.com", address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"],
)
def test_in_the_open_network(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    OPEN.check_address("files.example.com", address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_every_form(address: ipaddress.IPv4Address) -> None:
    """Mapped, and by NAT64: neither makes a closed address open or an open one closed."""
    number = int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    translated = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    assert is_public(mapped) == is_public(translated) == is_public(address)


@given(st.ip_addresses())
def test_nothing_is_open_that_python_says_is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    if inner.is_private and not inner.is_global and inner not in ipaddress.ip_network("64:ff9b::/96"):
        assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/a", "only http"),
        ("file:///etc/passwd", "only http"),
        ("gopher://example.com/", "only http"),
        ("/relative", "only http"),
        ("", "only http"),
        ("https://user@example.com/a", "name or a password"),
        ("https://:secret@example.com/a", "name or a password"),
        ("https://example.com:22/", "ports 80 and 443"),
        ("https://example.com:6379/", "ports 80 and 443"),
        ("http://127.0.0.1/", "open network"),
        ("http://127.0.0.1./", "open network"),
        ("http://[::1]/", "open network"),
        ("http://[::ffff:7f00:1]/", "open network"),
        ("http://[fe80::1%25eth0]/", "open network"),
        ("http://１２７.０.０.１/", "open network"),
        ("http://127.1/", "way of writing"),
        ("http://2130706433/", "way of writing"),
        ("http://0x7f.1/", "way of writing"),
        ("http://0x7f000001/", "way of writing"),
        ("http://017700000001/", "way of writing"),
        ("http://0177.0.0.1/", "way of writing"),
        ("http://a.b.0x/", "way of writing"),
    ],
)
def test_refused_before_anything_is_looked_up(url: str, why: str) -> None:
    with pytest.raises(FetchRefusedError, match=why) as caught:
        OPEN.check(URL(url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/a", "http://example.com:80/", "https://8.8.8.8/", "https://a.b1/"]
)
def test_looked_up(url: str) -> None:
    OPEN.check(URL(url))


@pytest.mark.parametrize(
    ("entry", "url", "address"),
    [
        ("files.corp", "http://files.corp:8080/", "10.0.0.5"),
        ("FILES.corp.", "http://files.corp/", "10.0.0.5"),
        ("*.corp.example", "https://a.b.corp.example/", "10.0.0.5"),
        ("10.0.0.0/8", "http://files.example.com/", "10.200.0.1"),
        ("10.0.0.0/8", "http://10.1.2.3:9000/", "10.1.2.3"),
        ("10.0.0.0/8", "http://files.example.com/", "::ffff:10.1.2.3"),
        ("127.0.0.1", "http://127.0.0.1:5000/", "127.0.0.1"),
        ("fd00::/8", "http://[fd00::1]/", "fd00::1"),
    ],
)
def test_what_an_operator_names(entry: str, url: str, address: str) -> None:
    reach = Reach.of((entry,))
    reach.check(URL(url))
    reach.check_address(URL(url).host or "", address)


@pytest.mark.parametrize(
    ("entry", "host", "address"),
    [
        ("files.corp", "other.corp", "10.0.0.5"),
        ("files.corp", "evil-files.corp", "10.0.0.5"),
        ("*.corp.example", "corp.example", "10.0.0.5"),
        ("*.corp.example", "evilcorp.example", "10.0.0.5"),
        ("10.0.0.0/8", "files.example.com", "192.168.0.1"),
        ("127.0.0.1", "a.example.com", "127.0.0.2"),
    ],
)
def test_and_nothing_else(entry: str, host: str, address: str) -> None:
    with pytest.raises(FetchRefusedError):
        Reach.of((entry,)).check_address(host, address)


def test_any_port_in_a_network_that_is_named() -> None:
    reach = Reach.of(("10.0.0.0/8",))
    reach.check(URL("http://files.example.com:9000/"))
    reach.check_address("files.example.com", "10.0.0.1", 9000)
    reach.check_address("files.example.com", "8.8.8.8", 443)
    with pytest.raises(FetchRefusedError, match="ports 80 and 443"):
        reach.check_address("files.example.com", "8.8.8.8", 9000)


@pytest.mark.parametrize(
    "entry", ["", "*", "*.", "a b", "10.0.0.1/33", "http://a.b", "a.b:80", "2130706433", "10.1/16"]
)
def test_a_setting_that_is_none(entry: str) -> None:
    with pytest.raises(ConfigError, match="media can be fetched from") as caught:
        Reach.of((entry,))
    assert caught.value.key == "bridge.media_hosts"


def test_both() -> None:
    both = Reach.of(("a.corp", "10.0.0.1")).also(Reach.of(("*.b.corp", "10.0.0.2")))
    assert [both.names_host(host) for host in ("a.corp", "x.b.corp", "10.0.0.1", "10.0.0.2", "c.corp")] == [
        True, True, True, True, False,
    ]  # fmt: skip
