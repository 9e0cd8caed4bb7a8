"""What a person reads of a message, as plain text."""

from typing import Any


def readable(kind: str, body: dict[str, Any]) -> str:
    """The text of a message in the API's form (`{"content": ...}` of a text); `[kind]` for what has none."""
    if kind == "text":
        return str(body.get("content", ""))
    if kind == "msgmenu":
        lines = [str(body.get("head_content", "")), *(str(line.get("content", "")) for line in body.get("list", ()))]
        return "\n".join(line for line in [*lines, str(body.get("tail_content", ""))] if line)
    if kind == "news":
        return "\n".join(_titled(article) for article in body.get("articles", ()))
    title = _titled(body)
    return f"[{kind}] {title}".rstrip()


def _titled(body: dict[str, Any]) -> str:
    parts = (str(body.get(name) or "") for name in ("title", "description", "url"))
    return " ".join(part for part in parts if part)
