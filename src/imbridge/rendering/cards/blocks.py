"""What is in a card of the shared model, as Markdown, for platforms whose own cards are none. Pure."""

from collections.abc import Iterator

from imbridge.protocol import (
    Card,
    Divider,
    Element,
    Fields,
    Form,
    Image,
    Markdown,
    Table,
)


def parts_of(card: Card) -> Iterator[Element]:
    """What it shows, in order, with what is in its forms."""
    for part in card.body:
        if isinstance(part, Form):
            yield from part.body
        else:
            yield part


def block(part: Element) -> str:
    """One part that is only looked at."""
    if isinstance(part, Markdown):
        return part.text
    if isinstance(part, Fields):
        return "\n".join(f"> {one_line(name)}: {one_line(value)}" for name, value in part.rows)
    if isinstance(part, Table):
        rows = [part.columns, (":--",) * len(part.columns), *part.rows]
        return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)
    if isinstance(part, Divider):
        return "---"
    return part.as_text()


def one_line(text: str) -> str:
    """The text with each gap as one space."""
    return " ".join(text.split())


def picture(image: Image) -> str:
    """A picture in Markdown: its key is an address or a media id."""
    return f"![{label(image.alt)}]({image.key})"


def label(text: str) -> str:
    """A text for the brackets of a link."""
    return one_line(text).translate({ord("["): "(", ord("]"): ")"})


def _cell(text: str) -> str:
    return one_line(text).replace("|", "｜")
