"""Markdown as plain text, for platforms and places that show no markup."""

import re

from imbridge.protocol import Element, Markdown
from imbridge.rendering.markdown import parse, plain

_MARKUP = re.compile(r"[*_`~\[\]<>|\\&#]|^[ \t]*(?:[-+=]|\d{1,9}[.)])|^(?: {4}|\t)", re.MULTILINE)


def to_plain(text: str) -> str:
    """A Markdown text without its markup and with everything that it says; see `imbridge.rendering.markdown.plain`."""
    return text if _MARKUP.search(text) is None else plain(parse(text))


def as_plain(element: Element) -> str:
    """What an element says where there is no markup."""
    return to_plain(element.text) if isinstance(element, Markdown) else element.as_text()
