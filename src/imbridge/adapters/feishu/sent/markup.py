"""Text that goes where Feishu reads markup: nobody is mentioned by what somebody else typed."""

import re

# What the platform's Markdown reads as markup; its page on rich text lists the entities.
_SPECIAL = re.compile(r"[<>*~\[\]()#`_|\\&:$!+\-]")
_AT_TAG = re.compile(r"<(?=/?\s*at\b)", re.IGNORECASE)
_ZERO_WIDTH = "\u200b"


def escape(text: str) -> str:
    """Text in which the platform's Markdown finds no markup at all."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", text)


def without_mentions(text: str) -> str:
    """Make `<at ...>` inert where text cannot be literal, by an invisible character after the `<`."""
    return _AT_TAG.sub(f"<{_ZERO_WIDTH}", text)
