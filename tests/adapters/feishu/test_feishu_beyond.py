"""Messages beyond sending: forwarded, urged, pinned, read again, given out to many."""

from datetime import timedelta
from typing import Any

import pytest
from feishu_media import PNG
from feishu_rig import Rig, no_violations, text

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import BotMessage, Chat, User
from imbridge.protocol import (
    Address,
    Audio,
    Card,
    Channel,
    ChannelKind,
    Contact,
    ContentRefusedError,
    DeliveryError,
    Forward,
    Image,
    Markdown,
    Mention,
    TargetGoneError,
    Text,
)


@pytest.fixture
def bob(rig: Rig) -> User:
    return rig.feishu.add_user("Bob")


@pytest.fixture
def group(rig: Rig, bob: User) -> Chat:
    return rig.feishu.add_group("Team", members=[rig.alice, bob], apps=[rig.app])


async def said(rig: Rig, adapter: FeishuAdapter, chat: Chat, what: str = "hi", key: str = "k") -> BotMessage:
    await adapter.send(rig.target(chat), text(what), key)
    return rig.feishu.messages[-1]


def channel(kind: ChannelKind, chat_id: str, thread: str | None = None) -> Channel:
    return Channel(platform="feishu", account="work", kind=kind, id=chat_id, thread=thread)


