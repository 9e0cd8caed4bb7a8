"""A rendered part → the body of a message. Pure.

Source: bot.q.qq.com, "sending messages".
"""

from typing import Any

from imbridge.protocol import ContentRefusedError
from imbridge.rendering import Part, PartKind

Body = dict[str, Any]


def message_body(part: Part) -> Body:
    """`msg_type` and content.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    if part.kind in (PartKind.TEXT, PartKind.RICH, PartKind.MARKDOWN):
        return {"msg_type": 0, "content": _text(part)}
    raise ContentRefusedError(f"cannot send a {part.kind} part to QQ", platform="qq")


def measure(part: Part) -> int:
    """Bytes of a part as sent."""
    return 0 if part.kind.alone else len(_text(part).encode("utf-8", "replace"))


def _text(part: Part) -> str:
    return "".join(element.as_text() for element in part.elements)
