"""What becomes of messages and events: once for messages, again and again for events.

Rule: open-dingtalk developerpedia, `docs/learn/stream/protocol.md`, FAQ: robot messages are fire-and-forget, events
are pushed again without an acknowledgement; each push goes over one connection, picked at random.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.frame import BOT_TOPIC, EVENT_TOPIC, data_text, now_ms
from imbridge.emulators.dingtalk.message import PushedEvent, SentMessage
from imbridge.emulators.dingtalk.push import Ack, Push

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.connection import Connection
    from imbridge.emulators.dingtalk.world import World


class Pushes:
    """Everything that is on its way to the apps."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends all that is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def message(self, app: App, sent: SentMessage) -> None:
        """Pushes a robot message, once."""
        self._world.stats.messages += 1
        delay = self._delay()
        if delay:
            self.start(self._message_later(app, sent, delay), "dingtalk-emulator-message")
        else:
            self._message(app, sent)

    def event(self, app: App, event_type: str, data: dict[str, Any], event_id: str | None = None) -> PushedEvent:
        """Pushes an event until it is acknowledged with SUCCESS, or the platform gives up."""
        world = self._world
        event_id = event_id or world.ids.hex("event_id", 32)
        pushed = PushedEvent(event_id, event_type, data, asyncio.get_running_loop().create_future())
        world.stats.events += 1
        if world.callbacks.takes_event(app, pushed):
            return pushed
        self.start(self._event(app, pushed), f"dingtalk-emulator-event-{event_id}")
        return pushed

    def callback(
        self, app: App, topic: str, data: Mapping[str, Any], connection: "Connection | None" = None
    ) -> Push | None:
        """Pushes a callback of any topic, once; its `answer` comes. None: no connection has subscribed to it.

        Args:
            app: For whom.
            topic: The topic.
            data: The frame's data.
            connection: Over which connection, whatever it has subscribed to; None: over one that wants it.
        """
        connection = connection or self._world.stream.pick(app, "CALLBACK", topic)
        if connection is None:
            return None
        push = Push(app, "CALLBACK", topic, data_text(data))
        connection.push(push)
        return push

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Does something in the background, until it is done or the emulator stops."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _message_later(self, app: App, sent: SentMessage, delay: float) -> None:
        await asyncio.sleep(delay)
        self._message(app, sent)

    def _message(self, app: App, sent: SentMessage) -> None:
        if self._world.callbacks.takes_message(app, sent):
            return
        connection = self._world.stream.pick(app, "CALLBACK", BOT_TOPIC)
        if connection is None:
            self.settle(sent, taken=False)
            return
        push = Push(app, "CALLBACK", BOT_TOPIC, data_text(sent.data))
        push.answer.add_done_callback(lambda answer: self.settle(sent, taken=_is_ok(answer.result())))
        push.copies = self._copies()
        connection.push(push)

    def settle(self, sent: SentMessage, *, taken: bool) -> None:
        """Says whether a message was taken."""
        if sent.outcome.done():
            return
        sent.lost = not taken
        if taken:
            self._world.stats.messages_taken += 1
        else:
            self._world.stats.messages_lost += 1
        sent.outcome.set_result(taken)

    async def _event(self, app: App, pushed: PushedEvent) -> None:
        world = self._world
        delay = self._delay()
        if delay:
            await asyncio.sleep(delay)
        headers = {
            "eventType": pushed.event_type,
            "eventId": pushed.event_id,
            "eventCorpId": world.corp_id,
            "eventBornTime": str(now_ms()),
            "eventUnifiedAppId": app.app_id,
        }
        text = data_text(pushed.data)
        for wait in (*world.settings.redelivery, None):
            push = Push(app, "EVENT", EVENT_TOPIC, text, headers)
            if await self._sent(push, pushed, wait):
                world.stats.events_taken += 1
                pushed.outcome.set_result(True)
                return
        world.stats.events_given_up += 1
        pushed.outcome.set_result(False)

    async def _sent(self, push: Push, pushed: PushedEvent, wait: float | None) -> bool:
        """Writes an event once, waits until its next turn, and says whether it was taken."""
        world, app = self._world, push.app
        connection = world.stream.pick(app, "EVENT", EVENT_TOPIC)
        if connection is None:
            if wait is not None:
                await asyncio.sleep(wait)
            return False
        if pushed.sendings:
            world.stats.events_repeated += 1
        pushed.sendings += 1
        push.copies = self._copies()
        connection.push(push)
        started = asyncio.get_running_loop().time()
        wait = wait if wait is not None else (world.settings.redelivery or (1.0,))[-1]
        ack: Ack | None = None
        try:
            async with asyncio.timeout(wait):
                ack = await asyncio.shield(push.answer)
        except TimeoutError:
            return False
        if ack is not None and ack.code == 200 and ack.data.get("status") == "SUCCESS":
            return True
        left = wait - (asyncio.get_running_loop().time() - started)
        await asyncio.sleep(max(left, 0.0))
        return False

    def _delay(self) -> float:
        faults = self._world.faults
        fault = faults.take("delay_events") if faults.active else None
        return float(fault.facts["seconds"]) if fault else 0.0

    def _copies(self) -> int:
        faults = self._world.faults
        fault = faults.take("duplicate_events") if faults.active else None
        return int(fault.facts["copies"]) if fault else 0


def _is_ok(ack: Ack | None) -> bool:
    return ack is not None and ack.code == 200
