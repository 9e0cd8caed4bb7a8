"""One app's events on their way: sent, acknowledged, or pushed again.

Rules (https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case):
an event must be handled within 3 s, else it is pushed again, with the same event_id; with several connections, one
of them gets it, no broadcast.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.callback_answer import CallbackError

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

REMEMBERED = 2_000
HELD_SECONDS = 0.05


class Link(Protocol):
    """A connection that can carry events."""

    @property
    def frozen(self) -> bool:
        """Whether the half-open fault holds it."""

    def send_event(self, delivery: "Delivery") -> None:
        """Writes the event's frames, without waiting."""

    async def drain(self) -> None:
        """Waits while the client reads too slowly."""


class Sender(Protocol):
    """The HTTP callback of an app: takes an event and reports the outcome to the queue itself."""

    def send_event(self, delivery: "Delivery") -> None:
        """Starts the request, without waiting."""


@dataclass(slots=True, eq=False)
class Delivery:
    """An event for one app. `frame_id` is the frame's message_id header, the same for every push.

    An event with an `answer` is a callback: somebody waits for what the app says. `retries` is how often it was put
    off to a later push, which comes behind what is newer; a push for a lost connection is none.
    """

    app: App
    event_id: str
    event_type: str
    payload: bytes
    frame_id: str
    serial: int
    sends: int = 0
    retries: int = 0
    writes: int = 0
    link: Link | None = None
    deadline: float = 0.0
    timer: asyncio.TimerHandle | None = None
    answer: asyncio.Future[Any] | None = None
    seq_id: int = 0


