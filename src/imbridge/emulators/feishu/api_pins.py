"""im/v1/pins.

Rules: https://open.feishu.cn/document/server-docs/im-v1/pin/create and its neighbours.
"""

from typing import Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import Message, Pin
from imbridge.emulators.feishu.paging import page


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "im/v1/pins", create)
    routes.add("GET", "im/v1/pins", list_pins)
    routes.add("DELETE", "im/v1/pins/:id", delete)


def create(call: Call) -> dict[str, Any]:
    """`POST im/v1/pins`; of a message that is pinned already, its pin."""
    message = _message(call, call.json().get("message_id"))
    if message.recalled:
        raise ApiError(230011)
    if message.pin is None:
        message.pin = Pin(call.app, now_ms())
        call.world.stats.pins += 1
    return {"pin": _as_json(call, message, message.pin)}


def delete(call: Call) -> dict[str, Any]:
    """`DELETE im/v1/pins/:id`."""
    _message(call, call.args[0]).pin = None
    return {}


def list_pins(call: Call) -> dict[str, Any]:
    """`GET im/v1/pins?chat_id=`, with start_time and end_time (milliseconds), the newest first."""
    chat = call.world.directory.chats.get(call.query("chat_id"))
    if chat is None:
        raise ApiError(230001, "invalid chat_id")
    if call.app not in chat.apps:
        raise ApiError(230002)
    start, end = _milliseconds(call, "start_time"), _milliseconds(call, "end_time")
    if start is not None and end is not None and start >= end:
        raise ApiError(230001, "start_time is less than end_time")
    pinned = [
        (one, one.pin)
        for one in call.world.store.in_chat(chat)
        if one.pin is not None
        and (start is None or one.pin.create_time >= start)
        and (end is None or one.pin.create_time <= end)
    ]
    pinned.sort(key=lambda found: found[1].create_time)
    pinned.reverse()
    shown, pages = page(call, pinned, default=20, limit=50, bad_size=230001, bad_token=230001)
    return {"items": [_as_json(call, message, pin) for message, pin in shown], **pages}


def _message(call: Call, message_id: object) -> Message:
    message = call.world.store.get(message_id) if isinstance(message_id, str) else None
    if message is None:
        raise ApiError(230001, "invalid message_id")
    if call.app not in message.chat.apps:
        raise ApiError(230002)
    return message


def _as_json(call: Call, message: Message, pin: Pin) -> dict[str, Any]:
    by_app = isinstance(pin.by, App)
    operator_id = pin.by.app_id if isinstance(pin.by, App) else call.world.directory.ids_of(pin.by, call.app)["open_id"]
    return {
        "message_id": message.message_id,
        "chat_id": message.chat_id,
        "operator_id": operator_id,
        "operator_id_type": "app_id" if by_app else "open_id",
        "create_time": str(pin.create_time),
    }


def _milliseconds(call: Call, name: str) -> int | None:
    value = call.query(name)
    if not value:
        return None
    if not value.isdigit():
        raise ApiError(230001, f"{name} is a number of milliseconds")
    return int(value)
