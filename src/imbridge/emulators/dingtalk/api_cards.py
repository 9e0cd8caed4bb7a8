"""Cards: create, deliver, both at once, update; and the addresses of HTTP callbacks.

Sources: open.dingtalk.com, "创建卡片" (interface-for-creating-a-card-instance), "投放卡片" (delivery-card-interface),
"创建并投放卡片" (create-and-deliver-cards), "更新卡片" (interactive-card-update-interface), "注册卡片回调地址"
(register-card-callback-address). The refusals of one space are as clients report them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk import card_fields as fields
from imbridge.emulators.dingtalk.card_delivery import deliver_to
from imbridge.emulators.dingtalk.card_spaces import Space, deliver_model, space_models, spaces_of
from imbridge.emulators.dingtalk.cards import Card
from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes

CALLBACK_TYPES = frozenset({"STREAM", "HTTP"})


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", "/v1.0/card/instances", create)
    routes.add("PUT", "/v1.0/card/instances", update)
    routes.add("POST", "/v1.0/card/instances/deliver", deliver)
    routes.add("POST", "/v1.0/card/instances/createAndDeliver", create_and_deliver)
    routes.add("POST", "/v1.0/card/callbacks/register", register_callback)


def create(call: "Call") -> dict[str, Any]:
    """A card that nobody sees yet."""
    card = _new_card(call, call.json())
    return {"success": True, "result": card.out_track_id}


def deliver(call: "Call") -> dict[str, Any]:
    """Shows a card in one or several spaces."""
    body = call.json()
    card = fields.card_of(call.world, body)
    spaces = _spaces(body)
    return {"success": True, "result": _delivered(call, card, spaces, body)}


def create_and_deliver(call: "Call") -> dict[str, Any]:
    """A card, at once shown in one or several spaces."""
    body = call.json()
    fields.out_track_id(body)
    spaces = _spaces(body)
    card = _new_card(call, body)
    results = _delivered(call, card, spaces, body)
    return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": results}}


def update(call: "Call") -> dict[str, Any]:
    """Fills a card's variables in; all that are not named are lost unless `updateCardDataByKey` says otherwise."""
    world, body = call.world, call.json()
    card = fields.card_of(world, body)
    _own(call, card)
    has_public, has_private = bool(body.get("cardData")), bool(body.get("privateData"))
    if not has_public and not has_private:
        raise ApiError("param.cardDataAndPrivateDataBothEmpty")
    public_by_key, private_by_key = fields.options(body)
    public = fields.param_map(world, body["cardData"], "cardData") if has_public else None
    private = fields.private_maps(world, body, fields.id_type(body))
    if public is not None:
        fields.check_variables(world, card, public)
        card.put(public, by_key=public_by_key)
    for key, values in private.items():
        fields.check_variables(world, card, values)
        card.put_private(key, values, by_key=private_by_key)
    world.stats.card_updates += 1
    card.note()
    return {"success": True, "result": True}


def register_callback(call: "Call") -> dict[str, Any]:
    """Says where clicks on cards with `callbackType` HTTP and this route key go."""
    body = call.json()
    key, url, secret = (
        body.get("callbackRouteKey") or call.app.client_id,
        body.get("callbackUrl"),
        body.get("apiSecret"),
    )
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ApiError("param.invalid", "callbackUrl is no address")
    routes, name = call.world.cards.routes, (call.app.client_id, str(key))
    if body.get("forceUpdate") is True or name not in routes:
        routes[name] = (url, str(secret or ""))
    return {"success": True, "result": {"callbackUrl": routes[name][0], "apiSecret": routes[name][1]}}


def _new_card(call: "Call", body: Mapping[str, Any]) -> Card:
    world, out_track_id = call.world, fields.out_track_id(body)
    template_id = body.get("cardTemplateId")
    if not isinstance(template_id, str) or not template_id:
        raise ApiError("param.cardTemplateIdEmpty")
    template = world.cards.templates.get(template_id)
    if template is None:
        raise ApiError("param.templateNotExist")
    if "cardData" not in body:
        raise ApiError("param.cardPublicDataEmpty")
    callback_type = body.get("callbackType") or ""
    if callback_type and callback_type not in CALLBACK_TYPES:
        raise ApiError("param.invalid", "callbackType is STREAM or HTTP, in capital letters")
    user_id_type = fields.id_type(body)
    card = Card(
        out_track_id=out_track_id,
        template=template,
        app=call.app,
        callback_type=callback_type,
        route_key=str(body.get("callbackRouteKey") or call.app.client_id),
        user_id_type=user_id_type,
        models=space_models(body),
        data=fields.param_map(world, body["cardData"], "cardData"),
        private=fields.private_maps(world, body, user_id_type),
    )
    if world.cards.find(out_track_id) is not None:
        raise ApiError("param.cardAlreadyExist")
    fields.check_variables(world, card, card.data)
    world.cards.add(card)
    world.stats.cards += 1
    card.note()
    return card


def _spaces(body: Mapping[str, Any]) -> list[tuple[Space, Mapping[str, Any]]]:
    """Where a card is to be delivered, and how; all of it is right, or nothing is done."""
    return [(space, deliver_model(body, space)) for space in spaces_of(body.get("openSpaceId"))]


def _delivered(
    call: "Call", card: Card, spaces: list[tuple[Space, Mapping[str, Any]]], body: Mapping[str, Any]
) -> list[dict[str, Any]]:
    _own(call, card)
    user_id_type = fields.id_type(body)
    return [deliver_to(call, card, space, model, user_id_type) for space, model in spaces]


def _own(call: "Call", card: Card) -> None:
    """Cards of other apps are not there."""
    if card.app is not call.app:
        raise ApiError("param.cardNotExist")
