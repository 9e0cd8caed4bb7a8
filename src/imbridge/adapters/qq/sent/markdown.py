"""The part of Markdown that QQ shows. Pure.

Source: bot.q.qq.com, "Markdown": headings, bold, italics, strikethrough, links, pictures, lists, quotes, rules. Clients
show code as well; tables they do not, so these become lines.
"""

from imbridge.adapters.markdown_dialect import without

MISSING = frozenset({"table"})


def shown(text: str) -> tuple[str, dict[str, str]]:
    """The text as QQ can show it, and what became of what it cannot: `{"table": "lines of text"}`."""
    return without(text, MISSING)
