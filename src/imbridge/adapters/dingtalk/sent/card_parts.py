"""The shared card model, sorted by what a card of DingTalk has room for. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from imbridge.adapters.dingtalk.sent.action_cards import NO_ADDRESS, NO_COLOR, NO_QUESTION, picture
from imbridge.adapters.plain_markdown import as_markdown
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
    Note,
    Select,
    Table,
    Text,
)

_BAR = re.compile(r"(?<!\\)\|")
Field = Select | Input | DatePicker


@dataclass(slots=True)
class Sorted:
    """What a card holds.

    Attributes:
        title: Its headline.
        blocks: Pieces of Markdown, in order.
        buttons: What can be clicked, in order; those of forms are among them.
        fields: What is chosen, typed or picked; with whether it is in a form.
        degradations: What is shown otherwise than meant.
    """

    title: str
    blocks: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    fields: list[tuple[Field, bool]] = field(default_factory=list)
    degradations: list[Degradation] = field(default_factory=list)

    @property
    def markdown(self) -> str:
        """All of its text."""
        return "\n\n".join(block for block in self.blocks if block.strip())

    def degrade(self, what: str, how: str, why: str) -> None:
        """Note, once, that something is shown otherwise."""
        note = Degradation(what=what, how=how, why=why)
        if note not in self.degradations:
            self.degradations.append(note)


def sort(card: Card) -> Sorted:
    """Take a card apart."""
    out = Sorted(card.title)
    if card.color != "default":
        out.degrade("color", "left out", NO_COLOR)
    _sort(card.body, out, in_form=False)
    return out


def calls_back(card: Card) -> bool:
    """Whether something in a card of the model tells us what somebody does."""
    found = sort(card)
    return bool(found.fields) or any(not button.url for button in found.buttons)


def _sort(parts: Iterable[Element], out: Sorted, *, in_form: bool) -> None:
    for part in parts:
        if isinstance(part, Form):
            _sort(part.body, out, in_form=True)
        elif isinstance(part, Button):
            out.buttons.append(part)
            if part.confirm:
                out.degrade("confirm", "left out", NO_QUESTION)
        elif isinstance(part, Select | Input | DatePicker):
            out.fields.append((part, in_form))
        else:
            out.blocks.append(_block(part, out))


def _block(part: Element, out: Sorted) -> str:
    if isinstance(part, Markdown):
        return part.text
    if isinstance(part, Fields):
        return "\n".join(f"**{as_markdown(name)}**: {as_markdown(value)}" for name, value in part.rows)
    if isinstance(part, Table):
        head, *rows = (f"| {' | '.join(map(_cell, row))} |" for row in (part.columns, *part.rows))
        return "\n".join((head, "|" + " --- |" * len(part.columns), *rows))
    if isinstance(part, Divider):
        return "---"
    if isinstance(part, Note):
        return "\n".join(f"> {as_markdown(line)}" for line in part.text.split("\n"))
    if isinstance(part, Image):
        if part.key:
            return picture(part)
        out.degrade("image", "text", NO_ADDRESS)
    return as_markdown(part.text if isinstance(part, Text) else part.as_text())


def _cell(text: str) -> str:
    return _BAR.sub(r"\\|", as_markdown(text).replace("\n", "<br>"))
