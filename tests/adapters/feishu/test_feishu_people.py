"""Mentions by id and by name, and shared contacts: whoever is meant, and nobody else."""

from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, no_violations, text

from imbridge.adapters.base import Target
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.sent import people
from imbridge.emulators.feishu import Chat, User
from imbridge.protocol import Channel, ChannelKind, Contact, Emoji, Link, Mention, Reply, SentPart, Text
from imbridge.rendering import Part, PartKind, render


def member_calls(rig: Rig) -> int:
    return len(rig.calls("/members"))


class TestById:
    @pytest.mark.parametrize("kind", ["open_id", "user_id", "union_id"])
    @pytest.mark.parametrize("rich", [False, True])
    async def test_any_id(self, rig: Rig, adapter: FeishuAdapter, group: Chat, kind: str, rich: bool) -> None:
        user_id = rig.feishu.world.directory.ids_of(rig.alice, rig.app)[kind]
        elements: tuple[Any, ...] = (Mention(id=user_id, name="Alice"), Text(" hi"))
        part = Part(PartKind.RICH, (*elements, Link(url="https://a.example", title="a"))) if rich else text(*elements)
        await adapter.send(rig.target(group), part, "k")
        (message,) = rig.feishu.messages
        assert message.msg_type == ("post" if rich else "text")
        assert message.mentions == (rig.alice,)
        assert member_calls(rig) == 0


