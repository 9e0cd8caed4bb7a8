"""The shared card model as Markdown with buttons, or as Markdown with numbered lines. Pure.

QQ's bots have no cards; Markdown with a keyboard below it comes nearest. It has nothing to type into, and nothing of it
can be changed once it is sent. Source: bot.q.qq.com, "message buttons", "Markdown".
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.qq.sent.keyboards import MOST_BUTTONS, keyboard
from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Degradation,
    Image,
    Input,
    Loss,
    Select,
)
from imbridge.rendering.cards import HOW, Choice, numbered
from imbridge.rendering.cards.blocks import block, link, literal, one_line, parts_of, with_images
from imbridge.rendering.cards.sorting import clicks, sort

_PLATFORM = "QQ"
_ONLY_BUTTONS = "below a message of QQ there are buttons and nothing else"
NO_BUTTONS = "this bot may not send buttons"
_TOO_MANY = f"there is room for {MOST_BUTTONS} buttons below a message"


@dataclass(slots=True)
class CardMessage:
    """What a card says as a message.

    Attributes:
        markdown: Its text.
        keyboard: Its buttons; None when it has none.
        degradations: What is shown otherwise than meant.
        choices: What can be chosen by a number in it.
    """

    markdown: str
    keyboard: dict[str, Any] | None = None
    degradations: tuple[Degradation, ...] = field(default_factory=tuple)
    choices: tuple[Choice, ...] = ()


def card_messages(card: Card, seal: Seal = NOT_SEALED) -> list[CardMessage]:
    """A card of the model in the forms that there are, best first: with buttons, and with numbered lines.

    Args:
        card: The model.
        seal: What seals its buttons for the chat that it goes to.
    """
    card = with_images(card, _that_can_be_shown)
    found = sort(card, _PLATFORM)
    kept = [one for one in found.degradations if one.what != "confirm"]
    buttons = clicks(found, _ONLY_BUTTONS)
    if any(click.style == "danger" for click in buttons):
        found.degrade(Loss.DROPPED, "style", "left out", "buttons of QQ are grey or blue")
    if not buttons:
        text = _with_headline(found.title, found.blocks)
        return [CardMessage(text or literal(card.as_text()), None, tuple(found.degradations))]
    if len(buttons) > MOST_BUTTONS:
        return [_numbered_lines(card, kept, _TOO_MANY)]
    # A keyboard stands below a text, so there has to be one.
    text = _with_headline(found.title, found.blocks) or literal(card.text) or "👇"
    return [
        CardMessage(text, keyboard(buttons, seal), tuple(found.degradations)),
        _numbered_lines(card, kept, NO_BUTTONS),
    ]


def _numbered_lines(card: Card, kept: list[Degradation], why: str) -> CardMessage:
    """Without buttons: what can be chosen has numbers, so that somebody can answer with one."""
    told: dict[tuple[str, str], None] = {}
    blocks: list[str] = []
    choices: list[Choice] = []
    is_list = False
    for part in parts_of(card):
        was_list, is_list = is_list, False
        if isinstance(part, Button) and part.url:
            said, told["button", "links"] = link(part.text, part.url), None
        elif isinstance(part, Button | Select | Input | DatePicker):
            said = numbered(part, choices)
            is_list = isinstance(part, Button)
            told[part.type, HOW if isinstance(part, Button | Select) else "text"] = None
        else:
            said = block(part)
        if is_list and was_list:
            blocks[-1] += f"\n{said}"
        else:
            blocks.append(said)
    text = _with_headline(card.title, blocks) or literal(card.as_text())
    lost = [
        Degradation(loss=Loss.SIMPLIFIED if how == "links" else Loss.AS_TEXT, what=what, how=how, why=why)
        for what, how in told
    ]
    return CardMessage(text, None, (*kept, *lost), tuple(choices))


def _with_headline(title: str, blocks: Iterable[str]) -> str:
    said = [f"## {literal(one_line(title))}"] if title.strip() else []
    return "\n\n".join([*said, *(text for text in blocks if text.strip())])


def _that_can_be_shown(image: Image) -> Image:
    """A picture in Markdown has an address; one that has none is told by its name."""
    place = image.url or image.key
    return Image(key=place if place.startswith(("https://", "http://")) else "", alt=image.alt)
