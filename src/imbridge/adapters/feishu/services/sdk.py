"""The official SDK's client for all the rest of the platform, loaded when it is asked for.

`import lark_oapi` takes seconds, sets an event loop in the thread that does it, and lets its log write to stdout. So it
is imported in a thread of its own, and loop and log are put back. Nothing of the module is changed: the methods of this
one client are made anew from the SDK's code, with our transport where they name its own.
"""

import asyncio
import importlib
import logging
import types
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.services.sdk_transport import SdkTransport
from imbridge.adapters.loaded_once import LoadedOnce
from imbridge.protocol import ConfigError

_LOGGER = "Lark"


class Sdk:
    """One account's client of the SDK."""

    def __init__(self, caller: Caller) -> None:
        """Nothing is loaded."""
        self._caller = caller
        self._loaded = LoadedOnce(self._load, f"sdk:{caller.config.key}")
        self._transport: SdkTransport | None = None

    async def client(self) -> Any:
        """The client, the same one each time; loading goes on when whoever waits for it gives up.

        Raises:
            ConfigError: The SDK is not installed, or is built in another way than the versions known.
        """
        return await self._loaded.get()

    async def close(self) -> None:
        """Let go of it; a loading that has begun is waited for, as nothing ends an import."""
        await self._loaded.close()
        if self._transport is not None:
            await self._transport.close()

    async def _load(self) -> Any:
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="lark_oapi")
        try:
            lark = await loop.run_in_executor(thread, _imported)
            self._transport = SdkTransport(self._caller, lark)
            return await loop.run_in_executor(thread, _made, lark, self._caller, self._transport)
        finally:
            thread.shutdown(wait=False)


def _imported() -> Any:
    """The module, with what its import did to this thread and to the log undone."""
    logger = logging.getLogger(_LOGGER)
    handlers, level = list(logger.handlers), logger.level
    try:
        lark = importlib.import_module("lark_oapi")
        importlib.import_module("lark_oapi.core.http")
    except ImportError as error:
        raise ConfigError(
            f"lark_oapi cannot be loaded ({error}); install it: pip install 'imbridge[feishu]'"
        ) from error
    finally:
        asyncio.set_event_loop(None)
        for handler in [one for one in logger.handlers if one not in handlers]:
            logger.removeHandler(handler)
        logger.setLevel(level)
    return lark


def _made(lark: Any, caller: Caller, transport: SdkTransport) -> Any:
    config = caller.config
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    builder = lark.Client.builder().app_id(config.app_id).app_secret(config.app_secret.get_secret_value())
    client = builder.build()
    logger.setLevel(level)  # building a client sets it for the whole process
    # Not by the builder, which takes no path: some private deployments have one.
    client.config.domain = config.api_url
    if not _take_over(client, _Binding(transport), set()):
        raise ConfigError("this version of lark-oapi is built in another way; sdk() was made for 1.7.5")
    return client


class _Binding:
    """Makes the methods of a client's objects anew, with our transport in place of the SDK's."""

    def __init__(self, transport: SdkTransport) -> None:
        def verify(config: Any, request: Any, option: Any) -> None:
            transport.verify(request, option)

        self._names = {"Transport": transport, "verify": verify}
        self._globals: dict[int, dict[str, Any]] = {}

    def bound(self, kind: type) -> type | None:
        """A class that is this one with its sending methods made anew; None when it has none."""
        methods = {
            name: self._method(method)
            for name, method in vars(kind).items()
            if isinstance(method, types.FunctionType) and "Transport" in method.__code__.co_names
        }
        return type(kind.__name__, (kind,), {"__module__": kind.__module__, **methods}) if methods else None

    def _method(self, method: types.FunctionType) -> types.FunctionType:
        theirs = method.__globals__
        ours = self._globals.get(id(theirs))
        if ours is None:
            ours = self._globals[id(theirs)] = {**theirs, **self._names}
        made = types.FunctionType(method.__code__, ours, method.__name__, method.__defaults__, method.__closure__)
        made.__kwdefaults__ = method.__kwdefaults__
        made.__doc__ = method.__doc__
        made.__annotations__ = method.__annotations__
        return made


def _take_over(thing: Any, binding: _Binding, seen: set[int]) -> int:
    """Give an object, and the SDK's objects in it, classes that send over our transport; how many have got one."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    count = 0
    for inner in vars(thing).values():
        if type(inner).__module__.startswith(("lark_oapi.api.", "lark_oapi.core.access_token")):
            count += _take_over(inner, binding, seen)
    kind = binding.bound(type(thing))
    if kind is not None:
        thing.__class__ = kind
        count += 1
    return count