class TestForward:
    @pytest.mark.parametrize("kind", ["open_id", "user_id", "union_id", "email", "chat_id"])
    @pytest.mark.parametrize("form", ["id", "address", "channel"])
    async def test_to_anywhere(
        self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User, kind: str, form: str
    ) -> None:
        question = await rig.alice.says("forward me", chat=group)
        ids = rig.feishu.world.directory.ids_of(bob, rig.app) | {"email": bob.email}
        target = rig.feishu.private_chat(bob, rig.app)
        ids["chat_id"] = target.chat_id
        where = channel(ChannelKind.PRIVATE if kind == "chat_id" else ChannelKind.USER, ids[kind])
        to: Any = {"id": ids[kind], "address": where.address, "channel": where}[form]
        with no_violations(rig.feishu):
            message_id = await adapter.messages.forward(question.message_id, to)
        (message,) = rig.feishu.messages
        assert (message.message_id, message.chat, message.text) == (message_id, target, "forward me")

    @pytest.mark.parametrize("form", ["id", "address", "channel"])
    async def test_into_a_topic(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User, form: str) -> None:
        root = await rig.alice.says("root", chat=group)
        await rig.alice.replies(root, "in the topic", thread=True)
        question = await rig.alice.says("forward me")
        where = channel(ChannelKind.GROUP, group.chat_id, root.thread_id)
        to: Any = {"id": root.thread_id, "address": Address(where.address), "channel": where}[form]
        await adapter.messages.forward(question.message_id, to)
        (message,) = rig.feishu.messages
        assert (message.chat, message.thread_id) == (group, root.thread_id)

    async def test_one_key_makes_one_message(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        question = await rig.alice.says("forward me")
        first = await adapter.messages.forward(question.message_id, group.chat_id, key="same" * 20)
        assert await adapter.messages.forward(question.message_id, group.chat_id, key="same" * 20) == first
        other = await adapter.messages.forward(question.message_id, group.chat_id)
        assert len({first, other}) == 2
        assert len(rig.feishu.messages) == 2

    async def test_a_lost_answer_makes_no_second_message(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        question = await rig.alice.says("forward me")
        rig.feishu.faults.lose_answer("*/forward")
        message_id = await adapter.messages.forward(question.message_id, group.chat_id)
        (message,) = rig.feishu.messages
        assert message.message_id == message_id
        assert adapter.counters()["retries"] == 1

    async def test_together(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        ids = [(await rig.alice.says(f"m{number}", chat=group)).message_id for number in range(3)]
        forwarded = await adapter.messages.merge_forward([*ids, "om_nothing", ids[0]], rig.chat.chat_id)
        assert forwarded.invalid == ("om_nothing",)
        (message,) = rig.feishu.messages
        assert (message.message_id, message.msg_type) == (forwarded.message_id, "merge_forward")
        assert message.chat is rig.chat

    @pytest.mark.parametrize("number", [0, 101])
    async def test_too_few_or_too_many(self, rig: Rig, adapter: FeishuAdapter, number: int) -> None:
        with pytest.raises(ValueError, match=f"not {number}"):
            await adapter.messages.merge_forward([f"om_{n}" for n in range(number)], rig.chat.chat_id)
        assert rig.calls("/messages") == []

    async def test_a_topic(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        root = await rig.alice.says("root", chat=group)
        await rig.alice.replies(root, "in the topic", thread=True)
        message_id = await adapter.messages.forward_thread(root.thread_id, rig.chat.chat_id)
        (message,) = rig.feishu.messages
        assert (message.message_id, message.chat) == (message_id, rig.chat)

    async def test_what_cannot_be_forwarded(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        question = await rig.alice.says("forward me", chat=group)
        rig.alice.recalls(question)
        with pytest.raises(DeliveryError):
            await adapter.messages.forward(question.message_id, rig.chat.chat_id)
        with pytest.raises(DeliveryError):
            await adapter.messages.forward("om_nothing", rig.chat.chat_id)

    async def test_only_with_our_own_account(self, rig: Rig, adapter: FeishuAdapter) -> None:
        with pytest.raises(ValueError, match="another account"):
            await adapter.messages.forward("om_1", "feishu:other/group/oc_1")
        with pytest.raises(ValueError, match="not an address"):
            await adapter.messages.forward("om_1", "no/address")
        assert rig.calls("/messages") == []


class TestUrgent:
    @pytest.mark.parametrize("by", ["app", "sms", "phone"])
    async def test_people_of_the_chat(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User, by: Any) -> None:
        message = await said(rig, adapter, group)
        carol = rig.feishu.add_user("Carol")
        directory = rig.feishu.world.directory
        users = [
            directory.ids_of(rig.alice, rig.app)["open_id"],
            directory.ids_of(bob, rig.app)["user_id"],
            directory.ids_of(carol, rig.app)["open_id"],
            directory.ids_of(carol, rig.app)["union_id"],
        ]
        invalid = await adapter.messages.urgent(message.message_id, users, by=by)
        assert set(invalid) == set(users[2:])
        assert {(one.kind, one.user.name) for one in message.urgents} == {(by, "Alice"), (by, "Bob")}

    async def test_nobody_can_be_urged(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        message = await said(rig, adapter, group)
        with pytest.raises(ContentRefusedError, match="230001"):
            await adapter.messages.urgent(message.message_id, ["ou_nobody", "on_nobody"])

    async def test_many(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        message = await said(rig, adapter, group)
        users = [rig.alice.open_id_for(rig.app), *(f"ou_{number}" for number in range(450))]
        invalid = await adapter.messages.urgent(message.message_id, users)
        assert set(invalid) == set(users[1:])
        assert len(rig.calls("/urgent_app")) == 3

    async def test_it_is_not_repeated_when_its_answer_gets_lost(
        self, rig: Rig, adapter: FeishuAdapter, group: Chat
    ) -> None:
        message = await said(rig, adapter, group)
        rig.feishu.faults.lose_answer("*/urgent_phone")
        with pytest.raises(DeliveryError) as caught:
            await adapter.messages.urgent(message.message_id, [rig.alice.open_id_for(rig.app)], by="phone")
        assert caught.value.ambiguous
        assert len(message.urgents) == 1

    @pytest.mark.parametrize("code", [99991400, 99991663])
    async def test_what_was_refused_is_repeated(self, rig: Rig, adapter: FeishuAdapter, group: Chat, code: int) -> None:
        message = await said(rig, adapter, group)
        rig.feishu.faults.refuse("*/urgent_app", code)
        assert await adapter.messages.urgent(message.message_id, [rig.alice.open_id_for(rig.app)]) == ()
        assert len(message.urgents) == 1

    async def test_somebody_elses_message(self, rig: Rig, adapter: FeishuAdapter) -> None:
        question = await rig.alice.says("?")
        with pytest.raises(DeliveryError, match="230012"):
            await adapter.messages.urgent(question.message_id, [rig.alice.open_id_for(rig.app)])


class TestPins:
    async def test_there_and_gone(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        question = await rig.alice.says("?", chat=group)
        pin = await adapter.messages.pin(question.message_id)
        assert (pin.message_id, pin.chat_id, pin.operator_id) == (
            question.message_id, group.chat_id, rig.app.app_id
        )  # fmt: skip
        assert pin.at is not None
        assert await adapter.messages.pin(question.message_id) == pin
        assert [one async for one in adapter.messages.pins(group.chat_id)] == [pin]
        await adapter.messages.unpin(question.message_id)
        await adapter.messages.unpin(question.message_id)
        assert [one async for one in adapter.messages.pins(group.chat_id)] == []

    async def test_pages_of_them(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        ids = []
        for number in range(53):
            ids.append((await rig.alice.says(str(number), chat=group)).message_id)
            await adapter.messages.pin(ids[-1])
        where = channel(ChannelKind.GROUP, group.chat_id)
        found = [pin async for pin in adapter.messages.pins(where)]
        assert {pin.message_id for pin in found} == set(ids)
        assert len(rig.calls("/pins", "GET")) == 2
        assert found[0].at is not None
        since = found[0].at + timedelta(seconds=1)
        assert [pin async for pin in adapter.messages.pins(where.address, since=since)] == []
        until = found[0].at + timedelta(seconds=2)
        found = [pin async for pin in adapter.messages.pins(where, since=since - timedelta(hours=1), until=until)]
        assert len(found) == 53

    async def test_of_a_message_that_is_gone(self, rig: Rig, adapter: FeishuAdapter) -> None:
        question = await rig.alice.says("?")
        rig.alice.recalls(question)
        with pytest.raises(TargetGoneError, match="230011"):
            await adapter.messages.pin(question.message_id)


class TestReading:
    async def test_readers(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User) -> None:
        message = await said(rig, adapter, group)
        assert [reader async for reader in adapter.messages.readers(message.message_id)] == []
        rig.alice.reads(message)
        bob.reads(message)
        readers = [reader async for reader in adapter.messages.readers(message.message_id)]
        assert {reader.id for reader in readers} == {user.open_id_for(rig.app) for user in (rig.alice, bob)}
        assert all(reader.at is not None for reader in readers)

    async def test_pages_of_readers(self, rig: Rig, adapter: FeishuAdapter) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(201)]
        message = await said(rig, adapter, rig.feishu.add_group("Crowd", members=crowd, apps=[rig.app]))
        for user in crowd:
            user.reads(message)
        readers = [reader.id async for reader in adapter.messages.readers(message.message_id)]
        assert sorted(readers) == sorted(user.open_id_for(rig.app) for user in crowd)
        assert len(rig.calls("/read_users")) == 3

    async def test_one_message(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User) -> None:
        question = await rig.alice.says("hi Bob", chat=group, mentions=[bob])
        message = await adapter.messages.get(question.message_id)
        assert (message.id, message.chat_id, message.kind) == (question.message_id, group.chat_id, "text")
        assert (message.sender_id, message.sender_kind) == (rig.alice.open_id_for(rig.app), "user")
        assert any(isinstance(one, Mention) and one.name == "Bob" for one in message.elements)
        assert "hi Bob" in message.text
        assert message.created_at is not None
        assert (message.updated_at, message.deleted) == (None, False)
        assert message.payload["message_id"] == question.message_id

    async def test_one_that_was_taken_back(self, rig: Rig, adapter: FeishuAdapter) -> None:
        question = await rig.alice.says("?")
        rig.alice.recalls(question)
        message = await adapter.messages.get(question.message_id)
        assert (message.deleted, message.elements, message.text) == (True, (), "")

    async def test_one_of_ours_that_was_changed(self, rig: Rig, adapter: FeishuAdapter) -> None:
        sent = await said(rig, adapter, rig.chat)
        await adapter.edit(rig.target().channel, sent.message_id, text("new"))
        message = await adapter.messages.get(sent.message_id)
        assert (message.text, message.sender_id, message.sender_kind) == ("new", rig.app.app_id, "app")
        assert message.updated_at is not None

    async def test_a_bundle(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        ids = [(await rig.alice.says(f"m{number}", chat=group)).message_id for number in range(3)]
        forwarded = await adapter.messages.merge_forward(ids, rig.chat.chat_id)
        message = await adapter.messages.get(forwarded.message_id)
        (bundle,) = message.elements
        assert isinstance(bundle, Forward)
        assert [one.text for one in bundle.messages] == ["m0", "m1", "m2"]
        assert "m1" in message.text

    async def test_none(self, adapter: FeishuAdapter) -> None:
        with pytest.raises(DeliveryError):
            await adapter.messages.get("om_nothing")


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
        await adapter.messages.batch_send(Contact(id=users[0], name="Alice"), users=users)
        assert rig.feishu.messages[-1].text == "[user: Alice]"

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