class EventQueue:
    """Delivers the events of one app over its connections, or over its HTTP callback if one is set."""

    def __init__(self, app: App, world: "World", rng: random.Random) -> None:
        self.app = app
        self.links: list[Link] = []
        self.callback: Sender | None = None
        self.taken: Newest[str, int] = Newest(world.settings.history)
        self._world = world
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Delivery] = deque()
        self._in_flight: dict[str, Delivery] = {}
        self._overdue: dict[str, Delivery] = {}
        self._done: Newest[str, int] = Newest(REMEMBERED)
        self._late: Newest[str, bool] = Newest(REMEMBERED)
        self._timers: set[asyncio.TimerHandle] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._held: Delivery | None = None

    @property
    def waiting(self) -> int:
        """Events that wait for a connection."""
        return len(self._waiting)

    @property
    def unacknowledged(self) -> int:
        """Events that were sent and are not acknowledged (yet)."""
        return len(self._in_flight) + len(self._overdue)

    def push(self, delivery: Delivery) -> None:
        """Takes a new event; the faults that concern events act here."""
        faults = self._world.faults
        if not faults.active and self._held is None:
            self._route(delivery)
            return
        delay = faults.event_delay()
        if delay > 0:
            self._later(delay, delivery, self._reordered)
        else:
            self._reordered(delivery)

    def attach(self, link: Link) -> None:
        """A connection is there: what waited goes out first, in order."""
        self.links.append(link)
        waiting, self._waiting = self._waiting, deque()
        for delivery in waiting:
            self._send(delivery)

    def detach(self, link: Link) -> None:
        """A connection is gone: what it had not acknowledged is redelivered."""
        if link not in self.links:
            return
        self.links.remove(link)
        orphans = [d for d in (*self._in_flight.values(), *self._overdue.values()) if d.link is link]
        orphans.sort(key=lambda delivery: delivery.serial)
        for delivery in orphans:
            delivery.link = None
            if self._in_flight.pop(delivery.frame_id, None) is None and not self._world.settings.redeliver_on_reconnect:
                continue  # overdue: its timer is running
            if not self._world.settings.redeliver_on_reconnect:
                self._retry_later(delivery)
                continue
            self._overdue.pop(delivery.frame_id, None)
            self._stop_timer(delivery)
            if self.links:
                self._send(delivery)
        if self._world.settings.redeliver_on_reconnect and not self.links:
            self._waiting.extendleft(reversed(orphans))

    def acknowledged(self, frame_id: str, ok: bool, answer: Any = None) -> str:
        """The client has answered.

        Returns:
            What kind of acknowledgement it was: `ok`, `failed`, `late`, `repeated` or `unknown`.
        """
        stats = self._world.stats
        delivery = self._in_flight.pop(frame_id, None)
        if ok and (known := delivery or self._overdue.get(frame_id)) is not None:
            self.taken.setdefault(known.event_id, known.retries)
        if delivery is None:
            if self._late.pop(frame_id, False):
                stats.acks_late += 1
                return "late"
            overdue = self._overdue.get(frame_id)
            if overdue is not None and self._loop.time() < overdue.deadline:
                return "ok"  # a copy of a push that was refused with another acknowledgement
            if overdue is not None:
                stats.acks_late += 1
                return "late"
            if frame_id in self._done:
                stats.acks_repeated += 1
                self._done[frame_id] -= 1
                return "repeated" if self._done[frame_id] < 0 else "ok"
            return "unknown"
        if not ok:
            stats.acks_failed += 1
            if delivery.answer is not None:
                self._unanswered(delivery, 200671)
            else:
                self._retry_later(delivery)
            return "failed"
        stats.acks_ok += 1
        self._finish(delivery)
        if delivery.answer is not None and not delivery.answer.done():
            delivery.answer.set_result({} if answer is None else answer)
        return "ok"

    async def drain(self) -> None:
        """Waits while clients read too slowly."""
        for link in tuple(self.links):
            await link.drain()

    def close(self) -> None:
        """Stops all timers."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._sweep is not None:
            self._sweep.cancel()

    def release_held(self) -> None:
        """Sends the event that the reorder fault holds back, if any."""
        held, self._held = self._held, None
        if held is not None:
            self._route(held)

    def _reordered(self, delivery: Delivery) -> None:
        if self._held is not None:
            self._route(delivery)
            self.release_held()
        elif self._world.faults.hold_event():
            self._held = delivery
            self._later(HELD_SECONDS, delivery, self._release)
        else:
            self._route(delivery)

    def _release(self, delivery: Delivery) -> None:
        if self._held is delivery:
            self.release_held()

    def _route(self, delivery: Delivery) -> None:
        if self.callback is not None or self.links:
            self._send(delivery)
            return
        self._waiting.append(delivery)
        if len(self._waiting) > self._world.settings.queue_limit:
            self._waiting.popleft()
            self._world.stats.events_dropped += 1

    def _send(self, delivery: Delivery) -> None:
        world = self._world
        if delivery.answer is not None and delivery.answer.done():
            return  # nobody waits for it any more
        if delivery.sends:
            world.stats.events_redelivered += 1
        delivery.sends += 1
        delivery.deadline = self._loop.time() + world.settings.ack_timeout
        self._in_flight[delivery.frame_id] = delivery
        if self.callback is not None:
            self.callback.send_event(delivery)
            return
        links = self.links
        link = links[0] if len(links) == 1 else self._rng.choice(links)
        delivery.link = link
        copies = 1 + (world.faults.event_copies() if world.faults.active else 0)
        for _ in range(copies):
            delivery.writes += 1
            link.send_event(delivery)
        if self._sweep is None:
            self._sweep = self._loop.call_at(delivery.deadline, self._expire)

    def _expire(self) -> None:
        # One timer for all: deliveries are in the order of their deadlines.
        self._sweep = None
        now = self._loop.time()
        while self._in_flight:
            delivery = next(iter(self._in_flight.values()))
            if delivery.deadline > now:
                self._sweep = self._loop.call_at(delivery.deadline, self._expire)
                return
            self.timed_out(delivery)

    def timed_out(self, delivery: Delivery) -> None:
        """No acknowledgement in time."""
        self._in_flight.pop(delivery.frame_id, None)
        self._world.stats.ack_timeouts += 1
        if delivery.answer is not None:
            detail = f"callback {delivery.event_id} ({delivery.event_type}) was not answered in time"
            self._world.violation("callback_late", detail)
            self._unanswered(delivery, 200341)
            return
        if delivery.link is None or not delivery.link.frozen:
            detail = f"event {delivery.event_id} ({delivery.event_type}) was not acknowledged in time"
            self._world.violation("ack_timeout", detail)
        self._retry_later(delivery)

    def _unanswered(self, delivery: Delivery, code: int) -> None:
        """A callback failed: the person is told, and it is not pushed again."""
        self._late[delivery.frame_id] = True
        if delivery.answer is not None and not delivery.answer.done():
            delivery.answer.set_exception(CallbackError(code))

    def _retry_later(self, delivery: Delivery) -> None:
        schedule = self._world.settings.redelivery
        if delivery.sends > len(schedule):
            self._world.stats.events_given_up += 1
            self._finish(delivery)
            return
        delivery.retries += 1
        self._overdue[delivery.frame_id] = delivery
        self._later(schedule[delivery.sends - 1], delivery, self._retry)

    def _retry(self, delivery: Delivery) -> None:
        self._overdue.pop(delivery.frame_id, None)
        self._route(delivery)

    def _finish(self, delivery: Delivery) -> None:
        # Every copy that was written may be acknowledged once.
        self._done[delivery.frame_id] = delivery.writes - 1

    def _later(self, seconds: float, delivery: Delivery, action: Any) -> None:
        def run() -> None:
            self._timers.discard(timer)
            action(delivery)

        timer = self._loop.call_later(seconds, run)
        delivery.timer = timer
        self._timers.add(timer)

    def _stop_timer(self, delivery: Delivery) -> None:
        if delivery.timer is not None:
            delivery.timer.cancel()
            self._timers.discard(delivery.timer)
            delivery.timer = None
