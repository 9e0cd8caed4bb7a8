import ssl
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp.abc import AbstractResolver

from imbridge.transport.proxies import EnvironmentProxies
from imbridge.transport.reach import Reach


@dataclass(frozen=True, slots=True)
class Egress:
    """How requests leave this process.

    Attributes:
        context: Verifies who is at the other end.
        proxies: Those of the environment, if any count.
        resolver: Makes what finds the addresses of hosts.
        reach: Hosts and networks of our own that may be fetched from.
        user_agent: What we are called.
    """

    context: ssl.SSLContext
    proxies: EnvironmentProxies | None
    resolver: Callable[[], AbstractResolver]
    reach: Reach
    user_agent: str
