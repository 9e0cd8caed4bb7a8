"""A text that grows, as a stream of QQ shows it: what was shown once must stand at the beginning of all that follows.

So a piece whose reading depends on what comes after it (an underscore that may begin italics, the head of a table, half
a tag) is held back until that is known. Pure.
"""

from imbridge.adapters.plain_markdown import as_markdown
from imbridge.adapters.qq.sent.markdown import C2C
from imbridge.rendering.markdown import parse, settled, settled_literal, write


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
        known = settled(text) if self._markdown else settled_literal(text)
        self._known = len(text) if last else max(self._known, known)
        head = text[: self._known]
        self.held = text[len(head) :]
        if not self._markdown:
            return as_markdown(head, C2C)
        return write(parse(head, growing=True), C2C, growing=not last).text
