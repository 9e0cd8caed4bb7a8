"""Buttons below a message. Pure.

Source: bot.q.qq.com, "message buttons": at most five rows of five; an action of type 0 opens a page, one of type 1
tells the bot, with the button's `data`; style 0 is grey, 1 blue. How long label and data may be is not documented.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.card_seals import Seal
from imbridge.rendering.cards.carried import button_params
from imbridge.rendering.cards.sorting import Click

MOST_ROWS, MOST_IN_ROW = 5, 5
MOST_BUTTONS = MOST_ROWS * MOST_IN_ROW
_ROW_WIDTH = 24
"""Columns of text that the buttons of a row have room for on a telephone; each takes some for itself."""
_EDGES = 4
_WIDE = frozenset("WF")
_OPENS, _CALLS_BACK = 0, 1
_EVERYBODY = 2
_STYLES = {"primary": 1}
_TOO_OLD = "请升级 QQ 后使用 (please update QQ)"


def keyboard(clicks: Sequence[Click], seal: Seal) -> dict[str, Any]:
    """The `keyboard` of a message; there are 1 to 25 buttons."""
    rows = _rows([_width(click.text) for click in clicks])
    numbers = iter(range(1, len(clicks) + 1))
    left = iter(clicks)
    made = [{"buttons": [_button(str(next(numbers)), next(left), seal) for _ in range(count)]} for count in rows]
    return {"content": {"rows": made}}


def _button(identity: str, click: Click, seal: Seal) -> dict[str, Any]:
    action: dict[str, Any] = {
        "type": _OPENS if click.url else _CALLS_BACK,
        "permission": {"type": _EVERYBODY},
        "data": click.url or to_json(seal.on(button_params(click.action, click.value))).decode(),
        "unsupport_tips": _TOO_OLD,
    }
    shown = {"label": click.text, "visited_label": click.text, "style": _STYLES.get(click.style, 0)}
    return {"id": identity, "render_data": shown, "action": action}


def _rows(widths: Sequence[int]) -> list[int]:
    """How many buttons stand in each row: as many as can be read, and more where there are too many rows."""
    rows: list[int] = []
    taken = 0
    for width in widths:
        if rows and rows[-1] < MOST_IN_ROW and taken + width <= _ROW_WIDTH:
            rows[-1] += 1
            taken += width
        else:
            rows.append(1)
            taken = width
    if len(rows) <= MOST_ROWS:
        return rows
    least, more = divmod(len(widths), MOST_ROWS)
    return [least + (row < more) for row in range(MOST_ROWS)]


def _width(text: str) -> int:
    """Columns that a button takes; a Chinese character is two."""
    return _EDGES + sum(2 if unicodedata.east_asian_width(character) in _WIDE else 1 for character in text)
