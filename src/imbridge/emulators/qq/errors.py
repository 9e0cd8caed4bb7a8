"""The API's refusals.

Rules: the official list of error codes (bot-docs, `dev-prepare/error-trace/openapi.md`), and those of the pages of
single chats and groups (bot.q.qq.com/wiki, `autogen/api/*`, 2026). 40034102 and 11244 are as clients report them,
40034001 is undocumented.
"""

from collections.abc import Mapping
from typing import Any

TEXTS: Mapping[int, str] = {
    10000: "operation not supported",
    10003: "unknown channel",
    10004: "unknown guild",
    11241: "miss token",
    11243: "check token not pass",
    11244: "token not exist or expire",
    11251: "wrong appid",
    11253: "check app privilege not pass",
    11255: "invalid request",
    12002: "request invalid",
    20028: "channel hit write rate limit",
    22006: "message type does not fit its content",
    22009: "msg limit exceed",
    50006: "can not send empty message",
    50035: "invalid form body",
    50037: "markdown only with keyboard",
    50039: "fail to get message",
    50041: "markdown has empty value",
    50054: "markdown template param error",
    50056: "markdown content is not allowed",
    50002: "rate limit",
    50057: "markdown content or template, not both",
    50059: "input type is not valid",
    304003: "url not allowed",
    304004: "ark not allowed",
    304011: "no template",
    304018: "session not exist",
    304020: "file size exceeds limit",
    304021: "get file fail",
    304023: "push message is waiting for audit now",
    304024: "reply message is waiting for audit now",
    304026: "msg_id error",
    304027: "msg expire",
    304031: "direct message is closed",
    304032: "direct message not exist",
    304036: "no markdown template privilege",
    304037: "no keyboard privilege",
    304038: "keyboard not exist",
    304040: "keyboard content error",
    304045: "channel active message limit",
    304046: "active message is not allowed in this channel",
    304047: "active message channel limit",
    304049: "direct active message limit",
    304050: "direct active message total limit",
    304080: "file info is not valid",
    304082: "upload media info fail",
    304083: "convert media info fail",
    306002: "msgid error",
    306004: "no permission to delete message",
    306007: "message is not of this group",
    306008: "message is not of this bot",
    306009: "message is not with this user",
    306011: "recall time exceeded",
    610007: "bot is not in this guild",
    340069: "message type is not valid",
    620001: "reaction param invalid",
    620003: "reaction already set",
    620004: "reaction not set",
    630001: "interaction param invalid",
    40034001: "请求参数错误",
    40034005: "回复消息msg_id已过期",
    40034024: "请求参数msg_id无效或越权",
    40034025: "请求参数event_id无效",
    40034026: "请求参数event_id已过期",
    40034027: "请求参数event_id对应事件不能回复消息",
    40034100: "主动消息发送超过频率限制",
    40034102: "主动消息失败, 无权限",
    40034105: "主动消息失败, 用户已关闭主动消息",
    40034122: "召回消息已达区间上限",
    40034123: "不支持召回消息",
    40034127: "无发送markdown权限",
    40034128: "被动回复时间或次数超限",
    40054003: "机器人不在群内",
    40054004: "用户不是机器人好友",
    40054005: "消息被去重，请检查请求msgseq",
    40054007: "消息长度超限",
    40054010: "消息包含未报备的url",
    40007: "已下发内容前缀不可修改",
    40093001: "upload part is not ready",
    40093002: "upload quota exceeded",
}
NEWER: Mapping[int, int] = {
    50006: 304061,
    50041: 40034008,
    50054: 40034124,
    50056: 40034127,
    50057: 40034124,
    304003: 40054010,
    304011: 40034127,
    304020: 850031,
    304036: 40034127,
    304040: 40034029,
    304082: 850026,
    304083: 850019,
    306002: 40061002,
    306007: 40062003,
    306008: 40062003,
    306011: 40064004,
}
"""The codes of single chats and groups that the documents have for them since 2026."""


class ApiError(Exception):
    """A call is refused: `{code, message}` and an HTTP status that may well be 2xx.

    Args:
        code: The platform's code.
        message: What is wrong; the code's own text if it is left out.
        status: The HTTP status.
        data: What else is said, in `data`.
    """

    def __init__(self, code: int, message: str = "", *, status: int = 400, data: Mapping[str, Any] | None = None):
        self.code = code
        self.message = message or TEXTS.get(code, "request refused")
        super().__init__(f"{status} {code}: {self.message}")
        self.status = status
        self.data: dict[str, Any] = dict(data or {})
