"""cardkit/v1: card entities, their components, and text that streams.

Rules: https://open.feishu.cn/document/cardkit-v1/card/create and its neighbours. Not said there, and therefore a
choice of ours: a refused request uses up neither its `sequence` nor its `uuid`; the same request with the same `uuid`
is answered as done, another request with that `uuid` is the conflict 200770.
"""

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu import card_changes as changes
from imbridge.emulators.feishu import posting
from imbridge.emulators.feishu.card_entity import CardEntity
from imbridge.emulators.feishu.card_rules import CardError, parse_card
from imbridge.emulators.feishu.card_sending import CARD_REFUSED, check_app_card
from imbridge.emulators.feishu.card_tree import Card, is_v2
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import BotMessage

UUID_LENGTH = 64
TEXT_LENGTH = 100_000
MAX_SEQUENCE = 2**31 - 1
OWN_CODES = frozenset({300301, 300305})
"""Refusals of a card that CardKit has codes of its own for; the others are 230099 with a sub-code."""

Change = Callable[[Card], None]


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "cardkit/v1/cards", create)
    routes.add("POST", "cardkit/v1/cards/id_convert", convert_id)
    routes.add("PUT", "cardkit/v1/cards/:card", update)
    routes.add("PATCH", "cardkit/v1/cards/:card/settings", change_settings)
    routes.add("POST", "cardkit/v1/cards/:card/batch_update", batch_update)
    routes.add("POST", "cardkit/v1/cards/:card/elements", add_elements)
    routes.add("PUT", "cardkit/v1/cards/:card/elements/:element", replace_element)
    routes.add("PATCH", "cardkit/v1/cards/:card/elements/:element", patch_element)
    routes.add("DELETE", "cardkit/v1/cards/:card/elements/:element", delete_element)
    routes.add("PUT", "cardkit/v1/cards/:card/elements/:element/content", stream_text)


def create(call: Call) -> dict[str, Any]:
    """`POST cardkit/v1/cards`: type card_json or template, data as JSON text."""
    world, body = call.world, call.json()
    kind, data = body.get("type"), _text_field(body, "data")
    if kind not in {"card_json", "template"}:
        raise ApiError(10002, "type is card_json or template")
    card = _parsed(data, "data")
    if kind == "template":
        card = {"type": "template", "data": card}
    _check(call, card)
    entity = world.cards.add(call.app, card, world.settings.card_lifetime)
    entity.replace(card, world.settings.streaming_timeout)
    return {"card_id": entity.card_id}


def convert_id(call: Call) -> dict[str, Any]:
    """`POST cardkit/v1/cards/id_convert`: the card entity of a 2.0 card that was sent as a message."""
    world = call.world
    message = world.store.get(_text_field(call.json(), "message_id"))
    if not isinstance(message, BotMessage) or message.msg_type != "interactive" or message.recalled:
        raise ApiError(10002, "message_id is not that of a card")
    if message.sender is not call.app:
        raise ApiError(300311)
    if message.entity is None:
        card = message.card
        if not is_v2(card):
            raise ApiError(300303)
        message.entity = world.cards.add(call.app, card, world.settings.card_lifetime)
        message.entity.replace(card, world.settings.streaming_timeout)
        message.entity.message = message
    return {"card_id": message.entity.card_id}


def update(call: Call) -> dict[str, Any]:
    """`PUT cardkit/v1/cards/:card`: the whole card; streaming ends unless the new card declares it."""
    body = call.json()
    given = body.get("card")
    if not isinstance(given, dict) or given.get("type") != "card_json":
        raise ApiError(10002, "card.type is card_json")
    card = _parsed(_text_field(given, "data"), "card.data")
    seconds = call.world.settings.streaming_timeout
    return _operate(call, body, lambda _: None, replacement=card, streaming_seconds=seconds)


