"""The shared card model as Markdown, for cards that are no template card of a robot. Pure.

Those need a page to open and hold little plain text. In Markdown, buttons that open a page are links; a robot is told
of no clicks.
"""

from collections.abc import Iterator

from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Degradation,
    Divider,
    Element,
    Fields,
    Form,
    Image,
    Input,
    Markdown,
    Select,
    Table,
)

_NO_CLICKS = "a group robot is told of no clicks"


def card_markdown(card: Card) -> tuple[str, list[Degradation]]:
    """What the card says, and what of it cannot be there."""
    blocks = [f"### {_line(card.title)}"] if card.title else []
    lost: set[str] = set()
    row: list[str] = []
    for part in _parts(card):
        if isinstance(part, Button) and part.url:
            row.append(f"[{_line(part.text)}]({part.url})")
            continue
        if row:
            blocks.append("  ".join(row))
            row = []
        if isinstance(part, Button | Select | Input | DatePicker):
            lost.add(part.type)
            continue
        if isinstance(part, Image):
            lost.add("image")
        blocks.append(_block(part))
    if row:
        blocks.append("  ".join(row))
    text = "\n\n".join(block for block in blocks if block) or card.as_text()
    return text, [_lost(word) for word in sorted(lost)]


def _parts(card: Card) -> Iterator[Element]:
    for part in card.body:
        if isinstance(part, Form):
            yield from part.body
        else:
            yield part


def _block(part: Element) -> str:
    if isinstance(part, Markdown):
        return part.text
    if isinstance(part, Fields):
        return "\n".join(f"> {_line(name)}: {_line(value)}" for name, value in part.rows)
    if isinstance(part, Table):
        rows = [part.columns, (":--",) * len(part.columns), *part.rows]
        return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)
    if isinstance(part, Divider):
        return "---"
    return part.as_text()


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "｜")


def _lost(word: str) -> Degradation:
    if word == "image":
        return Degradation(what="image", how="text", why="a robot's card shows no picture that is sent with it")
    return Degradation(what=word, how="left out", why=_NO_CLICKS)
