"""Faults on demand: what goes wrong on networks and platforms, when a test wants it to.

Every method returns a `Fault`, which counts how often it struck, ends by itself after `times`, and can be used as a
context manager: `with feishu.faults.http_fail("*/messages*", 502): ...`.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.connection_faults import ConnectionFaults
from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.http_faults import HttpFaults
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.oauth_errors import ERRORS

if TYPE_CHECKING:
    from imbridge.emulators.feishu.card_entity import CardEntity
    from imbridge.emulators.feishu.connection import Connection
    from imbridge.emulators.feishu.longlink import LongLink
    from imbridge.emulators.feishu.message import BotMessage
    from imbridge.emulators.feishu.world import World


class Faults(HttpFaults, ConnectionFaults[App]):
    """All faults of one emulator; `active` says whether any is set.

    `http_delay(..., accepted=True)` concerns messages that a bot creates: they are accepted, and answered late.
    """

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None
        self._link: LongLink | None = None

    def attach(self, world: "World", link: "LongLink") -> None:
        """Connects the faults with what they act on."""
        self._world = world
        self._link = link

    # --- connections ------------------------------------------------------------------------------------------------

    def send_raw(self, app: App, data: bytes) -> int:
        """Sends a binary websocket message of any bytes to every connection of the app; returns how many."""
        connections = self._connections(app)
        for connection in connections:
            connection.write(data)
        return len(connections)

    def refuse_handshake(self, code: int, times: int | None = 1) -> Fault:
        """Refuses websocket handshakes: 514, 403 or 1000040350."""
        return self._add("refuse_handshake", times, code=code)

    def refuse_endpoint(self, code: int, times: int | None = 1) -> Fault:
        """The endpoint answers with this code: 1, 403, 514, 1000040343, 1000040344, 1000040350."""
        return self._add("refuse_endpoint", times, code=code)

    # --- events -----------------------------------------------------------------------------------------------------

    def delay_events(self, seconds: float, times: int | None = None) -> Fault:
        """Events are pushed this much later."""
        return self._add("delay_events", times, seconds=seconds)

    def duplicate_events(self, n: int = 1, times: int | None = None) -> Fault:
        """Every push is written `n` times more than once."""
        return self._add("duplicate_events", times, copies=n)

    def reorder_events(self, times: int | None = None) -> Fault:
        """Swaps neighbours: an event is held back until the next one is pushed (or 50 ms)."""

        def release() -> None:
            for queue in self._queues():
                queue.release_held()

        return self._add("reorder_events", times).on_clear(release)

    def split_frames(self, parts: int, times: int | None = None) -> Fault:
        """Every event comes in at least this many frames."""
        return self._add("split_frames", times, parts=parts)

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def cut_after_accept(self, times: int | None = 1) -> Fault:
        """A create or reply is accepted, then the HTTP connection is cut before the answer."""
        return self._add("cut_after_accept", times)

    def refuse_send(
        self, code: int, times: int | None = 1, http_status: int = 400, headers: Mapping[str, str] | None = None
    ) -> Fault:
        """Creates and replies are refused with this code."""
        return self._add("refuse_send", times, code=code, status=http_status, headers=dict(headers or {}))

    def refuse(
        self,
        path_pattern: str,
        code: int,
        times: int | None = 1,
        *,
        ext: str = "",
        http_status: int = 400,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> Fault:
        """Calls of any API whose path fits (`*/cardkit/v1/cards/*/content`) are refused with this code, unhandled."""
        facts = {"pattern": path_pattern, "code": code, "ext": ext, "status": http_status, "headers": headers or {}}
        return self._add("refuse", times, **facts, method=method)

    # --- cards ------------------------------------------------------------------------------------------------------

    def card_interacting(self, card: "str | BotMessage", seconds: float) -> Fault:
        """A card entity counts as being interacted with for so long: its changes are refused with 200810."""
        entity = self._entity(card)
        entity.busy_until = time.monotonic() + seconds

        def undo() -> None:
            entity.busy_until = 0.0

        return self._add("card_interacting", None, seconds=seconds).on_clear(undo)

    def stop_streaming(self, card: "str | BotMessage", *, timed_out: bool = False) -> None:
        """Streaming mode of a card entity ends (300309); with `timed_out=True` by itself (200850 first)."""
        entity = self._entity(card)
        if timed_out:
            entity.streaming_until = time.monotonic()
        else:
            entity.stop_streaming()

    def age_card(self, card: "str | BotMessage") -> None:
        """A card entity is older than 14 days from now on: 200750."""
        self._entity(card).dies = time.monotonic()

    def forget_card(self, card: "str | BotMessage") -> None:
        """The platform knows a card entity no more: 200740."""
        self._the_world().cards.forget(self._entity(card).card_id)

    # --- tokens -----------------------------------------------------------------------------------------------------

    def expire_tokens(self) -> int:
        """All tokens issued so far are invalid from now on; returns how many there were."""
        return self._the_world().tokens.expire_all()

    def expire_user_tokens(self) -> int:
        """All user access tokens have expired from now on (99991677); returns how many lived."""
        return self._the_world().grants.expire_tokens()

    def expire_refresh_tokens(self) -> int:
        """All refresh tokens have expired from now on (20037); returns how many lived."""
        return self._the_world().grants.expire_refresh_tokens()

    def refuse_oauth(self, code: int, times: int | None = 1, grant_type: str | None = None) -> Fault:
        """The token endpoint refuses with a code of `oauth_errors.ERRORS`, of one grant type or of all."""
        if code not in ERRORS:
            raise ValueError(f"{code} is no code of the token endpoint; they are {sorted(ERRORS)}")
        return self._add("refuse_oauth", times, code=code, pattern=grant_type or "*")

    def refuse_hook(self, code: int, times: int | None = 1, msg: str = "") -> Fault:
        """Addresses of custom bots answer with this code: 11232 is the platform under pressure."""
        return self._add("refuse_hook", times, code=code, msg=msg)

    def token_lifetime(self, seconds: float) -> Fault:
        """Tokens die this many seconds after they are issued, although their expiry says otherwise."""
        return self._early_death(self._the_world().tokens, seconds)

    # --- asked by the emulator's parts --------------------------------------------------------------------------------

    def event_delay(self) -> float:
        """Seconds to hold this event back."""
        fault = self.take("delay_events")
        return float(fault.facts["seconds"]) if fault else 0.0

    def event_copies(self) -> int:
        """How many more times to write this push."""
        fault = self.take("duplicate_events")
        return int(fault.facts["copies"]) if fault else 0

    def hold_event(self) -> bool:
        """Whether to hold this event until the next."""
        return self.take("reorder_events") is not None

    def frame_parts(self) -> int:
        """In how many frames to send this event."""
        fault = self.take("split_frames")
        return int(fault.facts["parts"]) if fault else 1

    def endpoint_refusal(self) -> int | None:
        """The code to refuse the endpoint request with."""
        fault = self.take("refuse_endpoint")
        return int(fault.facts["code"]) if fault else None

    def handshake_refusal(self) -> int | None:
        """The code to refuse the handshake with."""
        fault = self.take("refuse_handshake")
        return int(fault.facts["code"]) if fault else None

    def _connections(self, owner: App | None) -> "list[Connection]":
        if self._link is None:
            raise RuntimeError("the emulator is not started")
        return [one for one in self._link.connections if owner is None or one.app is owner]

    def _entity(self, card: "str | BotMessage") -> "CardEntity":
        entity = self._the_world().cards.get(card) if isinstance(card, str) else card.entity
        if entity is None:
            raise ValueError(f"{card!r} is not (in) a card entity")
        return entity

    def _queues(self) -> list[Any]:
        return list(self._the_world().queues.values())

    def _the_world(self) -> "World":
        if self._world is None:
            raise RuntimeError("the emulator is not started")
        return self._world
