"""What stands within lines, as a person would type it."""

from collections.abc import Sequence

from imbridge.rendering.markdown.tree import Break, Code, Image, Inline, Link, Text


def said(inlines: Sequence[Inline]) -> str:
    """The text without its marks; a link with its address behind it."""
    return "".join(map(_said, inlines))


def _said(inline: Inline) -> str:
    if isinstance(inline, Text | Code):
        return inline.text
    if isinstance(inline, Break):
        return "\n"
    if isinstance(inline, Image):
        return _with_address(inline.alt, inline.url)
    text = said(inline.children)
    if isinstance(inline, Link):
        return _with_address(text, inline.url.removeprefix("mailto:"))
    return text


def _with_address(text: str, url: str) -> str:
    return f"{text} ({url})" if text and url and text != url else url or text
