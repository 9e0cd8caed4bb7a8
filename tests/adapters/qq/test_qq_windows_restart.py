"""What can be answered after a restart: the newest message of each conversation."""

import pytest

from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.qq.sent.windows import Windows
from imbridge.protocol import Channel, ChannelKind


class TestTheNewestOverARestart:
    """What nobody has answered yet can be answered by the next process."""

    @staticmethod
    async def process(notes: MemoryNotes, clock: list[float]) -> Windows:
        windows = Windows(notes, now=lambda: clock[0])
        await windows.restore()
        return windows

    async def test_it_is_found(self) -> None:
        notes, clock = MemoryNotes(), [1000.0]
        first = await self.process(notes, clock)
        group, other = group_at("g1"), group_at("g2")
        first.open("m1", "msg_id", group, clock[0])
        clock[0] += 10
        first.open("m2", "event_id", group, clock[0])
        first.open("m3", "msg_id", other, clock[0])
        used = first.find(other, "m3")
        assert used is not None
        first.take(used, "key")
        again = await self.process(notes, clock)
        newest = again.find(group, None)
        assert newest is not None
        assert (newest.id, newest.field, newest.counted) == ("m2", "event_id", True)
        known = again.find(other, None)
        assert known is not None
        assert (known.id, known.used) == ("m3", 1)  # that it was used counts
        clock[0] += 301
        late = await self.process(notes, clock)
        assert late.find(group, None) is None
        assert not [kind for kind, values in notes._notes.items() if values]

    async def test_what_the_platform_has_closed_is_not(self) -> None:
        notes, clock = MemoryNotes(), [1000.0]
        first = await self.process(notes, clock)
        first.open("m1", "msg_id", group_at("g1"), clock[0])
        handle = first.find(group_at("g1"), None)
        assert handle is not None
        first.over(handle)
        assert (await self.process(notes, clock)).find(group_at("g1"), None) is None

    async def test_they_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("imbridge.adapters.qq.sent.windows._MOST", 10)
        notes = MemoryNotes()
        first = await self.process(notes, [1000.0])
        for number in range(100):
            first.open(f"m{number}", "msg_id", group_at(f"g{number}"), 1000.0)
        assert len(await notes.all("newest_message")) == 10


def group_at(identity: str) -> Channel:
    return Channel(platform="qq", account="work", kind=ChannelKind.GROUP, id=identity)
