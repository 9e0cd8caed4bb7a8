"""A text that grows, as a stream of QQ shows it: what was shown once must stand at the beginning of all that follows.

So a piece whose reading depends on what comes after it (an underscore that may begin italics, the head of a table, half
a tag) is held back until that is known. Pure.
"""

import re

from imbridge.adapters.markdown_dialect import settled, without
from imbridge.adapters.qq.sent.markdown import MISSING
from imbridge.adapters.qq.sent.mentions import unread

_HALF_A_TAG = re.compile(r"<(?:/?[A-Za-z-]{0,9})\Z")
_MARKUP = re.compile(
    r"""(?P<mark>\\(?=[!-/:-@\[-`{-~])|`|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!@?]))
    |(?P<star>\*)
    |(?<=~)(?P<strike>~)
    |(?<=\])(?P<link>\()
    |(?P<row>^[ \t]*[|:][ \t|:]*-)
    |(?P<start>^[ ]{0,3}(?:\#{1,6}(?=[ \t]|$)|>|\+(?=[ \t]|$)|-(?=[- \t|:]|$)|=(?=[= \t]|$)))
    |(?P<number>^[ ]{0,3}\d{1,9}[.)](?=[ \t]|$))""",
    re.VERBOSE | re.MULTILINE,
)
_OPEN = "\\*_"
_START = re.compile(r"[ ]{0,3}(?:\#{1,6}|[-+=]|\d{1,9}[.)])")
"""At the end of a text, and at the end that is a whole line: what has to be followed by something before it is known
whether it is markup."""


class GrowingText:
    """One text that grows.

    Attributes:
        held: The end of it that is held back.
    """

    def __init__(self, *, markdown: bool) -> None:
        """Nothing yet; without `markdown` nothing in it is markup."""
        self._markdown = markdown
        self._known = 0
        self.held = ""

    def written(self, text: str, *, last: bool) -> str:
        """What to show of it, as Markdown.

        Args:
            text: All of it so far.
            last: Nothing follows, so nothing is held back.
        """
        # What was known once stays known, also where code now seems to begin before it.
        self._known = len(text) if last else max(self._known, _known(text, markdown=self._markdown))
        head = text[: self._known]
        self.held = text[len(head) :]
        return unread(without(head, MISSING, growing=True)[0] if self._markdown else _literal(head))


def _known(text: str, *, markdown: bool) -> int:
    """Characters whose reading does not depend on what follows."""
    half = _HALF_A_TAG.search(text)
    end = len(text) if half is None else half.start()
    if markdown:
        return min(settled(text, MISSING), end)
    known = text[:end].rstrip(_OPEN)
    line = known.rfind("\n") + 1
    return line if _START.fullmatch(known, line) else len(known)


def _literal(text: str) -> str:
    """Plain text as Markdown that says the same; what is escaped depends on what stands before, and one character on.

    `plain_markdown.as_markdown` escapes less, for it can look at the whole text.
    """
    return _MARKUP.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    mark, kind = found[0], found.lastgroup
    if kind == "star":
        before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
        line = found.string.rfind("\n", 0, found.start()) + 1
        begins = not found.string[line : found.start()].strip(" ")
        return mark if before.isspace() and after.isspace() and not begins else f"\\{mark}"
    at = len(mark) - len(mark.lstrip(" ")) if kind == "start" else len(mark) - 1
    return f"{mark[:at]}\\{mark[at:]}"
