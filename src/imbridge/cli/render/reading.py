"""What a person reads of a request, in the order in which it stands there."""

from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.adapters.rehearsal import Request

_READ = frozenset(
    {
        "alt", "button", "content", "Content", "desc", "Description", "description", "head_content", "label", "keyname",
        "md", "option_list", "placeholder", "quote_text", "singleTitle", "staticMsgContent", "sub_title_text",
        "tail_content", "text", "title", "Title", "value", "msgContent", "msgTitle",
    }
)  # fmt: skip
"""Names under which platforms have what people read."""
_HIDDEN = frozenset({"behaviors", "action", "callback", "callbackData", "permission", "feedback", "data", "id"})
"""Names below which nothing is read."""
_PIECES = frozenset({"text", "a", "at", "md", "img", "emotion"})
"""What Feishu's rich texts are made of: https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json"""
_FIRST = frozenset({"header", "title", "msgTitle"})
"""What people see above the rest, wherever it stands."""


def read(request: Request) -> list[str]:
    """The texts in a request's body; those in JSON inside of JSON too."""
    return [text for text in _texts(request.body, shown=False) if text.strip()]


def _texts(value: Any, *, shown: bool) -> Iterator[str]:
    from pydantic_core import from_json

    if isinstance(value, Mapping):
        for name, inner in sorted(value.items(), key=lambda item: item[0] not in _FIRST):
            if name not in _HIDDEN:
                yield from _texts(inner, shown=name in _READ or name.startswith(("buttonTitle", "actionTitle")))
    elif isinstance(value, list) and (post := _post(value)) is not None:
        yield post
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, shown=shown)
    elif isinstance(value, str):
        if value[:1] in ("{", "["):
            try:
                inside = from_json(value)
            except ValueError:
                inside = None
            if isinstance(inside, dict | list):
                yield from _texts(inside, shown=shown)
                return
        if shown:
            yield value


def _post(value: list[Any]) -> str | None:
    """The lines of a rich text of Feishu's, whose pieces stand side by side; None of anything else."""
    lines = [line for line in value if isinstance(line, list) and line]
    pieces = [piece for line in lines for piece in line]
    if len(lines) < len(value) or not all(isinstance(one, Mapping) and one.get("tag") in _PIECES for one in pieces):
        return None
    return "\n".join("".join(map(_piece, line)) for line in lines) if lines else None


def _piece(piece: Mapping[str, Any]) -> str:
    tag, text = piece["tag"], str(piece.get("text", ""))
    if tag == "at":
        return f"@{piece.get('user_name') or piece.get('user_id')}"
    if tag == "a":
        return f"{text} ({piece.get('href')})"
    if tag == "emotion":
        return f":{piece.get('emoji_type')}:"
    return "[image]" if tag == "img" else text
