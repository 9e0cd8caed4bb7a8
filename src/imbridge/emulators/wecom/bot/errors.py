"""The platform's refusals.

Codes: 853000, 45009, 93006, 40008, 40058, 846605, 846608 and 846609 were seen from the platform (issues of
WecomTeam/wecom-openclaw-plugin, WecomTeam/wecom-cli and of clients); 40007, 45002 and 93000 are the general table's
for the same mistake, https://developer.work.weixin.qq.com/document/path/90313.
"""

from collections.abc import Mapping

TEXTS: Mapping[int, str] = {
    40007: "invalid media_id",
    40008: "invalid message type",
    40058: "invalid Request Parameter",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    93000: "invalid webhook url",
    93006: "invalid chatid",
    846605: "invalid req_id",
    846608: "stream message update expired",
    846609: "aibot websocket not subscribed",
    853000: "invalid bot_id or secret",
}


class UnreadableError(Exception):
    """The answer to a callback is not in the form in which the platform reads it."""


class RefusedError(Exception):
    """A command is refused.

    Args:
        code: The platform's error code.
        hint: What precisely is wrong, appended to the code's text as the platform appends its hint.
    """

    def __init__(self, code: int, hint: str = "") -> None:
        text = TEXTS.get(code, "refused")
        self.errmsg = f"{text}, hint: [{hint}]" if hint else text
        super().__init__(f"{code}: {self.errmsg}")
        self.code = code
