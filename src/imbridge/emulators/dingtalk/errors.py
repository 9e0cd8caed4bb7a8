"""The API's refusals: string codes of api.dingtalk.com, numbers of oapi.dingtalk.com."""

from collections.abc import Mapping
from typing import Any

OAPI_TEXTS: Mapping[int, str] = {
    -1: "系统繁忙",
    40004: "不合法的媒体文件类型",
    40005: "不合法的文件类型",
    40007: "不合法的媒体文件id",
    40014: "不合法的access_token",
    40035: "不合法的参数",
    40089: "不合法的corpid或corpsecret",
    41001: "缺少access_token参数",
    41005: "缺少多媒体文件数据",
    42001: "access_token过期",
    43001: "需要GET请求",
    43002: "需要POST请求",
    43004: "无效的HTTP HEADER Content-Type",
    44001: "多媒体文件为空",
    45001: "多媒体文件大小超过限制",
}


class ApiError(Exception):
    """A call of api.dingtalk.com (`/v1.0/...`) is refused: an HTTP status, a code that is a word, a message.

    Args:
        code: The platform's code, for instance `InvalidAuthentication`.
        message: What precisely is wrong.
        status: The HTTP status.
        fields: What else the answer has.
    """

    def __init__(self, code: str, message: str = "", *, status: int = 400, fields: Mapping[str, Any] | None = None):
        super().__init__(f"{status} {code}: {message}")
        self.code = code
        self.message = message or code
        self.status = status
        self.fields: dict[str, Any] = dict(fields or {})


class OapiError(Exception):
    """A call of oapi.dingtalk.com is refused: HTTP 200 with `errcode` and `errmsg`.

    Args:
        code: The platform's errcode.
        message: Its errmsg; the code's own text if it is left out.
        fields: What else the answer has.
    """

    def __init__(self, code: int, message: str = "", *, fields: Mapping[str, Any] | None = None) -> None:
        self.code = code
        self.message = message or OAPI_TEXTS.get(code, "请求被拒绝")
        super().__init__(f"{code}: {self.message}")
        self.fields: dict[str, Any] = dict(fields or {})
