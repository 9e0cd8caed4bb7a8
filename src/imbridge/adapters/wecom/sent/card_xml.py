"""A template card in the XML of a passive answer. Source: developer.work.weixin.qq.com, "passive replies" (path/90241).

The fields have the names of the JSON in camel case, and a list is its element repeated.
"""

import re
from collections.abc import Mapping
from typing import Any

_SPECIAL = {"keyname": "KeyName", "appid": "AppId", "pagepath": "PagePath", "checkbox": "CheckBox"}
_NOT_THERE = ("task_id",)
"""The card that is changed has one already."""


def card_xml(card: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `<TemplateCard>`, for `write_xml`."""
    return {_name(name): _value(value) for name, value in card.items() if name not in _NOT_THERE and value is not None}


def _name(name: str) -> str:
    return _SPECIAL.get(name) or re.sub(r"(?:^|_)([a-z])", lambda found: found[1].upper(), name)


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return card_xml(value)
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
