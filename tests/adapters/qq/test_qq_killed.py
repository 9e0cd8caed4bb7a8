"""What an earlier process has said, and was killed before it could write that down, is not said again."""

from pathlib import Path
from typing import Any

from contract import until
from qq_rig import Rig
from qq_saying import hears
from rigs import text

from imbridge import Bridge, BridgeOptions
from imbridge.adapters.notes import MemoryNotes
from imbridge.protocol import Channel, ChannelKind, Reply, Text
from imbridge.runtime.delivery import answer_key
from imbridge.storage import OutboxEntry, SqlStorage


async def test_what_was_left_unsaid_is_sent_with_the_number_it_has_had(rig: Rig, tmp_path: Path) -> None:
    options = BridgeOptions(state=tmp_path / "state.db")
    bridge = Bridge([rig.config()], options=options)

    @bridge.on_message
    async def answer(msg):
        return f"echo: {msg.text}"

    async with bridge:
        said = await rig.alice.says("hi", bot=rig.bot)
        await rig.alice.receives("echo: hi")
        channel = Channel(platform="qq", account="work", kind=ChannelKind.PRIVATE, id=rig.alice.openid_for(rig.bot))
    earlier = SqlStorage(tmp_path / "bridge.db")
    await earlier.open()
    key = answer_key(channel.account_key, said.id, 0)
    await earlier.add_outbound(
        OutboxEntry(key=key, channel=channel, reply=Reply(elements=(Text(text="echo: hi"),)), reply_to=said.id)
    )
    await earlier.close()
    later = Bridge([rig.config()], options=options, storage=SqlStorage(tmp_path / "bridge.db"))
    async with later:
        await until(lambda: later.counters()["bridge"].get("delivery_sent"))
    assert [message.text for message in rig.qq.messages] == ["echo: hi"]
    assert rig.qq.stats.duplicates_refused == 1


class SlowNotes(MemoryNotes):
    """Notes that are on disk once somebody has waited for it."""

    def __init__(self) -> None:
        super().__init__()
        self.on_disk = True

    def put(self, kind: str, name: str, value: Any, *, until: float | None = None) -> None:
        super().put(kind, name, value, until=until)
        if kind != "gateway_session":  # which is noted from time to time, and nobody waits for that
            self.on_disk = False

    async def flush(self) -> None:
        self.on_disk = True


async def test_a_number_is_on_disk_before_it_is_used(rig: Rig) -> None:
    rig.notes = notes = SlowNotes()
    adapter = await rig.start()
    message_id = await hears(rig)
    seen: list[bool] = []
    rig.qq.wire.watch(lambda direction, kind, facts: seen.append(notes.on_disk) if kind == "http" else None)
    await adapter.send(rig.target(answers=message_id), text("yes"), "key")
    assert seen
    assert all(seen)
