"""wechatpy's client for all the rest of the platform: see `imbridge.adapters.wechatpy_client`."""

import importlib
from typing import Any

from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.adapters.wechatpy_calls import Calls
from imbridge.adapters.wechatpy_client import Replacements, SdkLoader, client_type, with_our_ways, written_out
from imbridge.adapters.wechatpy_transport import SdkTransport
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.protocol import ConfigError

_MODULES = ("wechatpy.enterprise", "wechatpy.work")
"""Of 1.8 and of 2.0."""
_THEIR_HOST = "https://qyapi.weixin.qq.com"
"""Written out in some of its methods, whatever the address of its API is."""
_ADDRESSES = frozenset({"get_url", "get_jssdk_url"})


class Sdk(SdkLoader):
    """One account's client of wechatpy."""

    def __init__(self, caller: ErrcodeCaller, config: WeComConfig) -> None:
        """Nothing is loaded."""
        super().__init__(caller)
        self._config = config

    def _import(self) -> tuple[Any, Any]:
        return _imported()

    def _make(self, module: Any, exceptions: Any, calls: Calls) -> Any:
        config = self._config
        transport = SdkTransport(self._caller, exceptions, download_limit=config.download_limit)
        kind = client_type(module.WeChatClient, config.base_url, calls, transport)
        # Not the secret: the client has no use for it, and keeps the beginning of it as a name.
        client = kind(config.corp_id, "")
        address_of = written_out(_THEIR_HOST, config.base_url)
        return with_our_ways(client, calls, address_of=address_of, addresses=_ADDRESSES, replacements=_DOWNLOADS)


def _imported() -> tuple[Any, Any]:
    reasons: list[str] = []
    for name in _MODULES:
        try:
            return importlib.import_module(name), importlib.import_module("wechatpy.exceptions")
        except ImportError as error:
            reasons.append(str(error))
    raise ConfigError(f"wechatpy cannot be loaded ({reasons[0]}); install it: pip install 'imbridge[wecom]'")


def _download(self: Any, media_id: str) -> Any:
    """A file, as `imbridge.transport.HttpResponse`: `body`, `headers`."""
    return self._client.get("media/get", params={"media_id": media_id})


def _material(self: Any, agent_id: Any, media_id: str) -> Any:
    """A permanent file, as `imbridge.transport.HttpResponse`: `body`, `headers`."""
    return self._client.get("material/get", params={"agentid": agent_id, "media_id": media_id})


_DOWNLOADS: Replacements = {
    ("WeChatMedia", "download"): _download,
    ("WeChatMaterial", "get"): _material,
}
"""In place of the methods that would open connections of their own."""
