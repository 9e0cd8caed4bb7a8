"""wechatpy's client for all the rest of the platform: see `imbridge.adapters.wechatpy_client`.

Files come as `imbridge.transport.HttpResponse` (`body`, `headers`), where wechatpy gives the response of `requests`.
"""

import importlib
from typing import Any

from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.adapters.wechatpy_calls import Calls
from imbridge.adapters.wechatpy_client import Replacements, SdkLoader, client_type, with_our_ways, written_out
from imbridge.adapters.wechatpy_transport import SdkTransport
from imbridge.protocol import ConfigError, NotSupportedError

_THEIR_HOST = "https://api.weixin.qq.com"
"""Written out in many of its methods, whatever the address of its API is."""
_ADDRESSES = frozenset({"get_url"})


class Sdk(SdkLoader):
    """One account's client of wechatpy."""

    def __init__(self, caller: ErrcodeCaller, config: WeChatConfig) -> None:
        """Nothing is loaded."""
        super().__init__(caller)
        self._config = config

    def _import(self) -> tuple[Any, Any]:
        try:
            return importlib.import_module("wechatpy"), importlib.import_module("wechatpy.exceptions")
        except ImportError as error:
            raise ConfigError(
                f"wechatpy cannot be loaded ({error}); install it: pip install 'imbridge[wechat]'"
            ) from error

    def _make(self, module: Any, exceptions: Any, calls: Calls) -> Any:
        config = self._config
        transport = SdkTransport(self._caller, exceptions, their_host=_THEIR_HOST, download_limit=config.download_limit)
        kind = client_type(module.WeChatClient, config.base_url, calls, transport)
        client = kind(config.app_id, "")  # not the secret: the client has no use for it
        address_of = written_out(_THEIR_HOST, config.base_url)
        return with_our_ways(client, calls, address_of=address_of, addresses=_ADDRESSES, replacements=_REPLACEMENTS)


def _own_upload(self: Any, *args: Any, **options: Any) -> Any:
    """Would upload to another service, over a connection of its own."""
    raise NotSupportedError("wechat sdk: cloud.upload_file opens connections of its own; upload the file yourself")


_REPLACEMENTS: Replacements = {("WeChatCloud", "upload_file"): _own_upload}
