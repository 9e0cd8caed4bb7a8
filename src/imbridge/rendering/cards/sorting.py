"""The shared card model, sorted by what a card of text and buttons has room for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Degradation,
    Element,
    Form,
    Image,
    Input,
    Loss,
    Select,
)
from imbridge.rendering.cards.blocks import block, literal
from imbridge.rendering.cards.choices import choices_of

Field = Select | Input | DatePicker


@dataclass(slots=True)
class Sorted:
    """What a card holds.

    Attributes:
        title: Its headline.
        platform: Whose cards these are, for people.
        blocks: Pieces of Markdown, in order.
        buttons: What can be clicked, in order; those of forms are among them.
        fields: What is chosen, typed or picked; with whether it is in a form.
        degradations: What is shown otherwise than meant.
    """

    title: str
    platform: str
    blocks: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    fields: list[tuple[Field, bool]] = field(default_factory=list)
    degradations: list[Degradation] = field(default_factory=list)

    @property
    def markdown(self) -> str:
        """All of its text."""
        return "\n\n".join(block for block in self.blocks if block.strip())

    def degrade(self, loss: Loss, what: str, how: str, why: str) -> None:
        """Note, once, that something is shown otherwise."""
        note = Degradation(loss=loss, what=what, how=how, why=why)
        if note not in self.degradations:
            self.degradations.append(note)


def sort(card: Card, platform: str) -> Sorted:
    """Take a card apart; `platform` is the name that people know."""
    out = Sorted(card.title, platform)
    if card.color != "default":
        out.degrade(Loss.DROPPED, "color", "left out", f"the headlines of {platform}'s cards have no colours")
    _sort(card.body, out, in_form=False)
    return out


def calls_back(card: Card, platform: str) -> bool:
    """Whether something in a card of the model tells us what somebody does."""
    found = sort(card, platform)
    return bool(found.fields) or any(not button.url for button in found.buttons)


@dataclass(frozen=True, slots=True)
class Click:
    """One thing to click on.

    Attributes:
        text: What is written on it.
        action: The action's name.
        value: What comes back with it.
        style: As of `Button`.
        url: A page that it opens instead.
    """

    text: str
    action: str
    value: Any = None
    style: str = "default"
    url: str = ""


def clicks(found: Sorted, why: str) -> list[Click]:
    """All there is to click on, where there are buttons only: each choice is one, other fields become text.

    Args:
        found: The card; texts and degradations are added to it.
        why: Why there are buttons only, for people.
    """
    made: list[Click] = []
    for one, in_form in found.fields:
        if not isinstance(one, Select):
            found.blocks.append(literal(one.as_text()))
            found.degrade(Loss.AS_TEXT, one.type, "text", why)
            continue
        if one.label or one.placeholder:
            found.blocks.append(f"**{literal(one.label or one.placeholder)}**")
        how = "a button for each choice"
        found.degrade(Loss.SIMPLIFIED, "select", f"{how}, each of which is sent by itself" if in_form else how, why)
        if one.multiple:
            found.degrade(Loss.SIMPLIFIED, "select", "one choice at a time", why)
        made += [Click(option.text, option.action, option.value) for option in choices_of(one)]
    made += [
        Click(button.text, button.action or button.text, button.value, button.style, button.url)
        for button in found.buttons
    ]
    return made


def _sort(parts: Iterable[Element], out: Sorted, *, in_form: bool) -> None:
    for part in parts:
        if isinstance(part, Form):
            _sort(part.body, out, in_form=True)
        elif isinstance(part, Button):
            out.buttons.append(part)
            if part.confirm:
                out.degrade(Loss.DROPPED, "confirm", "left out", f"{out.platform}'s buttons ask no question first")
        elif isinstance(part, Select | Input | DatePicker):
            out.fields.append((part, in_form))
        else:
            if isinstance(part, Image) and not part.key:
                out.degrade(Loss.AS_TEXT, "image", "text", f"it has no address that {out.platform} could show")
            out.blocks.append(block(part))
