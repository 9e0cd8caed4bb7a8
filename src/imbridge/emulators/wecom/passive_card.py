"""Template cards that a passive reply changes: `update_button` and `update_template_card`.

Rule: https://developer.work.weixin.qq.com/document/path/90241: in XML the fields of a card have the names of JSON in
camel case, and a list is its element repeated.
"""

import re
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.card_rules import checked_card
from imbridge.emulators.wecom.strict_xml import Node

if TYPE_CHECKING:
    from imbridge.emulators.wecom.app import App
    from imbridge.emulators.wecom.message import AppMessage, SentMessage
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World

LISTS = frozenset(
    {
        "HorizontalContentList",
        "VerticalContentList",
        "JumpList",
        "ActionList",
        "ButtonList",
        "OptionList",
        "SelectList",
    }
)
NUMBERS = frozenset({"Type", "DescColor", "Style", "Mode", "AspectRatio", "Disable", "IsChecked"})
SPECIAL = {
    "KeyName": "keyname",
    "AppId": "appid",
    "PagePath": "pagepath",
    "Appid": "appid",
    "Pagepath": "pagepath",
    "CheckBox": "checkbox",
}
BOOLEANS = frozenset({"Disable", "IsChecked"})


class PassiveError(Exception):
    """A passive reply is wrong."""


def card_of(node: Node) -> dict[str, Any]:
    """The card as JSON has it."""
    card: dict[str, Any] = {}
    for child in node.children:
        name = SPECIAL.get(child.name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", child.name).lower()
        value: Any = card_of(child) if child.children else child.text
        if child.name in NUMBERS and isinstance(value, str):
            value = _number(value)
        if child.name in BOOLEANS:
            value = value not in (0, "", "false")
        if child.name in LISTS:
            card.setdefault(name, []).append(value)
        else:
            node.one(child.name)
            card[name] = value
    return card


def update_card(
    world: "World",
    app: "App",
    user: "User",
    sent: "SentMessage",
    *,
    card: dict[str, Any] | None = None,
    replace_name: str = "",
) -> "AppMessage":
    """Changes the card that was clicked, for who clicked it."""
    message = world.clicked.get(sent.response_code)
    if message is None or message.app is not app:
        raise PassiveError("only the click on a card can be answered with another card")
    if card is None and not replace_name:
        raise PassiveError("ReplaceName is empty")
    if card is not None:
        checked_card(card, update=True)
    world.change_card(message, [user], card, replace_name)
    return message


def _number(text: str) -> int | float | str:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
