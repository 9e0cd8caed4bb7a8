"""What becomes of an answer that grows, on every platform: all that was written is shown once, whatever goes wrong.

A platform's tests derive from `StreamingContract`, or from `WholeContract` where nothing grows, and give a fixture
`stage`. See `feishu/test_feishu_streaming_contract.py`.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from contract import until
from pydantic import SecretStr

from imbridge import Bridge, BridgeOptions, Thinking
from imbridge.config import AccountConfig
from imbridge.protocol import DeliveryState, Message, Receipt

PIECES = [f"w{number} " for number in range(12)]
WORDS = [piece.strip() for piece in PIECES]
INTERRUPTED = "⏹ 已中断 (interrupted)"
STOPPED = "⏹ 已停止 (stopped)"
Trouble = Mapping[int, Callable[[], object]]

PROGRAM = """
import asyncio, sys
from imbridge import Bridge

bridge = Bridge.from_config(sys.argv[1])

@bridge.on_message
async def answer(msg):
    if msg.text != "go":
        return f"heard {msg.text}"
    async with msg.stream() as stream:
        await stream.write("half of ")
        await asyncio.sleep(1.0)
        await stream.write("it")
        await asyncio.sleep(3600)

bridge.run()
"""


class StreamStage(ABC):
    """A platform where somebody talks to a bot whose answers grow.

    Attributes:
        grows: People see them grow; otherwise an answer is one message at its end.
        recovers: What a killed process left open is finished by the next one.
        thinks: Thinking is shown apart from the answer.
        is_seen_open: People see that it is being written still.
        loses_first: When the answer to its first state gets lost, nobody knows its id, so that it cannot be finished.
        closed_is_over: What the platform has closed is over for it, and is not finished by anybody.
    """

    grows: ClassVar[bool] = True
    recovers: ClassVar[bool] = False
    thinks: ClassVar[bool] = False
    is_seen_open: ClassVar[bool] = True
    loses_first: ClassVar[bool] = False
    closed_is_over: ClassVar[bool] = False

    @abstractmethod
    def config(self) -> AccountConfig:
        """The settings of the account."""

    @abstractmethod
    async def says(self, text: str) -> None:
        """A person says something in private."""

    @abstractmethod
    def shown(self) -> list[str]:
        """What people see of the bot, message by message."""

    @abstractmethod
    def finished(self) -> bool:
        """Whether none of it seems to be written still."""

    @abstractmethod
    def violations(self) -> list[Any]:
        """Rules of the platform that were broken."""

    @abstractmethod
    def connected(self) -> bool:
        """Whether the bot hears what is said now."""

    def quicken(self, bridge: Bridge) -> None:
        """Short waits between attempts."""
        return

    def serving(self, bridge: Bridge) -> AbstractAsyncContextManager[Any]:
        """A web server for the bridge's callbacks, where it has any."""
        return nullcontext()

    @abstractmethod
    def lose_update(self) -> None:
        """The next change arrives, and the answer that says so gets lost."""

    @abstractmethod
    def cut_update(self) -> None:
        """The next change does not arrive: the connection breaks."""

    @abstractmethod
    def too_fast(self) -> None:
        """The next changes are refused because of a rate."""

    @abstractmethod
    def close_stream(self) -> None:
        """What grows takes no more."""

    @abstractmethod
    def half_open(self) -> None:
        """The connection looks alive and is dead."""

    @abstractmethod
    def slow(self, seconds: float) -> None:
        """Changes take so long, for a while."""

    def text(self) -> str:
        """All that people read, in order."""
        return "\n".join(self.shown())

    def words(self) -> list[str]:
        """Its words."""
        return self.text().split()


