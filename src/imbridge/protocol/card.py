"""Cards: one small model that each platform's adapter turns into what its clients show."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from imbridge.protocol.element import Element
from imbridge.protocol.media import Image
from imbridge.protocol.model import ProtocolModel
from imbridge.protocol.texts import Markdown, Text

CardColor = Literal["default", "blue", "green", "orange", "red", "purple", "grey"]
Placeholder = Annotated[str, Field(max_length=100)]
"""What a component shows while it is empty: as much as every platform takes (Feishu: 100 characters)."""

_BLANK = "\uff3f" * 3
"""Where something would be filled in, as text: wide underscores, which are no markup anywhere."""
_PICKED = {"date": "%Y-%m-%d", "time": "%H:%M", "datetime": "%Y-%m-%d %H:%M"}


def _no_json(value: Any, where: str) -> str | None:
    """What in a value is no JSON, and where; None when all of it is."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if not isinstance(name, str):
                return f"{where} has the key {name!r}, which is no text"
            if (found := _no_json(one, f"{where}[{name!r}]")) is not None:
                return found
        return None
    if isinstance(value, list | tuple):
        return next((found for n, one in enumerate(value) if (found := _no_json(one, f"{where}[{n}]"))), None)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{where} is {value}"
    if value is None or isinstance(value, str | int | float):
        return None
    return f"{where} is a {type(value).__name__}"


class Fields(Element):
    """Facts by name, in short lines: `Fields({"by": "Alice", "since": "today"})`."""

    type: Literal["fields"] = "fields"
    rows: tuple[tuple[str, str], ...]

    def __init__(self, rows: Mapping[str, Any] | None = None, /, **data: Any) -> None:
        if rows is not None:
            data["rows"] = tuple((name, str(value)) for name, value in rows.items())
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "\n".join(f"{name}: {value}" for name, value in self.rows)


class Table(Element):
    """A table of texts; rows that are shorter than the columns are filled up, longer ones refused."""

    type: Literal["table"] = "table"
    columns: tuple[str, ...] = Field(min_length=1)
    rows: tuple[tuple[str, ...], ...] = ()

    @field_validator("rows")
    @classmethod
    def _filled_up(cls, rows: tuple[tuple[str, ...], ...], info: ValidationInfo) -> tuple[tuple[str, ...], ...]:
        width = len(info.data.get("columns", ()))
        if width and any(len(row) > width for row in rows):
            raise ValueError(f"a row has more cells than the table's {width} columns")
        return tuple((*row, *[""] * (width - len(row))) for row in rows)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "\n".join(" | ".join(row) for row in (self.columns, *self.rows))


class Divider(Element):
    """A line across the card."""

    type: Literal["divider"] = "divider"

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "---"


class Note(Element):
    """Small print."""

    type: Literal["note"] = "note"
    text: str

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text


class Button(Element):
    """A button; buttons that follow one another stand side by side.

    Attributes:
        text: What is written on it, 1 to 100 characters.
        action: Name of the action: `ButtonClicked.action`. The text when left out.
        value: Comes back with the click: any JSON value.
        style: How it looks.
        url: A page to open instead of telling the bot.
        confirm: A question that has to be confirmed first.
        submit: In a form: sends what was filled in.

    Raises:
        ValueError: the value is no JSON; says where in it.
    """

    type: Literal["button"] = "button"
    text: str = Field(min_length=1, max_length=100)
    action: str = ""
    value: Any = None
    style: Literal["default", "primary", "danger"] = "default"
    url: str = ""
    confirm: str = ""
    submit: bool = False

    @field_validator("value")
    @classmethod
    def _is_json(cls, value: Any) -> Any:
        if (found := _no_json(value, "value")) is not None:
            raise ValueError(f"what a button carries has to be JSON, and {found}")
        return value

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[{self.text}]({self.url})" if self.url else f"[{self.text}]"


class Option(ProtocolModel):
    """One choice of a `Select`: what is shown, and what comes back."""

    text: str
    value: str


