"""The official SDK's API for all the rest of the platform: its methods, our connections, our token.

`import botpy` takes its time, puts a handler on the root logger, sets the level of its own by what is in `sys.argv`,
and runs an empty command in a shell. So it is imported in a thread when it is first asked for, and the loggers are put
back. Its transport checks no certificate and swallows time-outs (docs/decisions/0016-qq-sdk.md): it is not used.
"""

import asyncio
import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from imbridge.adapters.loaded_once import LoadedOnce
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.adapters.qq.services.sdk_http import SdkHttp
from imbridge.protocol import ConfigError

_MODULE = "botpy.api"
_LOGGER = "botpy"


class Sdk:
    """One bot's `botpy.BotAPI`."""

    def __init__(self, api: QQApi, windows: Windows) -> None:
        """Nothing is loaded."""
        self._http = SdkHttp(api, windows)
        self._loaded = LoadedOnce(self._load, f"sdk:{api.config.key}")

    async def api(self) -> Any:
        """The `BotAPI`, the same one each time.

        Raises:
            ConfigError: The SDK is not installed, or is built in another way than the versions known.
        """
        return await self._loaded.get()

    async def close(self) -> None:
        """Let go of it."""
        await self._loaded.close()

    async def _load(self) -> Any:
        thread = ThreadPoolExecutor(1, thread_name_prefix="botpy-import")
        try:
            module = await asyncio.get_running_loop().run_in_executor(thread, _imported)
        finally:
            thread.shutdown(wait=False)
        try:
            return module.BotAPI(http=self._http)
        except (AttributeError, TypeError) as error:
            raise ConfigError("this version of qq-botpy is built in another way; sdk() was made for 1.2.1") from error


def _imported() -> Any:
    """The module, with what its import did to the log undone."""
    root, own = logging.getLogger(), logging.getLogger(_LOGGER)
    before = [(logger, logger.level, list(logger.handlers)) for logger in (root, own)]
    try:
        return importlib.import_module(_MODULE)
    except ImportError as error:
        raise ConfigError(f"botpy cannot be loaded ({error}); install it: pip install 'imbridge[qq]'") from error
    finally:
        for logger, level, handlers in before:
            logger.setLevel(level)
            for handler in [one for one in logger.handlers if one not in handlers]:
                logger.removeHandler(handler)
