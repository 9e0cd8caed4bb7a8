"""WeCom (企业微信): self-built apps, smart bots and the robots of groups."""

from imbridge.adapters.wecom.adapter import WeComAdapter
from imbridge.adapters.wecom.config import WeComConfig

__all__ = ["WeComAdapter", "WeComConfig"]
