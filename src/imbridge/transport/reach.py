"""Which addresses media are fetched from: the open network, and what an operator names.

An address that somebody sent, or that a skill took from somewhere, must not lead into a network of ours: it would make
this process fetch what only it can reach. Which addresses are public is said by the IANA special-purpose registries
(RFC 6890) and, of IPv6, by RFC 4291; it is written down here because Python's `is_global` differs between versions.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Self

from yarl import URL

from imbridge.protocol.errors import ConfigError
from imbridge.transport.errors import HttpError

_PORTS = (None, 80, 443)
"""Of the open network: at others there are seldom files, and often what is not meant for everybody."""
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,63})*)?\.?")

_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32",  # Azure's own service inside a virtual machine: learn.microsoft.com, "168.63.129.16"
        ),
    )
)  # fmt: skip
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Teredo among the first, and 6to4: both lead to an IPv4 address, and nobody serves files there.
_NOT_PUBLIC_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


class FetchRefusedError(HttpError):
    """An address that nothing is fetched from; no request has left."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be fetched from besides the open network.

    Attributes:
        names: Hosts, in small letters.
        domains: Ends of hosts, each with its dot in front: `.example.com`.
        networks: Addresses.
    """

    names: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """Read a setting.

        Args:
            entries: Names (`files.example.com`), all names below one (`*.example.com`), addresses, and networks
                (`10.1.0.0/16`).

        Raises:
            ConfigError: one is none of these.
        """
        names: set[str] = set()
        domains: list[str] = []
        networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry.strip("[]")))
                continue
            except ValueError as error:
                if "/" in entry or _NAME.fullmatch(entry) is None or _ends_in_number(entry):
                    shown = "a name, *.name, an address or a network (10.1.0.0/16)"
                    message = f"{entry!r} is no host that media can be fetched from; write {shown}: {error}"
                    raise ConfigError(message, key="bridge.media_hosts") from None
            name = entry.lower().rstrip(".")
            if name.startswith("*."):
                domains.append(name[1:])
            else:
                names.add(name)
        return cls(frozenset(names), tuple(domains), tuple(networks))

    def also(self, other: "Reach") -> "Reach":
        """Both."""
        return Reach(self.names | other.names, self.domains + other.domains, self.networks + other.networks)

    def names_host(self, host: str) -> bool:
        """Whether an operator named this host: then it is fetched from, wherever it is."""
        name = host.lower().rstrip(".")
        if name in self.names or name.endswith(self.domains):
            return True
        address = _address(name)
        return address is not None and self._holds(address)

    def check(self, url: URL) -> None:
        """See what an address says before anything is looked up.

        Raises:
            FetchRefusedError: it is none that is fetched from.
        """
        host = url.host or ""
        if url.scheme not in ("http", "https") or not host:
            raise FetchRefusedError("only http and https addresses with a host are fetched from")
        if url.user is not None or url.password is not None:
            raise FetchRefusedError(f"{host}: addresses that hold a name or a password are not fetched from")
        if self.names_host(host):
            return
        if not self.networks:
            _check_port(host, url.port)
        if _address(host) is not None:
            self.check_address(host, host, url.port)
        elif _ends_in_number(host):
            raise FetchRefusedError(f"{host}: this way of writing an address is not fetched from")

    def check_address(self, host: str, address: str, port: int | None = None) -> None:
        """See what a host's name stands for, before it is connected to.

        Raises:
            FetchRefusedError: it is not in the open network, and nobody named it.
        """
        if self.names_host(host):
            return
        found = _address(address)
        if found is not None and self._holds(found):
            return
        if found is None or not is_public(found):
            raise FetchRefusedError(f"{host}: it is not in the open network (media_hosts can allow it)")
        _check_port(host, port)

    def _holds(self, address: IPv4Address | IPv6Address) -> bool:
        inner = _inner(address)
        return any(inner.version == network.version and inner in network for network in self.networks)


def _check_port(host: str, port: int | None) -> None:
    if port not in _PORTS:
        raise FetchRefusedError(f"{host}: only ports 80 and 443 are fetched from, not {port} (media_hosts)")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open network, in whatever form it is written."""
    inner = _inner(address)
    if isinstance(inner, IPv4Address):
        return not any(inner in network for network in _NOT_PUBLIC_V4)
    return inner in _GLOBAL_UNICAST and not any(inner in network for network in _NOT_PUBLIC_V6)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for (mapped, or by NAT64), if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else address


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        return None


def _ends_in_number(host: str) -> bool:
    """Whether programs read this as an address (`127.1`, `0x7f.1`, `2130706433`): URL Standard, 3.5."""
    return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None
