"""wechatpy's client for all the rest of the platform, loaded when it is asked for.

wechatpy is synchronous, and many of its methods look into an answer before they return. So each runs in a thread of its
own, as it is written, and only its requests come back to the event loop: they go over our connections, with our token
and our time-outs. Nothing of the module is changed; the client is of a class derived from its own.
"""

import asyncio
import functools
import importlib
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.adapters.wecom.services.sdk_calls import Calls
from imbridge.adapters.wecom.services.sdk_transport import SdkTransport
from imbridge.protocol import ConfigError

_MODULES = ("wechatpy.enterprise", "wechatpy.work")
"""Of 1.8 and of 2.0."""
_THEIR_HOST = "https://qyapi.weixin.qq.com"
"""Written out in some of its methods, whatever the address of its API is."""


class Sdk:
    """One account's client of wechatpy."""

    def __init__(self, caller: ErrcodeCaller, config: WeComConfig) -> None:
        """Nothing is loaded."""
        self._caller = caller
        self._config = config
        self._loading: asyncio.Task[Any] | None = None
        self._calls: Calls | None = None

    async def client(self) -> Any:
        """The client, the same one each time; loading goes on when whoever waits for it gives up.

        Raises:
            ConfigError: wechatpy is not installed.
        """
        task = self._loading
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._loading = asyncio.create_task(self._load(), name=f"sdk:{self._config.key}")
        await asyncio.wait((task,))
        return task.result()

    async def close(self) -> None:
        """Let go of it, and end what its methods are doing; a loading that has begun is waited for."""
        task, self._loading = self._loading, None
        if task is not None:
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # whoever waited has it
        if self._calls is not None:
            await self._calls.close()

    async def _load(self) -> Any:
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="wechatpy-import")
        try:
            module, exceptions = await loop.run_in_executor(thread, _imported)
            self._calls = self._calls or Calls(loop)
            transport = SdkTransport(self._caller, self._config, exceptions)
            return await loop.run_in_executor(thread, _made, module, self._config, self._calls, transport)
        finally:
            thread.shutdown(wait=False)


def _imported() -> tuple[Any, Any]:
    reasons: list[str] = []
    for name in _MODULES:
        try:
            return importlib.import_module(name), importlib.import_module("wechatpy.exceptions")
        except ImportError as error:
            reasons.append(str(error))
    raise ConfigError(f"wechatpy cannot be loaded ({reasons[0]}); install it: pip install 'imbridge[wecom]'")


def _made(module: Any, config: WeComConfig, calls: Calls, transport: SdkTransport) -> Any:
    kind = _client_type(module.WeChatClient, config, calls, transport)
    # Not the secret: the client has no use for it, and keeps the beginning of it as a name.
    client = kind(config.corp_id, "")
    client._http.close()  # its own connections, of which it has opened none
    for name, api in inspect.getmembers(type(client), lambda thing: hasattr(thing, "_client")):
        derived = _api_type(type(api), config, calls)
        setattr(client, name, derived(client))
    return client


def _client_type(base: type, config: WeComConfig, calls: Calls, transport: SdkTransport) -> type:
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
            "API_BASE_URL": f"{config.base_url}/cgi-bin/",
            "access_token": property(access_token),
            "get": calls.awaitable(base.get),  # type: ignore[attr-defined]
            "post": calls.awaitable(base.post),  # type: ignore[attr-defined]
            "_request": calls.awaitable(_request),
            "fetch_access_token": calls.awaitable(fetch_access_token),
        },
    )


def _api_type(base: type, config: WeComConfig, calls: Calls) -> type:
    """The class of a group of methods: each returns an awaitable."""
    methods: dict[str, Any] = {
        name: calls.awaitable(_written_out(method, config) if name in _ADDRESSES else method)
        for name, method in inspect.getmembers(base, inspect.isfunction)
        if not name.startswith("_")
    }
    methods |= {
        name: calls.awaitable(replacement)
        for (kind, name), replacement in _DOWNLOADS.items()
        if kind == base.__name__ and name in methods
    }
    return type(base.__name__, (base,), {"__module__": base.__module__, "__doc__": base.__doc__, **methods})


_ADDRESSES = frozenset({"get_url", "get_jssdk_url"})


def _written_out(method: Callable[..., str], config: WeComConfig) -> Callable[..., str]:
    """A method that gives an address, at our API."""

    @functools.wraps(method)
    def address(*args: Any, **options: Any) -> str:
        return method(*args, **options).replace(_THEIR_HOST, config.base_url, 1)

    return address


def _download(self: Any, media_id: str) -> Any:
    """A file, as `imbridge.transport.HttpResponse`: `body`, `headers`."""
    return self._client.get("media/get", params={"media_id": media_id})


def _material(self: Any, agent_id: Any, media_id: str) -> Any:
    """A permanent file, as `imbridge.transport.HttpResponse`: `body`, `headers`."""
    return self._client.get("material/get", params={"agentid": agent_id, "media_id": media_id})


_DOWNLOADS: dict[tuple[str, str], Callable[..., Any]] = {
    ("WeChatMedia", "download"): _download,
    ("WeChatMaterial", "get"): _material,
}
"""In place of the methods that would open connections of their own."""