class Written:
    """A skill that writes what the test says, as an answer to `go`; to all else it says that it heard it."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[str | Thinking | Exception | None] = asyncio.Queue()
        self.receipts: list[Receipt] = []
        self.began = self.cleaned_up = False

    def write(self, *pieces: str | Thinking | Exception | None) -> None:
        for piece in pieces:
            self.pieces.put_nowait(piece)

    async def answer(self, msg: Message) -> str | None:
        if msg.text != "go":
            return f"heard {msg.text}"
        self.began = True
        try:
            async with msg.stream() as out:
                while (piece := await self.pieces.get()) is not None:
                    if isinstance(piece, Exception):
                        raise piece
                    await (out.think(piece.text) if isinstance(piece, Thinking) else out.write(piece))
        finally:
            self.cleaned_up = True
        self.receipts.append(await out.finish())
        return None


@asynccontextmanager
async def talking(stage: StreamStage, **options: Any) -> AsyncIterator[tuple[Bridge, Written]]:
    """A bridge on that stage, and what its skill writes."""
    written = Written()
    bridge = Bridge([stage.config()], options=BridgeOptions(**options))
    bridge.on_message(written.answer)
    async with bridge, stage.serving(bridge):
        stage.quicken(bridge)
        yield bridge, written


async def streamed(stage: StreamStage, trouble: Trouble | None = None) -> Receipt:
    """A whole answer in pieces; before some of them trouble comes. What became of it."""
    async with talking(stage) as (_, written):
        await stage.says("go")
        await until(lambda: written.began, "the skill's work")
        for number, piece in enumerate(PIECES):
            if trouble and number in trouble:
                trouble[number]()
            written.write(piece)
            await asyncio.sleep(
                0.03
            )  # pieces come over time, not at once: what is shown meanwhile is up to the platform
        written.write(None)
        await until(lambda: written.receipts, f"a receipt of {stage.shown()}", 60)
        if trouble is None:  # while the bridge is there: some platforms come for it; of what broke they may not
            await until(stage.finished, "the end of it")
    return written.receipts[0]


class WholeContract:
    """Where nothing grows: one message at the end, never several."""

    async def test_it_is_shown_once_and_whole(self, stage: StreamStage) -> None:
        receipt = await streamed(stage)
        assert receipt.state is DeliveryState.SENT
        assert stage.words() == WORDS
        assert len(stage.shown()) == 1
        await until(stage.finished, "the end of it")
        assert stage.violations() == []
        told = [one.what for one in receipt.degradations]
        assert ("stream" in told) is not stage.grows

    async def test_a_failure_shows_what_was_written_and_says_so(self, stage: StreamStage) -> None:
        async with talking(stage) as (_, written):
            await stage.says("go")
            written.write("so ", "far", ValueError("boom"))
            await until(lambda: len(stage.shown()) == 2 or "Sorry" in stage.text(), f"an apology in {stage.shown()}")
            await until(stage.finished, "the end of it")  # while the bridge is there, as in `streamed`
        assert self._plain(stage).startswith(f"so far\n\n{INTERRUPTED}")
        assert stage.text().count("so far") == 1

    async def test_a_word_stops_it(self, stage: StreamStage) -> None:
        async with talking(stage) as (bridge, written):
            await stage.says("go")
            written.write("so far")
            if stage.grows:
                await until(lambda: "so far" in stage.text(), "the beginning")
            else:
                await until(lambda: written.began and not written.pieces.qsize(), "the skill's work")
            await stage.says("停")
            await until(lambda: bridge.counters()["bridge"].get("stopped"), "the end of the skill's work")
            await until(lambda: stage.shown() and stage.finished(), "the end of it")
        assert written.cleaned_up
        assert self._plain(stage) == f"so far\n\n{STOPPED}"
        assert stage.violations() == []

    async def test_a_stop_whose_grace_is_over_shows_what_was_written_and_says_so(self, stage: StreamStage) -> None:
        async with talking(stage) as (bridge, written):
            await stage.says("go")
            written.write("so far")
            if stage.grows:
                await until(lambda: "so far" in stage.text(), "the beginning")
            else:
                await until(lambda: written.began and not written.pieces.qsize(), "the skill's work")
            await bridge.stop(grace=0)
            await until(stage.finished, "the end of it")
        assert self._plain(stage) == f"so far\n\n{INTERRUPTED}"

    async def test_thinking_stays_out_of_the_answer(self, stage: StreamStage) -> None:
        async with talking(stage) as (_, written):
            await stage.says("go")
            written.write(Thinking("let me see"), "the answer", None)
            await until(lambda: written.receipts, "a receipt")
        (receipt,) = written.receipts
        assert [one.what for one in receipt.degradations if one.what == "thinking"] == ["thinking"] * (not stage.thinks)
        assert ("let me see" in stage.text()) is stage.thinks
        assert stage.text().count("the answer") == 1

    async def test_thinking_is_a_quote_where_that_is_wanted(self, stage: StreamStage) -> None:
        async with talking(stage, thinking="show") as (_, written):
            await stage.says("go")
            written.write(Thinking("let me see"), "the answer", None)
            await until(lambda: written.receipts, "a receipt")
        assert "let me see" in stage.text()
        assert stage.text().count("the answer") == 1
        assert len(stage.shown()) == 1

    @staticmethod
    def _plain(stage: StreamStage) -> str:
        """What people read, without what a text is escaped with."""
        return stage.text().replace("\\", "").replace("*", "")


class StreamingContract(WholeContract):
    """Where answers grow."""

    async def test_people_see_it_grow(self, stage: StreamStage) -> None:
        async with talking(stage) as (_, written):
            await stage.says("go")
            written.write("one ")
            await until(lambda: "one" in stage.text(), "the beginning")
            assert stage.finished() is not stage.is_seen_open
            written.write("two")
            await until(lambda: stage.words() == ["one", "two"], "more of it")
            written.write(None)
            await until(lambda: written.receipts, "a receipt")
        assert stage.words() == ["one", "two"]
        assert written.receipts[0].degradations == ()

    @pytest.mark.parametrize("at", [0, 5, 11])
    @pytest.mark.parametrize("fault", ["lose_update", "cut_update", "too_fast", "close_stream", "half_open"])
    async def test_trouble_on_the_way(self, stage: StreamStage, fault: str, at: int) -> None:
        receipt = await streamed(stage, {at: getattr(stage, fault)})
        assert stage.words() == WORDS
        assert receipt.state is DeliveryState.SENT
        lost = stage.loses_first and (fault, at) == ("lose_update", 0)
        assert stage.finished() or lost or (stage.closed_is_over and fault == "close_stream")

    async def test_one_trouble_after_another(self, stage: StreamStage) -> None:
        trouble = {1: stage.lose_update, 3: stage.too_fast, 5: stage.cut_update, 7: stage.lose_update}
        receipt = await streamed(stage, trouble)
        assert stage.words() == WORDS
        assert receipt.state is DeliveryState.SENT

    async def test_a_slow_platform_costs_states_and_nothing_else(self, stage: StreamStage) -> None:
        receipt = await streamed(stage, {1: lambda: stage.slow(0.3)})
        assert stage.words() == WORDS
        assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
        assert len(stage.shown()) == 1

    @pytest.mark.timeout(240)  # a busy machine takes long to start a process
    async def test_a_process_that_is_killed_in_the_middle(self, stage: StreamStage, tmp_path: Path) -> None:
        settings = file_with(stage.config(), tmp_path)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, str(settings), stderr=asyncio.subprocess.DEVNULL, env=dict(os.environ)
        )
        try:
            await until(stage.connected, "a connection", 120)
            await stage.says("go")
            await until(lambda: "half of it" in stage.text(), "the second state")
            if stage.recovers:  # a note is written a moment after what it tells of
                await until(lambda: "half of it" in noted(tmp_path / "state.db"), "a note of it")
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert stage.finished() is not stage.is_seen_open
        written = Written()
        async with Bridge([stage.config()], options=BridgeOptions(state=tmp_path / "state.db")) as bridge:
            del bridge
            if stage.recovers:
                await until(stage.finished, "the end of it")
        assert not written.receipts
        expected = f"half of it\n\n{INTERRUPTED}" if stage.recovers else "half of it"
        assert self._plain(stage) == expected


def noted(state: Path) -> str:
    """What a process has noted so far."""
    with closing(sqlite3.connect(state)) as connection:
        return str(connection.execute("SELECT value FROM notes").fetchall())


def file_with(config: AccountConfig, folder: Path) -> Path:
    """A settings file with one account, and notes that survive a restart."""
    account = {field: _raw(getattr(config, field)) for field in sorted(config.model_fields_set)}
    name = account.pop("name")
    path = folder / "imbridge.yaml"
    channels = {config.platform: {"accounts": {name: account}}}
    path.write_text(json.dumps({"bridge": {"state": str(folder / "state.db")}, "channels": channels}))
    path.chmod(0o600)
    return path


def _raw(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
