"""What one event costs from its frame to the acknowledgement: our link with the inbox, without the skill.

The connection is a stand-in that keeps what is sent; everything else is the real thing. Beside it the same work written
by hand: parse the frame, parse the JSON, write the acknowledgement.
"""

import asyncio
import json
import time
from typing import Any

from pydantic import SecretStr

from benchmarks.clients.frame import frame_class
from benchmarks.events import message_event
from imbridge import BaseSkill, FeishuConfig, Message
from imbridge.adapters.base import AdapterContext
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.inbound import Identity
from imbridge.adapters.feishu.link import FeishuLink
from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.pending import Answer
from imbridge.config import BridgeOptions
from imbridge.runtime.bots import Bots
from imbridge.runtime.delivery import Delivery
from imbridge.runtime.handling import Handling
from imbridge.runtime.intake.gate import Gate
from imbridge.runtime.process import settle_garbage_collector
from imbridge.runtime.scheduling import Clock, Scheduler
from imbridge.runtime.scheduling.planner import Planner
from imbridge.skills import SkillSet
from imbridge.storage import MemoryNotebook, MemoryStorage
from imbridge.transport import HttpPool

TURNS, FRAMES = 7, 2000


class Silent(BaseSkill):
    """Handles everything and says nothing."""

    async def handle_message(self, msg: Message) -> None:
        return None


class Collector:
    """Stands for the connection: takes what is sent."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, data: bytes) -> None:
        self.sent += 1


def frames(turn: int) -> list[bytes]:
    """Events as the platform sends them, each with its own ids."""
    frame_type, now = frame_class(), int(time.time() * 1000)
    made = []
    for number in range(FRAMES):
        event = message_event(f"{turn:04d}{number:028d}", f"om_{turn:04d}{number:028d}", now, chat=number % 50)
        frame = frame_type(SeqID=1, LogID=2, service=3, method=1, payload=json.dumps(event).encode())
        for key, value in (("type", "event"), ("message_id", f"m{number}"), ("sum", "1"), ("seq", "0")):
            frame.headers.add(key=key, value=value)
        made.append(frame.SerializeToString())
    return made


async def by_hand(data: list[bytes], connection: Any) -> None:
    """The least that has to be done."""
    frame_type = frame_class()
    for one in data:
        frame = frame_type()
        frame.ParseFromString(one)
        json.loads(frame.payload)
        frame.headers.add(key="biz_rt", value="0")
        frame.payload = b'{"code": 200}'
        await connection.send(frame.SerializeToString())


async def measure() -> dict[str, float]:
    """Microseconds of CPU per frame: ours to the ack, ours with the lane and a silent skill, and by hand."""
    storage = MemoryStorage()
    await storage.open()
    pool = HttpPool()
    config = FeishuConfig(name="bench", app_id="cli_bench", app_secret=SecretStr("bench-secret"))

    class Intake:
        def offer(self, inbound: Any) -> Any:
            return handling.inbox.offer(config.key, inbound)

    async def no_answer(inbound: Any, within: float) -> tuple[bytes, Answer]:
        return b"", ()

    adapter = FeishuAdapter(config, AdapterContext(Intake(), pool))  # it is asked about each message; nothing is said
    options = BridgeOptions(max_waiting=100_000, lane_length=100_000)
    notebook = MemoryNotebook()

    def take_in(account: str, inbound: Any) -> Any:
        return handling.inbox.offer(account, inbound)

    bots = Bots({config.key: adapter}, options, take_in, notebook.of)
    delivery = Delivery(storage, lambda account: adapter, bots, notebook.of, options)
    gate = Gate(stale_after=1e9, may_write=lambda message: True)
    skills = SkillSet([Silent()])
    scheduler = Scheduler(storage, skills, delivery, lambda account: adapter, options, Clock())
    planner = Planner(scheduler, lambda account: config, options.time_zone)
    handling = Handling(storage, skills, delivery, gate, lambda account: adapter, bots, planner, options)

    link = FeishuLink(
        Caller(config, pool, MemoryNotes()), Identity("bench", "cli_bench", "ou_bot"), Intake(), no_answer
    )
    connection: Any = Collector()
    settle_garbage_collector()  # as `bridge.run()` does
    results: dict[str, list[float]] = {"to_ack": [], "to_skill": [], "by_hand": []}
    for turn in range(TURNS):
        data = frames(turn)
        started = time.process_time()
        await by_hand(data, Collector())
        results["by_hand"].append(time.process_time() - started)
        started = time.process_time()
        for one in data:
            await link.on_frame(connection, one)
        results["to_ack"].append(time.process_time() - started)
        await handling.inbox.drain()
        results["to_skill"].append(time.process_time() - started)
    assert connection.sent == TURNS * FRAMES
    await pool.close()
    return {name: min(values) / FRAMES * 1e6 for name, values in results.items()}


def run() -> dict[str, float]:
    """Measure on asyncio's own loop."""
    return asyncio.run(measure())
