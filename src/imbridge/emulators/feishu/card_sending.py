"""A card on its way into a message: checked by the rules, or resolved from a card entity."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.card_entity import CardEntity
from imbridge.emulators.feishu.card_rules import CardError, check_card, not_a_card
from imbridge.emulators.feishu.card_tree import Card
from imbridge.emulators.feishu.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

CARD_REFUSED = 230099


def check_app_card(world: "World", app: App, card: Card) -> None:
    """Checks a card an app wants to show.

    Raises:
        CardError: It is refused.
    """
    if card.get("type") == "template":
        data = card.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("template_id"), str) or not data["template_id"]:
            raise not_a_card("a template needs data with a template_id")
        return
    directory = world.directory

    def knows_person(person: str) -> bool:
        return any(directory.find(app, kind, person) for kind in ("open_id", "user_id", "union_id"))

    def knows_image(key: str) -> bool:
        upload = world.uploads.get(key)
        return upload is not None and upload.kind == "image"

    settings = world.settings
    check_card(
        card,
        tables=settings.card_tables,
        components=settings.card_components,
        knows_image=knows_image,
        knows_person=knows_person,
    )


def outgoing_entity(world: "World", app: App, content: dict[str, Any]) -> CardEntity | None:
    """Checks the content of a card message; returns the card entity if it refers to one.

    Raises:
        ApiError: 230099 with the sub-code in its text.
    """
    try:
        if content.get("type") != "card":
            check_app_card(world, app, content)
            return None
        return _referred(world, app, content.get("data"))
    except CardError as error:
        raise ApiError(CARD_REFUSED, error.ext) from None


def _referred(world: "World", app: App, data: Any) -> CardEntity:
    card_id = data.get("card_id") if isinstance(data, dict) else None
    entity = world.cards.get(card_id) if isinstance(card_id, str) else None
    if entity is None:
        # As reported in https://github.com/zarazhangrui/lark-coding-agent-bridge/issues/163.
        raise CardError(11310, "cardid is invalid")
    # These rules are those of cardkit-v1/card/create; which sub-codes a send has for them is unverified.
    if entity.app is not app:
        raise CardError(300311, "The current application does not have permission to update/use this card")
    if entity.expired:
        raise CardError(200750, "The card entity has expired")
    if entity.message is not None:
        raise CardError(11310, "cardid is invalid", f"card {entity.card_id} was sent before")
    return entity
