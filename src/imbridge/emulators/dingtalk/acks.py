"""Reading what a client sends: acknowledgements, and nothing else.

Rule: open-dingtalk developerpedia, `docs/learn/stream/protocol.md`: `code`, `message`, `headers` with the frame's own
`messageId` and `contentType`, `data` as a JSON text; of a ping its `opaque`, of an event its `status`.
"""

import json
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.dingtalk.frame import JSON
from imbridge.emulators.dingtalk.push import Ack, Push

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

CODES = frozenset({200, 400, 404, 500})
STATUSES = frozenset({"SUCCESS", "LATER"})


class Acks:
    """What one connection's client acknowledges.

    Args:
        world: The state.
        waiting: Pushes by the messageId of their frame; what is acknowledged is taken out.
        settled: Where it is put then.
    """

    def __init__(self, world: "World", waiting: MutableMapping[str, Push], settled: Newest[str, Push]) -> None:
        self._world = world
        self._waiting = waiting
        self._settled = settled
        self._pings: Newest[str, str] = Newest(world.settings.history)
        self._tolerated: Newest[str, None] = Newest(world.settings.history)

    def expect_pong(self, message_id: str, opaque: str) -> None:
        """A ping was sent."""
        self._pings[message_id] = opaque

    def tolerate(self, message_id: str) -> None:
        """Something with this id was written by hand: it may be acknowledged, as often as anybody likes."""
        self._tolerated[message_id] = None

    def lacks_pong(self, message_id: str) -> bool:
        """Whether a ping is still unanswered."""
        return message_id in self._pings

    def read(self, text: str) -> dict[str, Any] | None:
        """Takes a frame of the client; returns it, with `data` decoded, if it could be read."""
        world = self._world
        try:
            frame = json.loads(text)
            code, headers = frame["code"], frame["headers"]
            message_id = headers["messageId"]
        except (ValueError, TypeError, KeyError):
            world.violation("bad_ack", f"{len(text)} characters that are no answer with code and headers.messageId")
            return None
        data = self._data(message_id, frame.get("data"))
        if data is None:
            return None
        if not isinstance(code, int) or code not in CODES:
            world.violation("ack_code", f"answer to {message_id!r} has the code {code!r}")
        if headers.get("contentType") != JSON:
            world.violation("ack_content_type", f"answer to {message_id!r}: {headers.get('contentType')!r}")
        if message_id in self._pings:
            self._pong(message_id, data)
        else:
            self._acknowledged(str(message_id), Ack(code if isinstance(code, int) else 0, data))
        return {**frame, "data": data}

    def _data(self, message_id: object, data: object) -> dict[str, Any] | None:
        """The decoded data; `{}` where there is none, None where it is wrong."""
        if data is None or data == "":
            return {}
        decoded: Any = None
        if isinstance(data, str):
            try:
                decoded = json.loads(data)
            except ValueError:
                decoded = None
        if not isinstance(decoded, dict):
            self._world.violation("ack_data", f"data of the answer to {message_id!r} is not the JSON text of an object")
            return None
        return decoded

    def _pong(self, message_id: str, data: dict[str, Any]) -> None:
        opaque = self._pings.pop(message_id)
        self._world.stats.pongs += 1
        if data.get("opaque") != opaque:
            self._world.violation("ping_opaque", f"the answer to the ping {message_id} has another opaque")

    def _acknowledged(self, message_id: str, ack: Ack) -> None:
        world = self._world
        push = self._waiting.pop(message_id, None)
        if push is None:
            self._again(message_id)
            return
        world.stats.acks += 1
        push.acks += 1
        self._settled[message_id] = push
        if push.kind == "EVENT" and ack.code == 200 and ack.data.get("status") not in STATUSES:
            world.violation("event_status", f"answer to the event {message_id!r}: status {ack.data.get('status')!r}")
        push.settle(ack)

    def _again(self, message_id: str) -> None:
        if message_id in self._tolerated:
            return
        push = self._settled.get(message_id)
        if push is None:
            self._world.violation("ack_unknown", f"{message_id!r} was not sent over this connection")
            return
        push.acks += 1
        if push.acks > push.copies + 1:
            self._world.violation("ack_repeated", f"{message_id!r} was acknowledged more often than it was sent")
