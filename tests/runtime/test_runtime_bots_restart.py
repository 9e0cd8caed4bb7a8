"""Calls from bot to bot over the end of a process: none twice, and none lost that was still to be said."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime_world import account, counts, emulated, texts, until
from storage_double import Disk, GroupCommitStorage

from imbridge import Bridge, Message, Reply, Text
from imbridge.emulators.feishu import App, FeishuEmulator
from imbridge.protocol import Address
from imbridge.storage import OutboxEntry


@asynccontextmanager
async def process(
    feishu: FeishuEmulator, apps: dict[str, App], disk: Disk
) -> AsyncIterator[tuple[Bridge, list[tuple[str, int]]]]:
    """A process with both bots; gives what Bea hears."""
    heard: list[tuple[str, int]] = []
    accounts = [account(feishu, app, name) for name, app in apps.items()]
    bridge = Bridge(accounts, storage=GroupCommitStorage(disk))

    @bridge.on_message
    async def note(msg: Message) -> None:
        if msg.channel.account == "bea":
            heard.append((msg.text, msg.hops))

    async with bridge:
        yield bridge, heard


async def test_what_is_said_again_after_a_crash_is_heard_once() -> None:
    async with emulated() as feishu:
        apps = {"ann": feishu.add_app(name="Ann"), "bea": feishu.add_app(name="Bea")}
        group = feishu.add_group("Team", members=[feishu.add_user("Alice")], apps=[*apps.values()])
        disk, where = Disk(), f"feishu:ann/group/{group.chat_id}"
        async with process(feishu, apps, disk) as (bridge, heard):
            assert await bridge.send(where, "@Bea hello", key="k1")
            await until(lambda: heard)
        # It ended before it had noted that this was said.
        disk.outbox[disk.next()] = OutboxEntry("k1", Address(where).channel, Reply(elements=(Text("@Bea hello"),)))
        async with process(feishu, apps, disk) as (bridge, again):
            await until(lambda: counts(bridge)["duplicate"])
            await until(lambda: not disk.outbox)
            assert counts(bridge)["bot_calls"] == 1
        assert (heard, again) == ([("hello", 1)], [])
        assert texts(feishu) == ["@Bea hello"]


async def test_what_was_left_unsaid_calls_when_it_is_said() -> None:
    async with emulated() as feishu:
        apps = {"ann": feishu.add_app(name="Ann"), "bea": feishu.add_app(name="Bea")}
        group = feishu.add_group("Team", members=[feishu.add_user("Alice")], apps=[*apps.values()])
        disk, channel = Disk(), Address(f"feishu:ann/group/{group.chat_id}").channel
        disk.outbox[disk.next()] = OutboxEntry("k2", channel, Reply(elements=(Text("@Bea hello"),)), hops=2)
        async with process(feishu, apps, disk) as (_, heard):
            await until(lambda: heard)
        assert heard == [("hello", 3)]
