"""DingTalk (钉钉): an app's robot over stream or HTTP callbacks, and the custom robots of groups."""

from imbridge.adapters.dingtalk.adapter import DingTalkAdapter
from imbridge.adapters.dingtalk.config import DingTalkConfig

__all__ = ["DingTalkAdapter", "DingTalkConfig"]
