"""Markdown as an account's messages show it, and what is told of it."""

from collections.abc import Mapping

from imbridge.protocol import Degradation, Loss
from imbridge.rendering.markdown import Dialect, Written, parse, write


def shown(text: str, *dialects: Dialect) -> Written:
    """A Markdown text in the first of these that shows all of it, else in the one that changes least."""
    return write(parse(text), *dialects)


def told(changed: Mapping[str, str], why: str) -> list[Degradation]:
    """What became of what a dialect does not show, for the receipt."""
    return [Degradation(loss=Loss.SIMPLIFIED, what=what, how=how, why=why) for what, how in changed.items()]
