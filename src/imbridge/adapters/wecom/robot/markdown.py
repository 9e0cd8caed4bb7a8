"""Which of a robot's two kinds of Markdown a text needs. Pure.

Source: developer.work.weixin.qq.com, path/99110. `markdown` knows headings, bold, links, inline code, quotes, font
colours and `<@userid>`; `markdown_v2` knows italics, lists, nested quotes, images, rules, fenced code and tables too,
but neither colours nor mentions, and clients before 4.1.36 (Android: 4.1.38) show it as plain text.
"""

import re

from imbridge.adapters.wecom.sent.markdown import shown

_USERID = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
USERID = re.compile(_USERID)
_ANY_AT = re.compile(r"<@")
_OTHER_AT = re.compile(rf"<@(?!{_USERID}>)|<@(?=all>)", re.IGNORECASE)
_NOT_IN_V2 = re.compile(rf"<@{_USERID}>|<font\s", re.IGNORECASE)
_ONLY_IN_V2 = re.compile(
    r"""^[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]++\S  # a list
    |^[ \t]{0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*+$  # a rule
    |^[ \t]{0,3}>[ \t]*+>  # a quote in a quote""",
    re.MULTILINE | re.VERBOSE,
)
_NOT_EVEN_IN_V2 = frozenset({"strikethrough"})
_ZERO_WIDTH = "\u200b"


def without_mentions(text: str) -> str:
    """A text in which the platform finds nobody to call: an invisible character after each `<` that an `@` follows."""
    return _ANY_AT.sub(f"<{_ZERO_WIDTH}@", text)


def written(markdown: str) -> tuple[str, str, dict[str, str]]:
    """How a Markdown text goes: the kind, the text, and what became of what that kind cannot show.

    `<@userid>` in it calls that member, and `<@all>` calls nobody: everybody is called by a `MentionAll` only. Somebody
    who is to be called is called, and what is to be coloured is coloured, whatever else the text holds: `markdown_v2`
    could do neither.
    """
    basic, changed = shown(markdown)
    beyond = not _NOT_EVEN_IN_V2.issuperset(changed) or _ONLY_IN_V2.search(markdown) is not None
    if beyond and not _NOT_IN_V2.search(markdown):
        return "markdown_v2", without_mentions(markdown), {}
    return "markdown", _OTHER_AT.sub(f"<{_ZERO_WIDTH}@", basic), changed
