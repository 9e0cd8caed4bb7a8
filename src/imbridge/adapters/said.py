"""What a received message says, of elements that name us and quote others."""

from collections.abc import Sequence

from imbridge.protocol import Element, Mention, Quote, Text

GAPS = " \u2005\u00a0\t\n"
"""What clients write behind a mention."""


def said(elements: Sequence[Element]) -> str:
    """The text for a skill: without what is quoted, and without the call of us that it begins with."""
    own = [element for element in elements if not isinstance(element, Quote)]
    while own and isinstance(own[0], Text) and not own[0].text.strip(GAPS):
        own.pop(0)
    if own and isinstance(own[0], Mention) and own[0].is_self:
        return joined(own[1:]).lstrip(GAPS)
    return joined(own)


def typed(elements: Sequence[Element]) -> str:
    """The text as it was typed: without what is quoted."""
    return joined([element for element in elements if not isinstance(element, Quote)])


def joined(elements: Sequence[Element]) -> str:
    """All of them as text."""
    return elements[0].as_text() if len(elements) == 1 else "".join(element.as_text() for element in elements)
