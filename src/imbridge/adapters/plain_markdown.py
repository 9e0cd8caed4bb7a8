"""Plain text as Markdown that says the same.

For messages that are Markdown, whatever they hold: a smart bot's answers in WeCom, cards in DingTalk. What would be
taken for markup gets a backslash, and nothing else does: that the clients take one for an escape, as CommonMark has it,
is not documented.
"""

import re

_MARKUP = re.compile(
    r"""(?P<escape>\\(?=[!-/:-@\[-`{-~]))
    |(?P<code>`)
    |(?P<star>\*)
    |(?P<line>(?<![^\W_])_|_(?![^\W_]))
    |(?P<strike>~~)
    |(?P<bracket>\[(?=[^\[\]\n]*\]\())
    |(?P<tag><(?=[A-Za-z/!@?]))
    |(?P<table>\|)
    |(?P<start>^[ ]{0,3}(?:\#{1,6}(?=[ \t]|$)|>|[-+](?=[ \t]|$)|-{2,}[ \t]*$|={1,}[ \t]*$))
    |(?P<number>^[ ]{0,3}\d{1,9}[.)](?=[ \t]|$))""",
    re.VERBOSE | re.MULTILINE,
)

_DELIMITERS = re.compile(r"^[ \t|:]*+-[ \t|:-]*+$", re.MULTILINE)
"""The line below a table's head."""


def as_markdown(text: str) -> str:
    """The text with everything escaped that Markdown would read as markup."""
    has_table = "|" in text and _DELIMITERS.search(text) is not None
    return _MARKUP.sub(lambda found: _escaped(found, has_table=has_table), text)


def _escaped(found: re.Match[str], *, has_table: bool) -> str:
    mark, kind = found[0], found.lastgroup
    if kind == "star":
        before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
        if (not before or before.isspace()) and after.isspace() and not _begins_line(found):
            return mark  # a multiplication: it opens nothing, and closes nothing
    if kind == "table" and not has_table:
        return mark
    if kind == "strike":
        return "\\~\\~"
    if kind in ("start", "number"):
        at = len(mark) - 1 if kind == "number" else len(mark) - len(mark.lstrip(" "))
        return f"{mark[:at]}\\{mark[at:]}"
    return f"\\{mark}"


def _begins_line(found: re.Match[str]) -> bool:
    start = found.string.rfind("\n", 0, found.start()) + 1
    return not found.string[start : found.start()].strip(" ")