class TestByName:
    @pytest.mark.parametrize("name", ["Bob", "@Bob", " Bob "])
    async def test_a_member(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User, name: str) -> None:
        with no_violations(rig.feishu):
            sent = await adapter.send(rig.target(group), text("hi ", Mention(name=name), "!"), "k")
        (message,) = rig.feishu.messages
        assert message.mentions == (bob,)
        assert message.text == "hi @Bob!"
        assert sent.degradations == ()

    async def test_in_rich_text(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User) -> None:
        part = Part(PartKind.RICH, (Mention(name="Bob"), Emoji(code="SMILE"), Mention(name="Eve")))
        sent = await adapter.send(rig.target(group), part, "k")
        (message,) = rig.feishu.messages
        assert message.mentions == (bob,)
        assert message.content["zh_cn"]["content"][0][2] == {"tag": "text", "text": "@Eve"}
        assert len(sent.degradations) == 1

    @pytest.mark.parametrize("name", ["Eve", "bob", "Bo", "Bobby", "all", "everyone", '"><at user_id="all">'])
    async def test_nobody_is_called_by_a_guess(self, rig: Rig, adapter: FeishuAdapter, group: Chat, name: str) -> None:
        sent = await adapter.send(rig.target(group), text(Mention(name=name), " hi"), "k")
        (message,) = rig.feishu.messages
        assert (message.mentions, message.at_ids) == ((), ())
        assert message.text == f"@{name} hi"
        (degradation,) = sent.degradations
        assert (degradation.what, degradation.how) == ("mention", f"text: @{name}")
        assert "nobody in this chat" in degradation.why

    async def test_namesakes(self, rig: Rig, adapter: FeishuAdapter, bob: User) -> None:
        group = rig.feishu.add_group("Team", members=[bob, rig.feishu.add_user("Bob"), rig.alice], apps=[rig.app])
        sent = await adapter.send(rig.target(group), text(Mention(name="Bob"), Mention(name="Alice")), "k")
        assert rig.feishu.messages[-1].mentions == (rig.alice,)
        (degradation,) = sent.degradations
        assert "several people" in degradation.why

    async def test_somebody_who_is_not_in_this_chat(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        rig.feishu.add_user("Carol")
        sent = await adapter.send(rig.target(group), text(Mention(name="Carol")), "k")
        assert rig.feishu.messages[-1].mentions == ()
        assert len(sent.degradations) == 1

    async def test_a_person_as_target_has_no_members(self, rig: Rig, adapter: FeishuAdapter) -> None:
        channel = Channel(
            platform="feishu", account="work", kind=ChannelKind.USER, id=rig.alice.open_id_for(rig.app)
        )  # fmt: skip
        sent = await adapter.send(Target(channel), text(Mention(name="Alice")), "k")
        assert rig.feishu.messages[-1].text == "@Alice"
        (degradation,) = sent.degradations
        assert "only members of a chat" in degradation.why
        assert member_calls(rig) == 0

    async def test_when_the_members_cannot_be_read(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        rig.feishu.faults.http_fail("*/members", 400, body='{"code": 99991672, "msg": "scope"}')
        sent = await adapter.send(rig.target(group), text(Mention(name="Bob")), "k")
        assert rig.feishu.messages[-1].text == "@Bob"
        (degradation,) = sent.degradations
        assert "cannot be read" in degradation.why
        assert "99991672" in degradation.why

    async def test_an_edit_finds_them_too(self, rig: Rig, adapter: FeishuAdapter, group: Chat, bob: User) -> None:
        sent = await adapter.send(rig.target(group), text("x"), "k")
        edited = await adapter.edit(rig.target(group).channel, sent.part.message_id, text(Mention(name="Bob")))
        assert rig.feishu.messages[-1].mentions == (bob,)
        assert edited.degradations == ()
        edited = await adapter.edit(rig.target(group).channel, sent.part.message_id, text(Mention(name="Eve")))
        assert len(edited.degradations) == 1

    async def test_a_mention_with_nothing_in_it(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        sent = await adapter.send(rig.target(group), text(Mention(), "x"), "k")
        assert rig.feishu.messages[-1].text == "@x"
        assert len(sent.degradations) == 1

    async def test_a_name_cannot_make_a_message_too_long(self, adapter: FeishuAdapter) -> None:
        """The id that is looked up later counts when the parts are cut."""
        elements = tuple(Mention(name="Bob") for _ in range(3000))
        rendered = render(Reply(elements=elements), adapter.capabilities, measure=adapter.measure)
        assert len(rendered.parts) > 1
        for part in rendered.parts:
            ready = Part(part.kind, tuple(Mention(id="ou_" + "0" * 32, name="Bob") for _ in part.elements))
            assert adapter.measure(ready) <= adapter.capabilities.text_bytes


class TestRemembered:
    async def test_members_are_read_once(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        for number in range(5):
            await adapter.send(rig.target(group), text(Mention(name="Bob"), Mention(name="Alice")), f"k{number}")
        assert member_calls(rig) == 1

    async def test_all_pages_of_them(self, rig: Rig, adapter: FeishuAdapter) -> None:
        crowd = [rig.feishu.add_user(f"User {number}") for number in range(250)]
        group = rig.feishu.add_group("Crowd", members=crowd, apps=[rig.app])
        await adapter.send(rig.target(group), text(Mention(name="User 249")), "k")
        assert rig.feishu.messages[-1].mentions == (crowd[249],)
        assert member_calls(rig) == 3

    async def test_who_has_just_come_is_found(
        self, rig: Rig, adapter: FeishuAdapter, group: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await adapter.send(rig.target(group), text(Mention(name="Bob")), "k1")
        carol = rig.feishu.add_user("Carol")
        group.members.append(carol)
        sent = await adapter.send(rig.target(group), text(Mention(name="Carol")), "k2")
        assert len(sent.degradations) == 1, "the list was read a moment ago"
        monkeypatch.setattr(people, "_FRESH_SECONDS", 0.0)
        await adapter.send(rig.target(group), text(Mention(name="Carol")), "k3")
        assert rig.feishu.messages[-1].mentions == (carol,)
        assert member_calls(rig) == 2

    async def test_it_is_not_believed_for_ever(
        self, rig: Rig, adapter: FeishuAdapter, group: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(people, "_KEPT_SECONDS", 0.0)
        for number in range(2):
            await adapter.send(rig.target(group), text(Mention(name="Bob")), f"k{number}")
        assert member_calls(rig) == 2

    async def test_the_memory_is_bounded(
        self, rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(people, "_KEPT_CHATS", 3)
        for number in range(5):
            group = rig.feishu.add_group(f"G{number}", members=[rig.alice], apps=[rig.app])
            await adapter.send(rig.target(group), text(Mention(name="Alice")), f"k{number}")
        assert len(adapter._people._members) == 3
        monkeypatch.setattr(people, "_KEPT_NAMES", 2)
        group = rig.feishu.add_group("G", members=[rig.alice], apps=[rig.app])
        await adapter.send(rig.target(group), text(Mention(name="Alice")), "k")
        assert len(adapter._people._members) == 2

    async def test_a_crowd_too_large_to_be_sure(
        self, rig: Rig, adapter: FeishuAdapter, group: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(people, "_MOST_MEMBERS", 1)
        sent = await adapter.send(rig.target(group), text(Mention(name="Alice")), "k")
        assert rig.feishu.messages[-1].mentions == ()
        (degradation,) = sent.degradations
        assert "more than 1 members" in degradation.why


class TestContacts:
    async def test_a_group(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        part = Part(PartKind.CONTACT, (Contact(kind="chat", id=group.chat_id, name="Team"),))
        sent = await adapter.send(rig.target(), part, "k")
        (message,) = rig.feishu.messages
        assert (message.msg_type, message.content) == ("share_chat", {"chat_id": group.chat_id})
        assert sent.part == SentPart(message_id=message.message_id, kind="share_chat", key="k")
        assert sent.degradations == ()

    @pytest.mark.parametrize("kind", ["open_id", "user_id", "union_id"])
    async def test_a_person(self, rig: Rig, adapter: FeishuAdapter, bob: User, kind: str) -> None:
        ids = rig.feishu.world.directory.ids_of(bob, rig.app)
        sent = await adapter.send(rig.target(), Part(PartKind.CONTACT, (Contact(id=ids[kind], name="Bob"),)), "k")
        (message,) = rig.feishu.messages
        assert (message.msg_type, message.content) == ("share_user", {"user_id": ids["open_id"]})
        assert sent.degradations == ()

    async def test_a_person_nobody_knows(self, rig: Rig, adapter: FeishuAdapter) -> None:
        sent = await adapter.send(rig.target(), Part(PartKind.CONTACT, (Contact(id="nobody", name="Bob"),)), "k")
        (message,) = rig.feishu.messages
        assert (message.msg_type, message.text) == ("text", "[user: Bob]")
        (degradation,) = sent.degradations
        assert (degradation.what, degradation.how) == ("contact", "text")

    @pytest.mark.parametrize("code", [230001, 230015])
    async def test_one_that_the_platform_refuses(self, rig: Rig, adapter: FeishuAdapter, code: int) -> None:
        rig.feishu.faults.refuse_send(code)
        sent = await adapter.send(
            rig.target(), Part(PartKind.CONTACT, (Contact(kind="chat", id="oc_p2p", name="Private"),)), "k"
        )
        assert rig.feishu.messages[-1].text == "[chat: Private]"
        (degradation,) = sent.degradations
        assert (degradation.what, degradation.how) == ("contact", "text")

    async def test_as_part_of_a_reply(self, rig: Rig, adapter: FeishuAdapter, group: Chat) -> None:
        reply = Reply(elements=(Text("join "), Contact(kind="chat", id=group.chat_id), Text("now")))
        rendered = render(reply, adapter.capabilities, measure=adapter.measure)
        assert rendered.degradations == ()
        for number, part in enumerate(rendered.parts):
            await adapter.send(rig.target(), part, f"k{number}")
        await until(lambda: len(rig.feishu.messages) == 3, "all")
        assert [message.msg_type for message in rig.feishu.messages] == ["text", "share_chat", "text"]
