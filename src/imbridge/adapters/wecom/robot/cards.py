"""The shared card model as Markdown, for cards that are no template card of a robot. Pure.

Those need a page to open and hold little plain text. In Markdown, buttons that open a page are links; a robot is told
of no clicks.
"""

from imbridge.protocol import Button, Card, DatePicker, Degradation, Image, Input, Loss, Note, Select
from imbridge.rendering.cards.blocks import block, link, literal, one_line, parts_of

_NO_CLICKS = "a group robot is told of no clicks"


def card_markdown(card: Card) -> tuple[str, list[Degradation]]:
    """What the card says, and what of it cannot be there."""
    blocks = [f"### {literal(one_line(card.title))}"] if card.title else []
    lost: set[str] = set() if card.color == "default" else {"color"}
    row: list[str] = []
    for part in parts_of(card):
        if isinstance(part, Button) and part.url:
            row.append(link(part.text, part.url))
            continue
        if row:
            blocks.append("  ".join(row))
            row = []
        if isinstance(part, Button | Select | Input | DatePicker):
            lost.add(part.type)
            continue
        if isinstance(part, Image | Note):
            lost.add(part.type)
        blocks.append(literal(part.as_text()) if isinstance(part, Image) else block(part))
    if row:
        blocks.append("  ".join(row))
    text = "\n\n".join(block for block in blocks if block) or literal(card.as_text())
    return text, [_lost(word) for word in sorted(lost)]


def _lost(word: str) -> Degradation:
    if word == "image":
        return Degradation(
            loss=Loss.AS_TEXT, what="image", how="text", why="a robot's card shows no picture that is sent with it"
        )
    if word == "note":
        return Degradation(loss=Loss.AS_TEXT, what="note", how="text", why="WeCom's Markdown has no small print")
    why = "WeCom's Markdown has no colours of headlines" if word == "color" else _NO_CLICKS
    return Degradation(loss=Loss.DROPPED, what=word, how="left out", why=why)
