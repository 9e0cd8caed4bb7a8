"""What can be chosen in a card that is shown as text: numbered lines, so that somebody can answer with the number."""

from dataclasses import dataclass
from typing import Any

from imbridge.protocol import Button, Card, DatePicker, Input, Select
from imbridge.rendering.cards.blocks import literal, one_line, parts_of

HOW = "numbered choices"
"""What becomes of a button or a select, in the receipt."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them. Its number is its place, from 1.

    Attributes:
        text: What stands beside the number.
        action: The action's name, as of the button or the select.
        value: What comes back with it.
    """

    text: str
    action: str
    value: Any = None


def choices_of(part: Button | Select) -> list[Choice]:
    """What a button or a select offers; each option of a select is sent by itself."""
    if isinstance(part, Button):
        return [Choice(one_line(part.text), part.action or part.text, part.value)]
    return [
        Choice(one_line(option.text), part.name, [option.value] if part.multiple else option.value)
        for option in part.options
    ]


def all_choices(card: Card) -> list[Choice]:
    """What a card of the model offers, in order; what opens a page is none."""
    if card.content:
        return []
    parts = (part for part in parts_of(card) if isinstance(part, Select) or (isinstance(part, Button) and not part.url))
    return [choice for part in parts for choice in choices_of(part)]


def numbered(part: Button | Select | Input | DatePicker, choices: list[Choice]) -> str:
    """The lines of something that can be chosen, numbered on; of what is filled in, its text.

    Args:
        part: The button, or whatever it is.
        choices: What was numbered before; this is added to it.
    """
    if isinstance(part, Input | DatePicker):
        return literal(part.as_text())
    offered = choices_of(part)
    lines = [f"{number}. {literal(one.text)}" for number, one in enumerate(offered, len(choices) + 1)]
    choices += offered
    head = one_line(part.label or part.placeholder) if isinstance(part, Select) else ""
    return "\n".join([literal(head), "", *lines] if head else lines)
