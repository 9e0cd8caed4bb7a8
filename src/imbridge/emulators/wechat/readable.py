"""What a person reads of a message, as plain text."""

from typing import Any


def readable(kind: str, body: dict[str, Any]) -> str:
    """The text of a message in the API's form (`{"content": ...}` of a text); `[kind]` for what has none."""
    if kind == "text":
        return str(body.get("content", ""))
    return f"[{kind}]"
