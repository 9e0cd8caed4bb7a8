"""Feishu and Lark."""

from imbridge.adapters.feishu.adapter import FeishuAdapter
from imbridge.adapters.feishu.authorisation.oauth import Authorized
from imbridge.adapters.feishu.authorisation.user_token import (
    FileUserTokens,
    KeptUserTokens,
    MemoryUserTokens,
    UserToken,
    UserTokenStore,
)
from imbridge.adapters.feishu.config import FeishuConfig

__all__ = [
    "Authorized",
    "FeishuAdapter",
    "FeishuConfig",
    "FileUserTokens",
    "KeptUserTokens",
    "MemoryUserTokens",
    "UserToken",
    "UserTokenStore",
]
