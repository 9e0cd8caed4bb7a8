"""Every platform and mode, as the real adapters have it: what they can show, and how they measure."""

from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.base import Adapter, AdapterContext, Inbound
from imbridge.adapters.notes import MemoryNotes
from imbridge.runtime.registry import adapter_type
from imbridge.transport import HttpPool

_KEY = "12345678-1234-1234-1234-123456789012"
_AES = "a" * 43
_TOKEN = "a" * 64


@dataclass(frozen=True)
class Mode:
    """One sort of account.

    Attributes:
        platform: Its adapter's name.
        name: Short name for files and test ids.
        settings: What makes an account be of this sort.
    """

    platform: str
    name: str
    settings: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.platform}-{self.name}"

    def adapter(self) -> Adapter:
        """An adapter that is not started."""
        adapter = adapter_type(self.platform)
        config = adapter.config_type.model_validate({"name": "test", **self.settings})
        return adapter.create(config, AdapterContext(_NoIntake(), HttpPool(), notes=MemoryNotes()))


class _NoIntake:
    def offer(self, inbound: Inbound) -> Any:
        raise AssertionError("nothing arrives here")


_FEISHU = {"app_id": "cli_a1", "app_secret": "secret"}
_DINGTALK = {"client_id": "ding1", "client_secret": "secret"}
_QQ = {"app_id": "1", "secret": "secret"}
_WECHAT = {"app_id": "wx1", "app_secret": "secret", "token": "token", "aes_key": _AES}
_WECOM = {"corp_id": "ww1", "secret": "secret", "agent_id": 1}

MODES = (
    Mode("feishu", "app", {**_FEISHU, "mode": "long_connection"}),
    Mode("feishu", "webhook", {**_FEISHU, "mode": "webhook", "encrypt_key": "key", "verification_token": "token"}),
    Mode("feishu", "custom_bot", {"mode": "custom_bot", "webhook_url": f"https://open.feishu.cn/open-apis/bot/v2/hook/{_KEY}"}),
    Mode("wecom", "app", {**_WECOM, "mode": "app"}),
    Mode("wecom", "app_text", {**_WECOM, "mode": "app", "markdown": False}),
    Mode("wecom", "bot", {"mode": "bot", "bot_id": "bot", "bot_secret": "secret"}),
    Mode("wecom", "bot_callback", {"mode": "bot_callback", "token": "token", "aes_key": _AES}),
    Mode("wecom", "group_robot", {"mode": "group_robot", "webhook_url": _KEY}),
    Mode("wechat", "customer_service", {**_WECHAT, "customer_service": True}),
    Mode("wechat", "passive", {**_WECHAT, "customer_service": False, "more": ""}),
    Mode("wechat", "passive_with_rest", {**_WECHAT, "customer_service": False}),
    Mode("dingtalk", "stream", {**_DINGTALK, "mode": "stream"}),
    Mode("dingtalk", "callback", {**_DINGTALK, "mode": "callback"}),
    Mode("dingtalk", "custom_robot", {"mode": "custom_robot", "webhook_url": f"https://oapi.dingtalk.com/robot/send?access_token={_TOKEN}"}),
    Mode("qq", "gateway", {**_QQ, "mode": "gateway"}),
    Mode("qq", "webhook", {**_QQ, "mode": "webhook"}),
)  # fmt: skip