def _options(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(Option(text=str(text), value=str(chosen)) for chosen, text in value.items())
    if isinstance(value, list | tuple):
        return tuple(Option(text=one, value=one) if isinstance(one, str) else one for one in value)
    return value


class Select(Element):
    """A choice from a list. Outside a form the choice comes back at once, as `ButtonClicked.value`.

    Attributes:
        name: Its name: `ButtonClicked.action`, and its key in a form.
        options: The choices: texts, or `{value: text}`, or `Option`s.
        label: What stands above it.
        placeholder: What it shows before a choice, at most 100 characters.
        initial: Values chosen at the beginning, one unless `multiple`.
        multiple: Several can be chosen; what comes back is then a list.
        required: In a form: something has to be chosen.
    """

    type: Literal["select"] = "select"
    name: str = Field(min_length=1)
    options: Annotated[tuple[Option, ...], BeforeValidator(_options)] = Field(min_length=1)
    label: str = ""
    placeholder: Placeholder = ""
    initial: tuple[str, ...] = ()
    multiple: bool = False
    required: bool = False

    @field_validator("initial", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _chosen_can_be_chosen(self) -> Self:
        if unknown := set(self.initial) - {option.value for option in self.options}:
            raise ValueError(f"initial: {', '.join(sorted(unknown))} is none of the options' values")
        if len(self.initial) > 1 and not self.multiple:
            raise ValueError("initial: one value, or say multiple=True")
        return self

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"{self.label or self.placeholder or self.name}: " + " / ".join(option.text for option in self.options)


class Input(Element):
    """A line, or several, to type into.

    Attributes:
        name: Its name: `ButtonClicked.action`, and its key in a form.
        label: What stands above it.
        placeholder: What it shows while it is empty, at most 100 characters.
        initial: What it holds at the beginning.
        multiline: More than one line.
        max_length: Most characters, up to 1,000.
        required: In a form: something has to be typed.
    """

    type: Literal["input"] = "input"
    name: str = Field(min_length=1)
    label: str = ""
    placeholder: Placeholder = ""
    initial: str = ""
    multiline: bool = False
    max_length: int | None = Field(default=None, ge=1, le=1000)
    required: bool = False

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"{self.label or self.placeholder or self.name}: {_BLANK}"


class DatePicker(Element):
    """A date, a time, or both.

    Attributes:
        name: Its name: `ButtonClicked.action`, and its key in a form.
        kind: What is picked.
        label: What stands above it.
        placeholder: What it shows while nothing is picked, at most 100 characters.
        initial: `2026-01-31`, `09:30`, or `2026-01-31 09:30`.
        required: In a form: something has to be picked.
    """

    type: Literal["date"] = "date"
    name: str = Field(min_length=1)
    kind: Literal["date", "time", "datetime"] = "date"
    label: str = ""
    placeholder: Placeholder = ""
    initial: str = ""
    required: bool = False

    @model_validator(mode="after")
    def _initial_fits_kind(self) -> Self:
        if self.initial:
            datetime.strptime(self.initial, _PICKED[self.kind])  # noqa: DTZ007 - whatever is read is thrown away
        return self

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"{self.label or self.placeholder or self.name}: {_BLANK}"


def _markdown(value: Any) -> Any:
    """A plain string in a card is Markdown."""
    return Markdown(value) if isinstance(value, str) else value


_InForm = Text | Markdown | Image | Fields | Divider | Note | Button | Select | Input | DatePicker
FormPart = Annotated[_InForm, Field(discriminator="type"), BeforeValidator(_markdown)]
"""What a form can hold; a string is Markdown."""


class Form(Element):
    """Inputs whose values come back together, with the click on a `Button(submit=True)`: `ButtonClicked.form`.

    It needs such a button.
    """

    type: Literal["form"] = "form"
    name: str = Field(min_length=1)
    body: tuple[FormPart, ...]

    @property
    def names(self) -> Iterator[str]:
        """Its own name, and those of its inputs."""
        yield self.name
        yield from (part.name for part in self.body if isinstance(part, Select | Input | DatePicker))

    @model_validator(mode="after")
    def _can_be_submitted(self) -> Self:
        if not any(isinstance(part, Button) and part.submit for part in self.body):
            raise ValueError(f"form {self.name!r} cannot be sent off: it needs a Button(submit=True)")
        return self

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "\n".join(part.as_text() for part in self.body)


CardPart = Annotated[_InForm | Table | Form, Field(discriminator="type"), BeforeValidator(_markdown)]
"""What a card can hold; a string is Markdown."""


def _places(body: Iterable[Any], name: str) -> Iterator[str]:
    """Where something of a form is called so: `form 'a' (input)`."""
    for form in body:
        if isinstance(form, Form):
            if form.name == name:
                yield f"form {form.name!r} itself"
            for part in form.body:
                if isinstance(part, Select | Input | DatePicker) and part.name == name:
                    yield f"form {form.name!r} ({part.type})"


class Card(Element):
    """An interactive card.

    Its forms and what is in them need names that differ, over all of its forms.

    Made from the model (`title`, `color`, `body`), or from the platform's own JSON in `content`, which then wins.
    Clicks come back as `ButtonClicked`.

    Attributes:
        title: The headline.
        color: Colour of the headline.
        body: What it shows, in order; strings are Markdown.
        content: The card in the platform's own JSON.
        text: What it says, for clients that cannot show it; made from title and body when left out.
    """

    type: Literal["card"] = "card"
    title: str = ""
    color: CardColor = "default"
    body: tuple[CardPart, ...] = ()
    content: dict[str, Any] = Field(default_factory=dict)
    text: str = ""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = Counter(name for part in self.body if isinstance(part, Form) for name in part.names)
        if twice := sorted(name for name, count in names.items() if count > 1):
            found = "; ".join(f"{name!r} in {', '.join(_places(self.body, name))}" for name in twice)
            raise ValueError(f"in a card's forms every name stands for one thing, and these do not: {found}")
        return self

    def as_text(self) -> str:  # noqa: D102 - inherited
        if self.text:
            return self.text
        lines = [self.title, *(part.as_text() for part in self.body)]
        return "\n".join(line for line in lines if line) or "[card]"