def change_settings(call: Call) -> dict[str, Any]:
    """`PATCH cardkit/v1/cards/:card/settings`: `settings` is JSON text with config and card_link."""
    body = call.json()
    settings = _parsed(_text_field(body, "settings"), "settings")
    return _operate(call, body, lambda card: changes.change_settings(card, settings), settings=settings)


def batch_update(call: Call) -> dict[str, Any]:
    """`POST cardkit/v1/cards/:card/batch_update`: several changes, all or none."""
    body = call.json()
    try:
        actions = json.loads(_text_field(body, "actions"))
    except ValueError:
        raise ApiError(10002, "actions is not JSON") from None
    if not isinstance(actions, list) or not actions:
        raise ApiError(10002, "actions is not a list")
    settings: dict[str, Any] = {}
    steps = [_step(action, settings) for action in actions]

    def change(card: Card) -> None:
        for step in steps:
            step(card)

    return _operate(call, body, change, settings=settings)


def add_elements(call: Call) -> dict[str, Any]:
    """`POST cardkit/v1/cards/:card/elements`."""
    body = call.json()
    elements = _parsed_any(_text_field(body, "elements"), 300315)
    position, target = body.get("type"), body.get("target_element_id")
    return _operate(call, body, lambda card: changes.add_elements(card, position, target, elements))


def replace_element(call: Call) -> dict[str, Any]:
    """`PUT cardkit/v1/cards/:card/elements/:element`."""
    body = call.json()
    element = _parsed_any(_text_field(body, "element"), 300121)
    return _operate(call, body, lambda card: changes.replace_element(card, call.args[1], element))


def patch_element(call: Call) -> dict[str, Any]:
    """`PATCH cardkit/v1/cards/:card/elements/:element`."""
    body = call.json()
    fields = _parsed_any(_text_field(body, "partial_element"), 300313)
    return _operate(call, body, lambda card: changes.patch_element(card, call.args[1], fields))


def delete_element(call: Call) -> dict[str, Any]:
    """`DELETE cardkit/v1/cards/:card/elements/:element`; sequence and uuid are in the body."""
    return _operate(call, call.json(), lambda card: changes.delete_element(card, call.args[1]))


def stream_text(call: Call) -> dict[str, Any]:
    """`PUT cardkit/v1/cards/:card/elements/:element/content`: the whole text so far, while streaming mode is on."""
    body = call.json()
    text = _text_field(body, "content")
    if len(text) > TEXT_LENGTH:
        raise ApiError(10002, f"content is limited to {TEXT_LENGTH} characters")
    answer = _operate(call, body, lambda card: changes.set_text(card, call.args[1], text), streams=True)
    call.world.stats.card_texts += 1
    return answer


def _operate(
    call: Call,
    body: dict[str, Any],
    change: Change,
    *,
    replacement: Card | None = None,
    settings: dict[str, Any] | None = None,
    streams: bool = False,
    streaming_seconds: float = 0.0,
) -> dict[str, Any]:
    """Does one change of a card entity, in the order of the platform's checks, or none of it."""
    world, entity = call.world, _entity(call)
    request = hashlib.sha256(f"{call.request.method} {call.path}\n".encode() + call.raw_body).hexdigest()
    uuid = body.get("uuid") or ""
    if not isinstance(uuid, str) or len(uuid) > UUID_LENGTH:
        raise ApiError(10002, f"uuid is limited to {UUID_LENGTH} characters")
    if uuid in entity.uuids:
        if entity.uuids[uuid] != request:
            raise ApiError(200770)
        world.stats.duplicates_absorbed += 1
        return {}
    sequence = _sequence(body)
    if world.settings.rate_limits and world.card_rates.take(entity.card_id)[0] > 0:
        world.stats.rate_limited += 1
        world.violation("rate_exceeded", f"card {entity.card_id} was changed too often")
        raise ApiError(230020)
    if sequence <= entity.sequence:
        raise ApiError(300317, f"sequence {sequence} after {entity.sequence}")
    if entity.busy:
        raise ApiError(200810)
    if streams and not entity.streaming:
        raise ApiError(200850 if entity.take_timeout() else 300309)
    card = copy.deepcopy(entity.card) if replacement is None else replacement
    change(card)
    _check(call, card)
    entity.sequence = sequence
    if uuid:
        entity.remember(uuid, request)
    _put(call, entity, card, replacement is not None, settings, streaming_seconds)
    return {}


