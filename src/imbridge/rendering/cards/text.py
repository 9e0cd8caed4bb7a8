"""A card of the shared model as Markdown with numbered choices, for accounts that cannot show it as a card. Pure."""

from dataclasses import dataclass

from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Degradation,
    Element,
    Fields,
    Image,
    Input,
    Loss,
    Markdown,
    Note,
    Select,
    Table,
    Text,
)
from imbridge.rendering.cards.blocks import block, label, one_line, parts_of, picture
from imbridge.rendering.cards.choices import HOW, Choice, numbered
from imbridge.rendering.markdown.literal import escaped


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card says as text.

    Attributes:
        markdown: Its text.
        choices: What can be chosen by its number.
        degradations: What is otherwise than meant, beside the card being text.
    """

    markdown: str
    choices: tuple[Choice, ...] = ()
    degradations: tuple[Degradation, ...] = ()


def card_text(card: Card, why: str, *, answered: bool = True, begun: int = 0) -> CardText:
    """What a card says, and what can be chosen in it.

    Args:
        card: The card. Of one in the platform's own JSON its text is all there is, and it offers nothing.
        why: Why it is text, for people.
        answered: Somebody's answer is heard: else nothing has a number, and there are no choices.
        begun: How many choices stand before it in the same message.
    """
    if card.content:
        return CardText(card.as_text())
    blocks = [f"**{literal(one_line(card.title))}**"] if card.title.strip() else []
    choices = [Choice("", "")] * begun
    lost: dict[tuple[str, str], None] = {}
    if card.text:
        blocks = [card.text]
    was_button = False
    for part in parts_of(card):
        is_button = isinstance(part, Button) and not part.url
        if isinstance(part, Button) and part.url:
            said = f"[{label(part.text)}]({part.url})"
        elif isinstance(part, Button | Select) and not answered:
            said = literal(part.as_text())
            lost[part.type, "text"] = None
        elif isinstance(part, Button | Select | Input | DatePicker):
            said = numbered(part, choices, literal)
            lost[part.type, HOW if isinstance(part, Button | Select) else "text"] = None
        else:
            said = "" if card.text else _shown(part)
        if is_button and was_button:
            blocks[-1] += f"\n{said}"
        elif said.strip():
            blocks.append(said)
        was_button = is_button
    told = tuple(Degradation(loss=Loss.AS_TEXT, what=what, how=how, why=why) for what, how in lost)
    return CardText("\n\n".join(blocks) or literal(card.as_text()), tuple(choices[begun:]), told)


def literal(text: str) -> str:
    """The text in Markdown so that nothing in it is markup."""
    return "\n".join(escaped(line, True, lambda mark: f"\\{mark}") for line in text.split("\n"))


def _shown(part: Element) -> str:
    if isinstance(part, Image):
        return picture(part) if part.key.startswith(("https://", "http://")) else literal(part.as_text())
    if isinstance(part, Fields):
        return "\n".join(f"- **{literal(one_line(name))}**: {literal(one_line(value))}" for name, value in part.rows)
    if isinstance(part, Note):
        return "\n".join(f"> {literal(line)}" for line in part.text.split("\n"))
    if isinstance(part, Table):
        return block(Table(columns=tuple(map(literal, part.columns)), rows=tuple(_literal(row) for row in part.rows)))
    if isinstance(part, Text):
        return literal(part.text)
    return part.text if isinstance(part, Markdown) else block(part)


def _literal(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(literal, row))
