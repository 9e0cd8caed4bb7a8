"""`PUT /v1.0/card/streaming`: the text of an AI card as it grows.

Source: open.dingtalk.com, "AI卡片流式更新" (api-streamingupdate): `guid` makes a request idempotent; Markdown is sent
as a whole (`isFull`); `isFinalize` makes the card finished, `isError` failed. What is answered for a card that has
already ended is not documented; here it is refused.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk import card_fields as fields
from imbridge.emulators.dingtalk.cards import FAILED, FINISHED, INPUTTING, Card, Streamed
from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call, Routes
    from imbridge.emulators.dingtalk.world import World

FULL_NEEDED = "streaming update the parameter isFull is null"


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("PUT", "/v1.0/card/streaming", streaming)


def streaming(call: "Call") -> dict[str, Any]:
    """Writes into one variable of an AI card."""
    world, body = call.world, call.json()
    fields.out_track_id(body)
    for name, code in (("guid", "guidEmpty"), ("key", "keyEmpty")):
        if not isinstance(body.get(name), str) or not body[name]:
            raise ApiError(f"param.stream.{code}")
    if not isinstance(body.get("content"), str):
        raise ApiError("param.stream.contentEmpty")
    for name in ("isFull", "isFinalize", "isError"):
        if not isinstance(body.get(name, False), bool):
            raise ApiError("param.invalid", f"{name} is true or false")
    card = world.cards.find(body["outTrackId"])
    if card is None or card.app is not call.app:
        raise ApiError("param.stream.outTrackId", "card is not exist")
    if len(body["content"].encode()) > world.settings.card_content_limit:
        raise ApiError("param.stream.content", "content is too large")
    full, finalize, error = (body.get(name, False) for name in ("isFull", "isFinalize", "isError"))
    request = Streamed(body["key"], body["content"], full, finalize, error)
    if not _repeated(world, card, body["guid"], request):
        _check(world, card, request)
        card.guids[body["guid"]] = request
        _apply(world, card, request)
    return {"success": True, "result": True}


def _repeated(world: "World", card: Card, guid: str, request: Streamed) -> bool:
    """Whether the request was carried out before."""
    known = card.guids.get(guid)
    if known is None:
        return False
    if known != request:
        world.violation(
            "card_guid_reused", f"{card.out_track_id}: a guid came again with something else; it is ignored"
        )
    return True


def _check(world: "World", card: Card, request: Streamed) -> None:
    if card.template.kind != "ai":
        world.violation("card_not_streamable", f"{card.out_track_id} is made from {card.template.id}, no AI card")
        raise ApiError("param.invalid", "the card is no AI card")
    if card.finished or card.failed:
        world.violation("card_ended", f"{card.out_track_id} has flowStatus {card.status} and was streamed to")
        raise ApiError("param.invalid", "the card has ended")
    if not card.template.knows(request.key):
        world.violation("card_variable_unknown", f"{request.key}: not in the template {card.template.id}")
        raise ApiError("param.invalid", "the variable is not in the template")
    if request.key in card.template.markdown and not request.full:
        world.violation("card_markdown_in_parts", f"{card.out_track_id}: {request.key} is Markdown and needs isFull")
        raise ApiError("param.stream.isFull", FULL_NEEDED)


def _apply(world: "World", card: Card, request: Streamed) -> None:
    old = "" if request.full else card.data.get(request.key, "")
    status = FAILED if request.error else FINISHED if request.finalize else INPUTTING
    card.put({request.key: old + request.content, "flowStatus": str(status)}, by_key=True)
    card.streamed += 1
    world.stats.card_streams += 1
    card.note()
