"""What is in a card of the shared model, as Markdown in which the card's own texts are literal. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from imbridge.protocol import Card, Divider, Element, Fields, Form, Image, Markdown, Note, Table, Text
from imbridge.rendering.markdown.dialect import address
from imbridge.rendering.markdown.healing import with_code_ended
from imbridge.rendering.markdown.literal import escaped

_BAR = re.compile(r"(?<!\\)\|")


def parts_of(card: Card) -> Iterator[Element]:
    """What it shows, in order, with what is in its forms."""
    for part in card.body:
        if isinstance(part, Form):
            yield from part.body
        else:
            yield part


def with_images(card: Card, shown: Callable[[Image], Element]) -> Card:
    """The same card with something in the place of each picture, also of those in its forms."""

    def known(part: Any) -> Any:
        if isinstance(part, Form):
            return part.model_copy(update={"body": tuple(map(known, part.body))})
        return shown(part) if isinstance(part, Image) else part

    return card.model_copy(update={"body": tuple(map(known, card.body))})


def block(part: Element) -> str:
    """One part that is only looked at; of a picture without a key, what it is called."""
    if isinstance(part, Markdown):
        return with_code_ended(part.text)
    if isinstance(part, Fields):
        return "\n".join(f"**{literal(one_line(name))}**: {literal(one_line(value))}" for name, value in part.rows)
    if isinstance(part, Table):
        head, *rows = (f"| {' | '.join(map(_cell, row))} |" for row in (part.columns, *part.rows))
        return "\n".join((head, "|" + " --- |" * len(part.columns), *rows))
    if isinstance(part, Divider):
        return "---"
    if isinstance(part, Note):
        return "\n".join(f"> {literal(line)}" for line in part.text.split("\n"))
    if isinstance(part, Image) and part.key:
        return picture(part)
    return literal(part.text if isinstance(part, Text) else part.as_text())


def literal(text: str) -> str:
    """The text in Markdown so that nothing in it is markup."""
    return "\n".join(escaped(line, True, lambda mark: f"\\{mark}") for line in text.split("\n"))


def one_line(text: str) -> str:
    """The text with each gap as one space."""
    return " ".join(text.split())


def picture(image: Image) -> str:
    """A picture in Markdown: its key is an address or a media id."""
    return f"![{label(image.alt)}]({image.key})"


def link(text: str, url: str) -> str:
    """A page to open, in Markdown."""
    return f"[{literal(label(text))}]({address(url)})"


def label(text: str) -> str:
    """A text for the brackets of a link."""
    return one_line(text).translate({ord("["): "(", ord("]"): ")"})


def _cell(text: str) -> str:
    return _BAR.sub(r"\\|", literal(one_line(text)))
