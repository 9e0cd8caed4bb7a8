"""A client of wechatpy, for all the rest of a platform: loaded when it is asked for, over our connections.

wechatpy is synchronous, and many of its methods look into an answer before they return. So each runs in a thread of its
own, as it is written, and only its requests come back to the event loop: they go over our connections, with our token
and our time-outs. Nothing of the module is changed; the client is of a class derived from its own.
"""

import asyncio
import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.adapters.loaded_once import LoadedOnce
from imbridge.adapters.wechatpy_calls import Calls
from imbridge.adapters.wechatpy_transport import SdkTransport

Replacements = Mapping[tuple[str, str], Callable[..., Any]]
"""Methods, by the name of their class and their own, that take the place of some that would open connections."""


class SdkLoader(ABC):
    """One account's client of wechatpy."""

    def __init__(self, caller: ErrcodeCaller) -> None:
        """Nothing is loaded."""
        self._caller = caller
        self._loaded = LoadedOnce(self._load, f"sdk:{caller.api.account}")
        self._calls: Calls | None = None

    @abstractmethod
    def _import(self) -> tuple[Any, Any]:
        """The module of the client, and `wechatpy.exceptions`; in a thread.

        Raises:
            ConfigError: wechatpy is not installed.
        """

    @abstractmethod
    def _make(self, module: Any, exceptions: Any, calls: Calls) -> Any:
        """The client; in a thread."""

    async def client(self) -> Any:
        """The client, the same one each time; loading goes on when whoever waits for it gives up.

        Raises:
            ConfigError: wechatpy is not installed.
        """
        return await self._loaded.get()

    async def close(self) -> None:
        """Let go of it, and end what its methods are doing; a loading that has begun is waited for."""
        await self._loaded.close()
        if self._calls is not None:
            await self._calls.close()

    async def _load(self) -> Any:
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="wechatpy-import")
        try:
            module, exceptions = await loop.run_in_executor(thread, self._import)
            self._calls = self._calls or Calls(loop)
            return await loop.run_in_executor(thread, self._make, module, exceptions, self._calls)
        finally:
            thread.shutdown(wait=False)


def with_our_ways(
    client: Any,
    calls: Calls,
    *,
    address_of: Callable[[Callable[..., str]], Callable[..., str]] | None = None,
    addresses: frozenset[str] = frozenset(),
    replacements: Replacements,
) -> Any:
    """A client whose class `client_type` has made, with groups of methods that return awaitables.

    Args:
        client: The client, which is changed.
        calls: What runs its methods.
        address_of: What is done with a method that gives an address.
        addresses: The names of these methods.
        replacements: Methods that take the place of others.
    """
    client._http.close()  # its own connections, of which it has opened none
    for name, api in inspect.getmembers(type(client), lambda thing: hasattr(thing, "_client")):
        kind = _api_type(type(api), calls, address_of, addresses, replacements)
        setattr(client, name, kind(client))
    return client


def client_type(base: type, base_url: str, calls: Calls, transport: SdkTransport) -> type:
    """The class of the client: what goes over the network goes our way."""

    def _request(self: Any, method: str, url_or_endpoint: str, **options: Any) -> Any:
        request = transport.prepared(self, method, url_or_endpoint, options)
        return calls.wait_for(transport.send(request))

    def fetch_access_token(self: Any) -> dict[str, Any]:
        """Another token in place of the one there is."""
        return calls.wait_for(transport.renew())

    def access_token(self: Any) -> str | None:
        """The token, inside a method of the client; None elsewhere: nobody has to wait for it."""
        return calls.wait_for(transport.token()) if calls.inside else None

    return type(
        "WeChatClient",
        (base,),
        {
            "__module__": __name__,
            "__doc__": base.__doc__,
            "API_BASE_URL": f"{base_url}/cgi-bin/",
            "access_token": property(access_token),
            "get": calls.awaitable(base.get),  # type: ignore[attr-defined]
            "post": calls.awaitable(base.post),  # type: ignore[attr-defined]
            "_request": calls.awaitable(_request),
            "fetch_access_token": calls.awaitable(fetch_access_token),
        },
    )


def _api_type(
    base: type,
    calls: Calls,
    address_of: Callable[[Callable[..., str]], Callable[..., str]] | None,
    addresses: frozenset[str],
    replacements: Replacements,
) -> type:
    """The class of a group of methods: each returns an awaitable."""
    methods: dict[str, Any] = {
        name: calls.awaitable(address_of(method) if address_of is not None and name in addresses else method)
        for name, method in inspect.getmembers(base, inspect.isfunction)
        if not name.startswith("_")
    }
    methods |= {
        name: calls.awaitable(replacement)
        for (kind, name), replacement in replacements.items()
        if kind == base.__name__ and name in methods
    }
    return type(base.__name__, (base,), {"__module__": base.__module__, "__doc__": base.__doc__, **methods})


def written_out(their_host: str, base_url: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """What makes a method that gives an address give it at our API."""

    def address_of(method: Callable[..., str]) -> Callable[..., str]:
        @functools.wraps(method)
        def address(*args: Any, **options: Any) -> str:
            return method(*args, **options).replace(their_host, base_url, 1)

        return address

    return address_of
