"""A card of the shared model as Markdown with numbered choices, for accounts that cannot show it as a card. Pure."""

from dataclasses import dataclass

from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Degradation,
    Element,
    Image,
    Input,
    Loss,
    Select,
)
from imbridge.rendering.cards.blocks import block, link, literal, one_line, parts_of
from imbridge.rendering.cards.choices import HOW, Choice, numbered
from imbridge.rendering.markdown.healing import with_code_ended


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
        blocks = [with_code_ended(card.text)]
    was_button = False
    for part in parts_of(card):
        is_button = isinstance(part, Button) and not part.url
        if isinstance(part, Button) and part.url:
            said = link(part.text, part.url)
        elif isinstance(part, Button | Select) and not answered:
            said = literal(part.as_text())
            lost[part.type, "text"] = None
        elif isinstance(part, Button | Select | Input | DatePicker):
            said = numbered(part, choices)
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


def _shown(part: Element) -> str:
    """A picture is one where it can be fetched by its address."""
    if isinstance(part, Image) and not part.key.startswith(("https://", "http://")):
        return literal(part.as_text())
    return block(part)
