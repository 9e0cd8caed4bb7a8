"""Plain text as Markdown that says the same, for messages that are Markdown whatever they hold."""

from imbridge.protocol import Text
from imbridge.rendering import Dialect
from imbridge.rendering.markdown import EVERYTHING
from imbridge.rendering.message import written


def as_markdown(text: str, dialect: Dialect = EVERYTHING) -> str:
    """The text with everything escaped that Markdown would read as markup.

    Args:
        text: What a person is to read.
        dialect: Whose Markdown is written; left out, it is Markdown that is written in a dialect later.
    """
    return written((Text(text),), dialect).text
