"""Who is who: ids that are learnt, names that several have, groups that are only guessed."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from bots_scene import asks_back, two
from bots_stages import dingtalk, wecom
from pydantic import SecretStr
from runtime_world import account, counts, emulated, texts, until

from imbridge import (
    BaseSkill,
    Bridge,
    BridgeOptions,
    ButtonClicked,
    Channel,
    ChannelKind,
    Message,
    Receipt,
    Sender,
)
from imbridge.adapters.base import AdapterContext, Health, Inbound, Verdict
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.runtime.bots import Bots
from imbridge.storage import MemoryNotebook
from imbridge.transport import HttpPool


async def test_a_bot_that_was_heard_is_mentioned_by_the_id_it_was_heard_by() -> None:
    """Bea never saw a mention of Ann, but the platform has delivered what Ann said."""

    hears = {"hears_bots": True, "group_scope": "at"}

    def ann(msg: Message) -> str | None:
        return None if msg.sender.is_bot else "@Bea hello"

    async with two(ann, lambda msg: None, bea_app=hears) as scene:
        await scene.alice.says("meet", chat=scene.group, mentions=[scene.bea])
        await until(lambda: len(scene.heard) == 2)
        await scene.alice.says("go", chat=scene.group, mentions=[scene.ann])
        await until(lambda: len(scene.feishu.messages) == 1 and counts(scene.bridge)["duplicate"])
        await scene.quiet()
        await scene.bridge.send(f"feishu:bea/group/{scene.group.chat_id}", "@Ann again")
    assert scene.feishu.messages[0].mentions == (scene.bea,)
    assert scene.feishu.messages[-1].mentions == (scene.ann,)


async def test_what_the_platform_delivers_before_it_says_so_knows_how_far_it_is() -> None:
    hears = {"hears_bots": True}

    async with two(asks_back("Bea"), asks_back("Ann"), ann_app=hears, bea_app=hears) as scene:
        await scene.alice.says("meet", chat=scene.group, mentions=[scene.bea, scene.ann])
        await until(lambda: len(scene.heard) == 2)
        scene.heard.clear()
        scene.feishu.faults.cut_after_accept(times=None)  # the event is there before an attempt has its answer
        await scene.alice.says("go", chat=scene.group, mentions=[scene.ann])
        await until(lambda: len(scene.by("bea")) == 1)
        await until(lambda: len(scene.by("ann")) == 1)
        heard = [msg.hops for msg in scene.heard if msg.mentions_me][:3]
        told = [msg.payload.get("imbridge") for msg in scene.by("bea") + scene.by("ann")]
    assert heard == [0, 1, 2]
    assert told == [None, None], "the platform was first"


async def test_a_robot_of_others_may_say_what_it_likes_as_long_as_it_calls_nobody() -> None:
    async with two(lambda msg: None, options=BridgeOptions(bot_turns=1)) as scene:
        for number in range(3):
            now = str(time.time_ns() // 1_000_000)
            scene.feishu.push_event(
                scene.bea,
                "im.message.receive_v1",
                {
                    "sender": {"sender_id": {"open_id": "ou_alarm"}, "sender_type": "app"},
                    "message": {
                        "message_id": f"om_alarm_{number}", "chat_id": scene.group.chat_id, "chat_type": "group",
                        "message_type": "text", "content": '{"text": "an alarm"}', "create_time": now,
                    },
                },
            )  # fmt: skip
        await until(lambda: len(scene.by("bea")) == 3)
        assert counts(scene.bridge)["bot_loop"] == 0
    assert [msg.hops for msg in scene.by("bea")] == [0, 0, 0]


class Answering(BaseSkill):
    """One account says something, and all note what they hear of bots."""

    def __init__(self, says: str) -> None:
        super().__init__()
        self.says = says
        self.heard: list[str] = []

    async def handle_message(self, msg: Message) -> str | None:
        if msg.sender.is_bot:
            self.heard.append(msg.channel.account)
        return self.says if msg.channel.account == "ann" and msg.mentions_me and not msg.sender.is_bot else None


async def test_a_name_that_two_of_the_group_have_calls_neither() -> None:
    async with emulated() as feishu:
        alice = feishu.add_user("Alice")
        apps = {name: feishu.add_app(name=name.title()) for name in ("ann", "bea", "cid")}
        both = feishu.add_group("both", members=[alice], apps=[*apps.values()])
        one = feishu.add_group("one", members=[alice], apps=[apps["ann"], apps["bea"]])
        accounts = [account(feishu, app, name, aliases=("Helper",)) for name, app in apps.items()]
        skill = Answering("@Helper hello")
        async with Bridge(accounts, skills=[skill]) as bridge:
            for group, heard in ((both, []), (one, ["bea"])):
                await alice.says("go", chat=group, mentions=[apps["ann"]])
                await alice.receives("@Helper hello", chat=group)
                sent = 1 if group is both else 2
                await until(lambda: counts(bridge)["delivery_sent"] == sent)  # noqa: B023 - awaited in the turn
                await until(lambda: counts(bridge)["waiting"] == 0)
                assert counts(bridge)["bot_calls"] == len(heard)
        assert skill.heard == ["bea"]
    assert texts(feishu) == ["@Helper hello", "@Helper hello"]


async def test_an_account_that_failed_is_called_by_nobody() -> None:
    async with wecom() as stage:
        config = stage.accounts["bea"].model_copy(update={"bot_secret": SecretStr("wrong")})
        bridge = Bridge([stage.accounts["ann"], config])
        async with bridge:
            await until(lambda: bridge.health()["wecom:bea"] is Health.FAILED)
            assert [bot.name for bot in bridge.bots()] == ["Ann"]


async def test_a_group_that_is_only_a_guess_is_not_taken_for_one() -> None:
    """A click tells its chat without the kind: it may be private, and stays behind the allow list."""
    async with emulated() as feishu, HttpPool(trust_env=False) as pool:
        adapters: dict[str, FeishuAdapter] = {}

        def offer(key: str, inbound: Inbound) -> "asyncio.Future[Verdict]":
            raise AssertionError("nothing is handed on")

        for name in ("ann", "bea"):
            config = account(feishu, feishu.add_app(name=name), name)
            adapters[config.key] = FeishuAdapter(config, AdapterContext(intake=None, pool=pool))  # type: ignore[arg-type]
        bots = Bots(adapters, BridgeOptions(), offer, MemoryNotebook().of)
        channel = Channel(platform="feishu", account="bea", kind=ChannelKind.GROUP, id="oc_1")
        facts: dict[str, Any] = {
            "platform": "feishu",
            "account": "bea",
            "channel": channel,
            "timestamp": datetime.now(UTC),
        }
        click = ButtonClicked(id="e1", actor=Sender(id="ou_1"), action="go", **facts)
        bots.heard("feishu:bea", Inbound(click, ("e1",)))
        assert not bots.knows_kind(channel)
        adapters["feishu:bea"].me.remember("oc_1", ChannelKind.GROUP)
        bots.heard("feishu:bea", Inbound(click, ("e1",)))
        assert bots.knows_kind(channel)


async def test_an_answer_to_a_bot_is_attached_to_nothing_where_ids_are_of_one_account() -> None:
    receipts: list[Receipt] = []
    async with dingtalk() as stage:
        bridge = Bridge(stage.accounts.values())

        @bridge.on_message
        async def answer(msg: Message) -> Any:
            if msg.channel.account == "ann":
                return "@Bea hello"
            receipts.append(await msg.reply("hello", quote=True))
            return None

        async with bridge:
            await stage.say("are you there", "bea")
            await until(lambda: receipts)
            await stage.say("go", "ann")
            await until(lambda: len(receipts) == 2)
    lost = [[one.what for one in receipt.degradations] for receipt in receipts]
    assert lost == [["reply"], []], "a bot's message has no id for Bea, by which to quote it"
