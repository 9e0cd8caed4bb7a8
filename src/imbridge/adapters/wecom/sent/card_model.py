"""The shared card model, sorted by what a template card has room for."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from imbridge.adapters.card_seals import NOT_SEALED, Seal
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
    Loss,
    Markdown,
    Note,
    Select,
    Table,
    Text,
)
from imbridge.rendering.plain import to_plain

MOST_ROWS = 6


@dataclass(slots=True)
class Sorted:
    """What a card holds, in order within each sort.

    Attributes:
        title: Its headline.
        lines: Texts; what has no place of its own is among them.
        rows: Facts by name.
        buttons: Buttons that tell us of a click.
        links: Buttons that open a page.
        selects: Choices; with whether it is in a form.
        images: Pictures.
        seal: What seals its buttons and options.
        degradations: What could not be shown as it was meant.
    """

    title: str
    lines: list[str] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    links: list[Button] = field(default_factory=list)
    seal: Seal = NOT_SEALED
    selects: list[tuple[Select, bool]] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    degradations: list[Degradation] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line for line in self.lines if line)

    def degrade(self, loss: Loss, what: str, how: str, why: str) -> None:
        """Note that something is shown otherwise."""
        note = Degradation(loss=loss, what=what, how=how, why=why)
        if note not in self.degradations:
            self.degradations.append(note)

    def rows_as_lines(self) -> None:
        """Facts where there is no place for them."""
        self.lines += [f"{name}: {value}" for name, value in self.rows]
        self.rows = []

    def links_as_lines(self) -> None:
        """Pages to open where there is no place for them."""
        self.lines += [f"{link.text}: {link.url}" for link in self.links]
        self.links = []

    def images_as_lines(self, why: str) -> None:
        """Pictures where there is no place for them."""
        for image in self.images:
            self.lines.append(image.as_text())
            self.degrade(Loss.AS_TEXT, "image", "text", why)
        self.images = []


def sort(card: Card, seal: Seal = NOT_SEALED) -> Sorted:
    """Take a card apart."""
    out = Sorted(card.title, seal=seal)
    if card.color != "default":
        out.degrade(Loss.DROPPED, "color", "left out", "the headlines of WeCom's cards have no colours")
    _sort(card.body, out, in_form=False)
    if len(out.rows) > MOST_ROWS or any("\n" in name + value or not name or not value for name, value in out.rows):
        out.rows_as_lines()
    return out


def _sort(parts: Iterable[Element], out: Sorted, *, in_form: bool) -> None:
    for part in parts:
        if isinstance(part, Form):
            _sort(part.body, out, in_form=True)
        elif isinstance(part, Button):
            (out.links if part.url else out.buttons).append(part)
            if part.confirm:
                out.degrade(Loss.DROPPED, "confirm", "left out", "WeCom's buttons ask no question first")
        elif isinstance(part, Select):
            out.selects.append((part, in_form))
        elif isinstance(part, Image):
            out.images.append(part)
        elif isinstance(part, Fields):
            out.rows += part.rows
        elif isinstance(part, Input | DatePicker):
            out.lines.append(part.as_text())
            out.degrade(Loss.AS_TEXT, part.type, "text", "WeCom's cards have nothing to type into")
        elif isinstance(part, Markdown):
            out.lines.append(to_plain(part.text))
            if out.lines[-1] != part.text:
                out.degrade(Loss.SIMPLIFIED, "markdown", "text without its markup", "WeCom's cards show plain text")
        elif isinstance(part, Divider):
            out.degrade(Loss.DROPPED, "divider", "left out", "WeCom's cards have no lines across")
        else:
            if isinstance(part, Note | Table):
                out.degrade(Loss.AS_TEXT, part.type, "text", "WeCom's cards show plain text")
            out.lines.append(part.text if isinstance(part, Text) else part.as_text())
