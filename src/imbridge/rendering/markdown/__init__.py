"""Markdown: one tree, written as each platform's Markdown, or as plain text."""

from imbridge.rendering.markdown.dialect import EVERYTHING, FEATURES, SOURCE, Dialect
from imbridge.rendering.markdown.healing import heal
from imbridge.rendering.markdown.parsing import is_plain, parse
from imbridge.rendering.markdown.plain import plain
from imbridge.rendering.markdown.settled import settled, settled_literal
from imbridge.rendering.markdown.tree import Document
from imbridge.rendering.markdown.writing import Written, write

__all__ = [
    "EVERYTHING",
    "FEATURES",
    "SOURCE",
    "Dialect",
    "Document",
    "Written",
    "heal",
    "is_plain",
    "parse",
    "plain",
    "settled",
    "settled_literal",
    "write",
]
