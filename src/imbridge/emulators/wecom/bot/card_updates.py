"""Cards that change because somebody clicked them."""

import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.card_rules import check_card
from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.interaction import Interaction
from imbridge.emulators.wecom.bot.showing import show

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


def update_card(world: "World", interaction: Interaction, body: dict[str, Any]) -> None:
    """Replaces the card that was clicked.

    The platform can replace it for some people only (`userids`); here everybody sees the new card.

    Raises:
        RefusedError: 40058, the body is wrong; 846605, the click was no card's.
    """
    message = interaction.clicked
    if message is None:
        raise RefusedError(846605, "not a click")
    if body.get("response_type") != "update_template_card":
        raise RefusedError(40058, f"response_type {body.get('response_type')!r}")
    userids = body.get("userids", [])
    if not isinstance(userids, list) or not all(userid in world.users for userid in userids):
        raise RefusedError(40058, "userids")
    card = check_card(body.get("template_card"))
    if card.get("task_id", interaction.task_id) != interaction.task_id:
        raise RefusedError(40058, f"task_id {card['task_id']} is not that of the clicked card")
    message.cards.append(message.card)
    message.card = card
    message.changed = time.monotonic()
    world.stats.card_updates += 1
    show(message)
