"""The WeChat Official Account (微信公众号): callbacks in; passive replies and customer-service messages out."""

from imbridge.adapters.wechat.adapter import WeChatAdapter
from imbridge.adapters.wechat.config import WeChatConfig

__all__ = ["WeChatAdapter", "WeChatConfig"]
