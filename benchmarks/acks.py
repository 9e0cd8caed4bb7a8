"""From frame to acknowledgement at a fixed rate: how long the platform waits, whatever comes of the message.

People speak at a steady rate, not when they have an answer: what falls behind shows in the times of all that follow.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.stages import APP_ID, APP_SECRET
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator

PEOPLE = 100
PATIENCE = 60.0


@dataclass
class Acks:
    """One client at one rate.

    Attributes:
        rate: What was asked for, in messages a second.
        spoken: What people really came to.
        seconds: Of each message from its frame to its first acknowledgement.
        refused: Messages that the platform was told to deliver again.
    """

    rate: float
    spoken: float
    seconds: list[float]
    refused: int

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class _Watch:
    """Notes when an event goes out, and when it is acknowledged."""

    def __init__(self, queue: Any) -> None:
        self.seconds: list[float] = []
        self.refused = 0
        self._sent: dict[str, float] = {}
        self._send, self._acknowledged = queue._send, queue.acknowledged
        queue._send, queue.acknowledged = self.send, self.acknowledged

    def send(self, delivery: Any) -> None:
        self._sent.setdefault(delivery.frame_id, time.perf_counter())
        self._send(delivery)

    def acknowledged(self, frame_id: str, ok: bool, answer: Any = None) -> Any:
        sent = self._sent.get(frame_id, 0.0)
        if sent:
            self._sent[frame_id] = 0.0  # what is delivered again has had its answer
            self.seconds.append(time.perf_counter() - sent)
            self.refused += not ok
        return self._acknowledged(frame_id, ok, answer)


async def measure(client: str, *, rate: float, seconds: float, silent: bool = False) -> Acks:
    """Run a client module for so many seconds at so many messages a second; `silent`: they are not answered.

    An answer costs the emulated platform as much as the bridge, and here both share the machine.
    """
    settings = EmulatorSettings(rate_limits=False, reconnect_nonce=0, history=100_000, ack_timeout=PATIENCE)
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app(name="Bench", app_id=APP_ID, app_secret=APP_SECRET)
        people = [feishu.add_user(f"user{number}") for number in range(PEOPLE)]
        chats = [feishu.private_chat(person, app) for person in people]
        async with _running(client, feishu, silent=silent) as process:
            while not feishu.connections(app):
                await asyncio.sleep(0.01)
                if process.returncode is not None:
                    raise RuntimeError(f"{client} ended with status {process.returncode}")
            for number in range(PEOPLE):  # connections open, caches filled
                await people[number].says("warm", chat=chats[number])
                await people[number].receives("warm", chat=chats[number], timeout=PATIENCE)
            watch = _Watch(feishu.world.queue(app))
            count = int(rate * seconds)
            started = time.perf_counter()
            for number in range(count):
                late = started + number / rate - time.perf_counter()
                if late > 0 or not number % 10:
                    await asyncio.sleep(max(late, 0.0))
                who = number % PEOPLE
                await people[who].says(f"message {number}", chat=chats[who])
            spoken = count / (time.perf_counter() - started)
            async with asyncio.timeout(PATIENCE):
                while len(watch.seconds) < count:  # noqa: ASYNC110 - an emulator has no event for it
                    await asyncio.sleep(0.05)
            return Acks(rate, spoken, watch.seconds, watch.refused)


@asynccontextmanager
async def _running(client: str, feishu: FeishuEmulator, *, silent: bool) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {
        **os.environ,
        "FEISHU_BASE_URL": feishu.base_url,
        "FEISHU_APP_ID": APP_ID,
        "FEISHU_APP_SECRET": APP_SECRET,
        "BENCH_SILENT": "1" if silent else "",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", client, env=environ)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
