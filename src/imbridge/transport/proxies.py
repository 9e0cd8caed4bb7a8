import logging
from typing import Self
from urllib.request import getproxies, proxy_bypass

from yarl import URL

_log = logging.getLogger(__name__)
_CACHED_HOSTS = 1024
_PLAIN = {"ws": "http", "wss": "https"}


class EnvironmentProxies:
    """The proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, read once.

    aiohttp's own `trust_env` reads the environment again in a worker thread for every request (about 100 us) and takes
    credentials from ~/.netrc as well; this costs a dict look-up and sends no credential that the proxy's URL lacks.
    """

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._by_scheme: dict[str, URL] = {}
        self._by_host: dict[tuple[str, str], URL | None] = {}
        for scheme, address in (getproxies() if environment is None else environment).items():
            if scheme not in ("http", "https") or not address:
                continue
            proxy = URL(address if "://" in address else f"http://{address}")
            if proxy.scheme == "http":
                self._by_scheme[scheme] = proxy
            else:
                _log.warning("Ignoring the %s proxy: its scheme %r is not supported, use http://", scheme, proxy.scheme)

    @classmethod
    def read(cls) -> Self | None:
        """The environment's proxies, or None when it names none, so that a request need not even ask."""
        proxies = cls()
        return proxies if proxies._by_scheme else None

    def proxy_for(self, url: URL) -> URL | None:
        """The proxy to use for a URL, or None for a direct connection."""
        scheme, host = _PLAIN.get(url.scheme, url.scheme), url.host or ""
        key = (scheme, f"{host}:{url.port}")
        if key not in self._by_host:
            if len(self._by_host) >= _CACHED_HOSTS:
                self._by_host.clear()
            proxy = self._by_scheme.get(scheme)
            self._by_host[key] = None if proxy is None or proxy_bypass(key[1]) or proxy_bypass(host) else proxy
        return self._by_host[key]