def _put(
    call: Call,
    entity: CardEntity,
    card: Card,
    replaced: bool,
    settings: dict[str, Any] | None,
    streaming_seconds: float,
) -> None:
    if replaced:
        entity.replace(card, streaming_seconds)
    else:
        entity.card = card
        mode = (settings or {}).get("config", {}).get("streaming_mode")
        if mode is True:
            entity.stream(call.world.settings.streaming_timeout)
        elif mode is False:
            entity.stop_streaming()
    call.world.stats.card_updates += 1
    if entity.message is not None:
        entity.message.card_updates += 1
        entity.message.update_time = now_ms()
        posting.shown_anew(call.world, entity.message, call.app)


def _entity(call: Call) -> CardEntity:
    entity = call.world.cards.get(call.args[0])
    if entity is None:
        raise ApiError(200740)
    if entity.app is not call.app:
        raise ApiError(300311)
    if entity.expired:
        raise ApiError(200750)
    return entity


def _sequence(body: dict[str, Any]) -> int:
    sequence = body.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence > MAX_SEQUENCE:
        raise ApiError(10002, "sequence is a whole number from 1 to 2147483647")
    return sequence  # 0 and less are refused as not rising: a card begins at 0


def _check(call: Call, card: Card) -> None:
    if len(dump(card).encode()) > call.world.settings.rich_limit:
        raise ApiError(200860)
    if card.get("type") != "template":
        if not card:
            raise ApiError(300307)
        if not is_v2(card):
            raise ApiError(300303)
        config = card.get("config")
        if isinstance(config, dict) and config.get("update_multi") is False:
            raise ApiError(300302)
    try:
        check_app_card(call.world, call.app, card)
    except CardError as error:
        raise ApiError(error.code if error.code in OWN_CODES else CARD_REFUSED, error.ext) from None


def _step(action: Any, settings: dict[str, Any]) -> Change:
    name = action.get("action") if isinstance(action, dict) else None
    params = action.get("params") if isinstance(action, dict) else None
    if not isinstance(params, dict):
        raise ApiError(10002, "an action needs params")
    # The document's example has objects here, the SDK's model JSON text: both are taken.
    if name == "partial_update_setting":
        given = _object(params.get("settings"), 300122)
        if isinstance(given, dict):
            settings.update(given)
        return lambda card: changes.change_settings(card, given)
    if name == "add_elements":
        elements = _object(params.get("elements"), 300315)
        if isinstance(elements, list):
            elements = [_object(one, 300315) for one in elements]
        return lambda card: changes.add_elements(card, params.get("type"), params.get("target_element_id"), elements)
    if name == "delete_elements":
        ids = params.get("element_ids")
        if not isinstance(ids, list) or not ids:
            raise ApiError(300314, "element_ids is not a list")
        return lambda card: changes.delete_elements(card, ids)
    element_id = str(params.get("element_id", ""))
    if name == "partial_update_element":
        fields = _object(params.get("partial_element"), 300313)
        return lambda card: changes.patch_element(card, element_id, fields)
    if name == "update_element":
        element = _object(params.get("element"), 300121)
        return lambda card: changes.replace_element(card, element_id, element)
    raise ApiError(10002, f"unknown action {name!r}")


def _object(value: Any, code: int) -> Any:
    return _parsed_any(value, code) if isinstance(value, str) else value


def _text_field(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ApiError(10002, f"{name} is a text and not empty")
    return value


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return parse_card(text)
    except CardError as error:
        raise ApiError(200220, f"{name}: {error.ext}") from None


def _parsed_any(text: str, code: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiError(code, f"not JSON: {error}") from None
