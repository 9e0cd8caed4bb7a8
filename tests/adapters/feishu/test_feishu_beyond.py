"""Messages beyond sending: forwarded, urged, pinned, read again, given out to many."""

from datetime import timedelta
from typing import Any

import pytest
from feishu_rig import Rig, channel, no_violations, said, text

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import Chat, User
from imbridge.protocol import (
    Address,
    ChannelKind,
    ContentRefusedError,
    DeliveryError,
    Forward,
    Mention,
    TargetGoneError,
)


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
