"""A rendered part → the body of a session webhook, or `msgKey` and `msgParam` of the API. Pure.

Source: open.dingtalk.com, "types of robot messages" and "custom robots".
"""

from typing import Any

from pydantic_core import to_json

from imbridge.protocol import ContentRefusedError
from imbridge.rendering import Part, PartKind

Body = dict[str, Any]
_TITLE_LENGTH = 60


def webhook_body(part: Part) -> Body:
    """What a session webhook or a custom robot is given.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    if part.kind is PartKind.MARKDOWN:
        text = part.elements[0].as_text()
        return {"msgtype": "markdown", "markdown": {"title": title_of(text), "text": text}}
    if part.kind in (PartKind.TEXT, PartKind.RICH):
        return {"msgtype": "text", "text": {"content": _text(part)}}
    raise ContentRefusedError(f"cannot send a {part.kind} part to DingTalk", platform="dingtalk")


def api_body(part: Part) -> Body:
    """`msgKey`, and `msgParam`, which is JSON in a text.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    if part.kind is PartKind.MARKDOWN:
        text = part.elements[0].as_text()
        return message("sampleMarkdown", {"title": title_of(text), "text": text})
    if part.kind in (PartKind.TEXT, PartKind.RICH):
        return message("sampleText", {"content": _text(part)})
    raise ContentRefusedError(f"cannot send a {part.kind} part to DingTalk", platform="dingtalk")


def message(key: str, param: dict[str, Any]) -> Body:
    """One message of the API."""
    return {"msgKey": key, "msgParam": to_json(param).decode()}


def title_of(text: str) -> str:
    """The first line with something in it, shortened: what the list of chats shows of a Markdown message."""
    line = next((line.strip(" #>*-`|\t") for line in text.splitlines() if line.strip(" #>*-`|\t")), "")
    if not line:
        return "…"
    return line if len(line) <= _TITLE_LENGTH else f"{line[: _TITLE_LENGTH - 1]}…"


def measure(part: Part) -> int:
    """Bytes of a part as sent."""
    return 0 if part.kind.alone else len(_text(part).encode("utf-8", "replace"))


def _text(part: Part) -> str:
    return "".join(element.as_text() for element in part.elements)
