"""The API's refusals: codes and texts as the platform's table has them.

Source: https://developer.work.weixin.qq.com/document/path/90313. Refusals come with HTTP 200; `errmsg` goes on with a
hint, the caller's address and a link: `..., hint: [1659003212347280693197827], from ip: 203.0.113.9, more info at ...`.
"""

from collections.abc import Mapping
from typing import Any

TEXTS: Mapping[int, str] = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media file type",
    40005: "invalid type param",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40029: "invalid code",
    40031: "invalid userid list",
    40032: "invalid userlist length",
    40035: "invalid parameter",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40066: "invalid party id",
    40068: "invalid tag id",
    40091: "secret is invalid",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41009: "userid missing",
    41010: "missing url",
    41011: "missing agentid",
    41016: "missing title",
    42001: "access_token expired",
    42003: "code expired",
    43001: "require GET method",
    43002: "require POST method",
    44001: "empty media data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45007: "playtime out of limit",
    45008: "article size out of limit",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    46003: "menu no exist",
    46004: "user no exist",
    47001: "data format error",
    48002: "api forbidden",
    50001: "redirect_url not registered",
    50002: "no permission for the resource",
    50003: "app is disabled",
    60003: "department not found",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60103: "invalid mobile",
    60111: "userid not found",
    60123: "invalid party id",
    81013: "user & party & tag all invalid",
    82001: "all touser & toparty & totag empty",
    82002: "invalid party list size",
    82003: "invalid tag list size",
    84014: "expired user_ticket",
    84015: "invalid user_ticket",
    86001: "invalid chat id",
    86003: "chat not exists",
    86004: "chat name invalid",
    86008: "no privilege to access the chat",
    86215: "chatid already exists",
    86216: "invalid member count",
    93000: "invalid webhook url",
    301002: "not allow operate another agent with this accesstoken",
    301019: "image md5 not match",
    301025: "get approval param error",
}

MORE = "https://open.work.weixin.qq.com/devtool/query?e="


class ApiError(Exception):
    """A call is refused.

    Args:
        code: The platform's errcode.
        detail: What precisely is wrong; stands before the code's text, as the platform does it.
        fields: What else the answer has.
    """

    def __init__(self, code: int, detail: str = "", *, fields: Mapping[str, Any] | None = None) -> None:
        text = TEXTS.get(code, "refused")
        self.text = f"{detail}. {text}" if detail else text
        super().__init__(f"{code}: {self.text}")
        self.code = code
        self.fields: dict[str, Any] = dict(fields or {})

    def errmsg(self, hint: str, address: str) -> str:
        """The answer's `errmsg`."""
        return f"{self.text}, hint: [{hint}], from ip: {address}, more info at {MORE}{self.code}"
