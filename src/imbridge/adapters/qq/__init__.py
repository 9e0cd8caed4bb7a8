"""QQ: official bots, in single chats, groups and guild channels, over the gateway or webhooks."""

from imbridge.adapters.qq.adapter import QQAdapter
from imbridge.adapters.qq.config import QQConfig

__all__ = ["QQAdapter", "QQConfig"]
