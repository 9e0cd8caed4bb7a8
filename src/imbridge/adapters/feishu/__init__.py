"""Feishu and Lark."""

from imbridge.adapters.feishu.adapter import FeishuAdapter
from imbridge.adapters.feishu.config import FeishuConfig

__all__ = ["FeishuAdapter", "FeishuConfig"]
