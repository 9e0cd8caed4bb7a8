"""What tests of cards share: a card with buttons, and a click in one."""

from typing import Any

from wecom_rig import Rig, part

from imbridge.protocol import (
    Button,
    ButtonClicked,
    Card,
    Fields,
)
from imbridge.rendering import PartKind

ORDER = Card(
    title="Order 7",
    body=("Is it **right**?", Fields({"by": "Alice", "for": "Bob"}), Button("Yes", value={"order": 7}), Button("No")),
)


def card(one: Card) -> Any:
    return part(PartKind.CARD, one)


async def click(rig: Rig, message: Any, number: int = 1, **what: Any) -> ButtonClicked:
    """Click, and what was taken in because of it."""
    await rig.alice.clicks_card(message, **what)
    item = (await rig.takes_in(number))[number - 1]
    assert isinstance(item, ButtonClicked)
    return item
