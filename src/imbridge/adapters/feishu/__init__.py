"""Feishu and Lark."""

from imbridge.adapters.feishu.adapter import FeishuAdapter
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.oauth import Authorized
from imbridge.adapters.feishu.user_token import FileUserTokens, MemoryUserTokens, UserToken, UserTokenStore

__all__ = [
    "Authorized",
    "FeishuAdapter",
    "FeishuConfig",
    "FileUserTokens",
    "MemoryUserTokens",
    "UserToken",
    "UserTokenStore",
]
