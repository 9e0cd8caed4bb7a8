"""The shared card model → Feishu's card JSON 2.0. Pure.

Source: open.feishu.cn, "card JSON 2.0 structure" and the pages of its components. What a click carries back is
`{"imbridge": action, "value": value, "seal": seal}` in the component's callback behaviour: `received.clicks` reads it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALED, Seal
from imbridge.adapters.feishu.errors import BAD_IMAGE, BAD_ROWS, TOO_MANY_TABLES
from imbridge.adapters.feishu.sent.markdown import CARD, MOST_TABLES
from imbridge.adapters.markdown_told import shown
from imbridge.protocol import (
    Button,
    Card,
    ContentRefusedError,
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
from imbridge.rendering.cards.blocks import parts_of, with_images
from imbridge.rendering.cards.carried import button_params

_TEMPLATES = {"default": "default"}  # the model's other colours are Feishu's own words
_PICKERS = {
    "date": ("date_picker", "initial_date"),
    "time": ("picker_time", "initial_time"),
    "datetime": ("picker_datetime", "initial_datetime"),
}
_STYLES = {"default": "default", "primary": "primary", "danger": "danger"}
_MOST_ROWS_A_PAGE = 10


def card_json(card: Card, keys: dict[int, str], seal: Seal = NOT_SEALED) -> dict[str, Any]:
    """The JSON of a card.

    Args:
        card: The model, or a card that is the platform's own JSON already, which is given back as it is.
        keys: Keys of the images in it, by `id()` of the element.
        seal: What seals it for the chat that it goes to.

    Raises:
        ContentRefusedError: an image has no key.
    """
    if card.content:
        return card.content
    made: dict[str, Any] = {
        "schema": "2.0",
        "config": {"update_multi": True},
        "body": {"elements": list(_elements(card.body, keys, _Making(card, seal), None))},
    }
    if card.title:
        template = _TEMPLATES.get(card.color, card.color)
        made["header"] = {"title": _plain(card.title), "template": template}
    return made


def images_in(card: Card) -> Iterator[Image]:
    """The pictures a card shows."""
    yield from (part for part in parts_of(card) if isinstance(part, Image))


def simpler(card: Card, sub_code: int | None) -> tuple[Card, str] | None:
    """The same card without what the platform refused, and the word for that; None when only text is left.

    Args:
        card: What was refused.
        sub_code: The code inside the message of error 230099.
    """
    if card.content:
        return None
    if sub_code in (TOO_MANY_TABLES, BAD_ROWS) and any(isinstance(part, Table) for part in card.body):
        body = tuple(Text(part.as_text()) if isinstance(part, Table) else part for part in card.body)
        return card.model_copy(update={"body": body}), "table"
    if sub_code == BAD_IMAGE and any(True for _ in images_in(card)):
        return with_images(card, lambda image: Text(image.as_text())), "image"
    return None


def without_contents(card: Card) -> Card:
    """The card with text in place of pictures that would have to be uploaded."""
    return with_images(card, lambda image: Text(image.as_text()) if image.has_content else image)


def losses_in(card: Card) -> list[Degradation]:
    """What of a card is shown otherwise than meant, as far as it is known before it is sent."""
    more = sum(isinstance(part, Table) for part in _all_parts(card)) - MOST_TABLES
    if card.content or more <= 0:
        return []
    why = f"a card has at most {MOST_TABLES} tables"
    return [Degradation(loss=Loss.AS_TEXT, what="table", how=f"text: {more} of them", why=why)]


def _all_parts(card: Card) -> Iterator[Element]:
    for part in card.body:
        yield from part.body if isinstance(part, Form) else (part,)


class _Making:
    """What seals the card, and what it may still hold: so many tables, and names that nothing in it has yet.

    Names have to differ in the whole card as soon as a form is in it. Those of forms and of their inputs are the
    author's, for values come back by them; clicks come back by what a component carries.
    """

    def __init__(self, card: Card, seal: Seal) -> None:
        self.seal = seal
        self.tables = MOST_TABLES
        self._names = {name for part in card.body if isinstance(part, Form) for name in part.names}

    def name(self, wanted: str) -> str:
        """The name, or one like it if something is called so."""
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}-{number}"
        self._names.add(name)
        return name

    def callback(
        self, action: str, value: Any = None, *, picks: Sequence[Select] = (), typed: bool = False
    ) -> list[dict[str, Any]]:
        """What a component carries back.

        Args:
            action: The action's name.
            value: What a button carries.
            picks: The lists from which something is chosen that comes with it.
            typed: It is something to type into, or to pick a date in.
        """
        names, many = [one.name for one in picks], [one.name for one in picks if one.multiple]
        params = button_params(action, value, picks=names, many=many, typed=typed)
        return [{"type": "callback", "value": self.seal.on(params)}]


def _plain(text: str) -> dict[str, Any]:
    return {"tag": "plain_text", "content": text}


def _elements(parts: Iterable[Element], keys: dict[int, str], making: _Making, form: Form | None) -> Iterator[Any]:
    buttons: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, Button):
            buttons.append(_button(part, making, form))
            continue
        if buttons:
            yield _row(buttons)
            buttons = []
        yield from _element(part, keys, making, form)
    if buttons:
        yield _row(buttons)


def _element(part: Element, keys: dict[int, str], making: _Making, form: Form | None) -> Iterator[dict[str, Any]]:
    if isinstance(part, Text):
        yield {"tag": "div", "text": _plain(part.text)}
    elif isinstance(part, Markdown):
        made = shown(part.text, replace(CARD, tables=making.tables))
        making.tables -= made.tables
        yield {"tag": "markdown", "content": made.text}
    elif isinstance(part, Image):
        key = keys.get(id(part)) or part.key
        if not key:
            raise ContentRefusedError("an image in the card has neither data nor a key", platform="feishu")
        yield {"tag": "img", "img_key": key, "alt": _plain(part.alt)}
    elif isinstance(part, Fields):
        lines = (f"**{CARD.literal(name)}**  {CARD.literal(value)}" for name, value in part.rows)
        yield {"tag": "markdown", "content": "\n".join(lines)}
    elif isinstance(part, Divider):
        yield {"tag": "hr"}
    elif isinstance(part, Note):
        yield {"tag": "div", "text": {**_plain(part.text), "text_size": "notation", "text_color": "grey"}}
    elif isinstance(part, Table):
        yield _table(part, making)
    elif isinstance(part, Form):
        yield {"tag": "form", "name": part.name, "elements": list(_elements(part.body, keys, making, part))}
    elif isinstance(part, Select | Input | DatePicker):
        yield from _asked(part, making, form)


def _table(table: Table, making: _Making) -> dict[str, Any]:
    if making.tables <= 0:
        return {"tag": "div", "text": _plain(table.as_text())}
    making.tables -= 1
    names = [f"c{number}" for number in range(len(table.columns))]
    return {
        "tag": "table",
        "page_size": min(max(len(table.rows), 1), _MOST_ROWS_A_PAGE),
        "columns": [
            {"name": name, "display_name": column, "data_type": "text"}
            for name, column in zip(names, table.columns, strict=True)
        ],
        "rows": [
            {name: row[number] if number < len(row) else "" for number, name in enumerate(names)} for row in table.rows
        ],
    }


def _button(button: Button, making: _Making, form: Form | None) -> dict[str, Any]:
    action = button.action or button.text
    made: dict[str, Any] = {"tag": "button", "text": _plain(button.text), "type": _STYLES[button.style]}
    if button.url:
        made["behaviors"] = [{"type": "open_url", "default_url": button.url}]
    else:
        picks = [] if form is None else [part for part in form.body if isinstance(part, Select)]
        made["behaviors"] = making.callback(action, button.value, picks=picks)
    if button.confirm:
        made["confirm"] = {"title": _plain(button.text), "text": _plain(button.confirm)}
    if form is not None:
        made["name"] = making.name(action)
        if button.submit:
            made["form_action_type"] = "submit"
    return made


def _row(buttons: list[dict[str, Any]]) -> dict[str, Any]:
    if len(buttons) == 1:
        return buttons[0]
    columns = [{"tag": "column", "width": "auto", "elements": [button]} for button in buttons]
    return {"tag": "column_set", "flex_mode": "flow", "columns": columns}


def _asked(part: Select | Input | DatePicker, making: _Making, form: Form | None) -> Iterator[dict[str, Any]]:
    made: dict[str, Any] = {"name": part.name if form is not None else making.name(part.name)}
    if form is not None:
        made["required"] = part.required  # elsewhere the platform takes no `required`
    else:
        picks = [part] if isinstance(part, Select) else []
        made["behaviors"] = making.callback(part.name, picks=picks, typed=not picks)
    if part.placeholder:
        made["placeholder"] = _plain(part.placeholder)
    if isinstance(part, Input):
        yield {**made, **_input(part)}
        return
    if part.label:
        yield {"tag": "div", "text": _plain(part.label)}
    if isinstance(part, Select):
        yield {**made, **_select(part, making.seal)}
        return
    tag, initial = _PICKERS[part.kind]
    yield {"tag": tag, **made, **({initial: part.initial} if part.initial else {})}


def _input(part: Input) -> dict[str, Any]:
    made: dict[str, Any] = {"tag": "input", "default_value": part.initial}
    if part.label:
        made["label"] = _plain(part.label)
    if part.multiline:
        made["input_type"] = "multiline_text"
    if part.max_length is not None:
        made["max_length"] = part.max_length
    return made


def _select(part: Select, seal: Seal) -> dict[str, Any]:
    values = {option.value: seal.option(part.name, option.value) for option in part.options}
    options = [{"text": _plain(option.text), "value": values[option.value]} for option in part.options]
    if part.multiple:
        chosen_first = [values[value] for value in part.initial]
        return {"tag": "multi_select_static", "options": options, "selected_values": chosen_first}
    made: dict[str, Any] = {"tag": "select_static", "options": options}
    chosen = [number for number, option in enumerate(part.options, start=1) if option.value in part.initial]
    if chosen:
        made["initial_index"] = chosen[0]
    return made
