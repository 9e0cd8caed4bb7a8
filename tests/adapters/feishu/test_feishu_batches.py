"""Messages given out to many people at once, and a chat's history read."""

from datetime import timedelta
from typing import Any

import pytest
from feishu_media import PNG
from feishu_rig import Rig, channel, said

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import Chat, User
from imbridge.protocol import (
    Audio,
    Card,
    ChannelKind,
    Contact,
    ContentRefusedError,
    DeliveryError,
    Image,
    Markdown,
    Mention,
    TargetGoneError,
    Text,
)


class TestHistory:
    async def test_both_ways(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        for number in range(120):
            await rig.alice.says(f"m{number}", chat=group)
        where = channel(ChannelKind.GROUP, group.chat_id)
        texts = [message.text async for message in adapter.messages.history(where)]
        assert texts == [f"m{number}" for number in range(120)]
        assert len(rig.calls("/im/v1/messages", "GET")) == 3
        texts = [message.text async for message in adapter.messages.history(where.address, newest_first=True)]
        assert texts == [f"m{number}" for number in reversed(range(120))]

    async def test_pages_are_asked_for_as_they_are_wanted(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        for number in range(120):
            await rig.alice.says(f"m{number}", chat=group)
        async for message in adapter.messages.history(group.chat_id):
            if message.text == "m10":
                break
        assert len(rig.calls("/im/v1/messages", "GET")) == 1

    async def test_a_topic(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        root = await rig.alice.says("root", chat=group)
        await rig.alice.replies(root, "in the topic", thread=True)
        where = channel(ChannelKind.GROUP, group.chat_id, root.thread_id)
        for topic in (where, where.address, root.thread_id):
            assert [one.text async for one in adapter.messages.history(topic)] == ["root", "in the topic"]

    @pytest.mark.parametrize("topic", [False, True])
    async def test_between_two_times(self, rig: Rig, adapter: FeishuAdapter, group: Chat, topic: bool) -> None:
        root = await rig.alice.says("old", chat=group)
        new = await rig.alice.replies(root, "new", thread=topic)
        rig.feishu.world.store.get(root.message_id).create_time -= 60_000  # type: ignore[union-attr]
        message = await adapter.messages.get(new.message_id)
        assert message.created_at is not None
        middle = message.created_at - timedelta(seconds=30)
        where = root.thread_id if topic else group.chat_id
        history = adapter.messages.history
        assert [one.text async for one in history(where, since=middle)] == ["new"]
        assert [one.text async for one in history(where, until=middle)] == ["old"]
        assert [one.text async for one in history(where, since=message.created_at)] == ["new"]
        assert [one async for one in history(where, since=middle, until=middle)] == []

    async def test_of_a_group_we_are_not_in(self, rig: Rig, adapter: FeishuAdapter) -> None:
        group = rig.feishu.add_group("Others", members=[rig.alice])
        with pytest.raises(TargetGoneError, match="add the bot"):
            [one async for one in adapter.messages.history(group.chat_id)]

    @pytest.mark.parametrize("tokens", [["same", "same"], ["a", "b", "a"], [""]], ids=" ".join)
    async def test_a_platform_that_says_more_and_not_how(
        self, rig: Rig, adapter: FeishuAdapter, tokens: list[str]
    ) -> None:
        for token in tokens:
            body = f'{{"code": 0, "data": {{"items": [], "has_more": true, "page_token": "{token}"}}}}'
            rig.feishu.faults.http_fail("*/im/v1/messages", 200, body=body, method="GET")
        with pytest.raises(DeliveryError, match="how to get on"):
            [one async for one in adapter.messages.history("oc_1")]
        assert len(rig.calls("/im/v1/messages")) == len(tokens)

    async def test_asking_leaves_nothing_behind(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        """Addresses are kept for sending; those of pages would never be asked for again."""
        for number in range(120):
            await rig.alice.says(f"m{number}", chat=group)
        await said(rig, adapter, group)
        kept = len(adapter.caller._urls)
        assert len([one async for one in adapter.messages.history(group.chat_id)]) == 121
        assert len(adapter.caller._urls) == kept


class TestBatches:
    async def test_to_people_by_any_id(self, rig: Rig, adapter: FeishuAdapter, bob: User) -> None:
        carol = rig.feishu.add_user("Carol")
        ids = rig.feishu.world.directory.ids_of
        users = [ids(rig.alice, rig.app)["open_id"], ids(bob, rig.app)["user_id"], ids(carol, rig.app)["union_id"]]
        sent = await adapter.messages.batch_send("hi all", users=[*users, "ou_nobody", "on_nobody", "nobody", users[0]])
        assert set(sent.invalid_users) == {"ou_nobody", "on_nobody", "nobody"}
        assert sent.degradations == ()
        assert [message.text for message in rig.feishu.messages] == ["hi all"] * 3
        progress = await adapter.messages.batch_progress(sent.id)
        assert (progress.valid, progress.sent, progress.read, progress.recalled) == (3, 3, 0, False)
        rig.alice.reads(*(message for message in rig.feishu.messages if rig.alice in message.chat.members))
        assert (await adapter.messages.batch_progress(sent.id)).read == 1
        await adapter.messages.recall_batch(sent.id)
        progress = await adapter.messages.batch_progress(sent.id)
        assert (progress.recalled, progress.recalled_count) == (True, 3)
        assert all(message.recalled for message in rig.feishu.messages)

    async def test_to_departments(self, rig: Rig, adapter: FeishuAdapter) -> None:
        sales = rig.feishu.add_department("Sales")
        rig.feishu.add_user("Dora", sales)
        sent = await adapter.messages.batch_send("hi", departments=[sales.open_department_id, "od-nothing"])
        assert sent.invalid_departments == ("od-nothing",)
        assert len(rig.feishu.messages) == 1

    @pytest.mark.parametrize(
        ("content", "kind", "degraded"),
        [
            ("text <at user_id=\"all\"></at>", "post", []),
            (Markdown("**bold**"), "text", ["markdown"]),
            (Image(data=PNG), "image", []),
            (["see ", Image(data=PNG)], "post", []),
            (Card(title="T", body=["x", Image(data=PNG)]), "interactive", []),
            (Audio(data=b"OggS"), "text", ["audio"]),
        ],
    )  # fmt: skip
    async def test_what_it_can_hold(
        self, rig: Rig, adapter: FeishuAdapter, content: Any, kind: str, degraded: list[str]
    ) -> None:
        sent = await adapter.messages.batch_send(content, users=[rig.alice.open_id_for(rig.app)])
        (message,) = rig.feishu.messages
        assert message.msg_type == kind
        assert message.at_ids == ()
        assert [one.what for one in sent.degradations] == degraded

    async def test_contacts(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        users = [rig.alice.open_id_for(rig.app)]
        await adapter.messages.batch_send(Contact(kind="chat", id=group.chat_id), users=users)
        assert rig.feishu.messages[-1].msg_type == "share_chat"
        sent = await adapter.messages.batch_send(Contact(id=users[0], name="Alice"), users=users)
        assert rig.feishu.messages[-1].text == "[user: Alice]"
        assert [(one.what, one.how) for one in sent.degradations] == [("contact", "text")]
        sent = await adapter.messages.batch_send(Mention(name="Alice"), users=users)
        assert rig.feishu.messages[-1].text == "@Alice"
        assert [(one.what, one.how) for one in sent.degradations] == [("mention", "text: @Alice")]

    async def test_of_another_account(self, adapter: FeishuAdapter) -> None:
        for ask in (adapter.chats.info, adapter.chats.is_member):
            with pytest.raises(ValueError, match="another account"):
                await ask("feishu:other/group/oc_9")
        for listing in (adapter.messages.history, adapter.messages.pins, adapter.chats.members):
            with pytest.raises(ValueError, match="another account"):
                [one async for one in listing("feishu:other/group/oc_9")]

    async def test_it_is_not_repeated_when_its_answer_gets_lost(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.lose_answer("*/batch_send/")
        with pytest.raises(DeliveryError) as caught:
            await adapter.messages.batch_send("hi", users=[rig.alice.open_id_for(rig.app)])
        assert caught.value.ambiguous
        assert len(rig.feishu.messages) == 1

    @pytest.mark.parametrize("status", [502, 500])
    async def test_nor_after_a_gateways_trouble(self, rig: Rig, adapter: FeishuAdapter, status: int) -> None:
        rig.feishu.faults.http_fail("*/batch_send/", status)
        with pytest.raises(DeliveryError) as caught:
            await adapter.messages.batch_send("hi", users=[rig.alice.open_id_for(rig.app)])
        assert caught.value.ambiguous
        assert not rig.feishu.messages

    async def test_wrong_calls(self, rig: Rig, adapter: FeishuAdapter) -> None:
        send = adapter.messages.batch_send
        with pytest.raises(ValueError, match="at least one"):
            await send("hi")
        with pytest.raises(ValueError, match="at most 200 open_ids, not 201"):
            await send("hi", users=[f"ou_{number}" for number in range(201)])
        with pytest.raises(ContentRefusedError, match="makes 0"):
            await send("", users=["ou_1"])
        with pytest.raises(ContentRefusedError, match="makes 2"):
            await send([Text("a"), Card(content={"x": 1})], users=["ou_1"])
        assert rig.calls("/batch_send") == []

    async def test_refusals_come_with_a_status_of_success(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.refuse("*/batch_send/", 11203, http_status=200)
        with pytest.raises(DeliveryError, match="im:message:send_multi_users"):
            await adapter.messages.batch_send("hi", users=["ou_1"])

    async def test_no_such_batch(self, adapter: FeishuAdapter) -> None:
        with pytest.raises(DeliveryError):
            await adapter.messages.batch_progress("bm-nothing")
