"""The part of Markdown that WeCom shows. Pure.

Source: developer.work.weixin.qq.com, "send messages of an app" (path/90236), markdown: headings, bold, links, code
within a line, quotes, and `<font color="info|comment|warning">`. Everything else is shown as it was typed.
"""

from imbridge.adapters.markdown_dialect import ALL, without


def shown(text: str) -> tuple[str, dict[str, str]]:
    """The text as WeCom can show it, and what became of what it cannot: `{"table": "lines of text"}`."""
    return without(text, ALL)
