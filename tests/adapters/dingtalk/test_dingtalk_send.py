"""What a robot says: whom it calls, to how many, what is too long, what is taken back, emotions."""

import json
from typing import Any

import pytest
from dingtalk_rig import Rig
from dingtalk_saying import heard, say, say_all
from rigs import alone, text

from imbridge.adapters.base import Target
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.sent.reactions import THINKING
from imbridge.adapters.dingtalk.sent.recipients import check_recalled
from imbridge.emulators.dingtalk import Group
from imbridge.protocol import (
    Button,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    Link,
    Markdown,
    Mention,
    MentionAll,
    NotSupportedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.rendering import PartKind

TO_USERS, TO_GROUP = "/v1.0/robot/oToMessages/batchSend", "/v1.0/robot/groupMessages/send"


def people(identity: str, kind: ChannelKind = ChannelKind.USER) -> Target:
    return Target(Channel(platform="dingtalk", account="work", kind=kind, id=identity))


def at(rig: Rig) -> Any:
    """Who the last message calls, as it was posted."""
    return rig.sent()[-1].body.get("at")


class TestMentions:
    @pytest.fixture(autouse=True)
    async def _session(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        rig.alice.mobile = "13800000001"
        await heard(rig, rig.alice, team)

    @pytest.mark.parametrize(
        ("called", "reached"),
        [
            (Mention(id="alice", name="Alice"), ("alice",)),
            (Mention(id="tel:13800000001"), ("13800000001",)),
            (MentionAll(), ("all",)),
        ],
    )
    async def test_are_called(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, called: Any, reached: tuple[str, ...]
    ) -> None:
        assert await say(adapter, rig.target(team), ["Hello ", called, "!"]) == (["text"], [])
        assert rig.sent()[-1].mentioned == reached

    async def test_are_called_in_markdown_with_links(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        said = [Mention(id="alice"), " see ", Link(url="https://x.example", title="page")]
        assert await say(adapter, rig.target(team), said) == (["markdown"], [])
        assert rig.sent()[-1].mentioned == ("alice",)
        assert rig.sent()[-1].text == "@alice see [page](https://x.example)"

    async def test_somebody_outside(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        oscar = rig.ding.add_user("Oscar", external=True)
        team.members.append(oscar)
        await say(adapter, rig.target(team), [Mention(id=oscar.dingtalk_id, name="Oscar"), " hi"])
        assert rig.sent()[-1].mentioned == (oscar.dingtalk_id,)

    async def test_each_once(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        await say(adapter, rig.target(team), [Mention(id="alice"), " and ", Mention(id="bob"), Mention(id="alice")])
        assert at(rig) == {"atUserIds": ["alice", "bob"]}
        assert rig.sent()[-1].text == "@alice and @bob@alice"

    async def test_a_letter_does_not_become_part_of_the_id(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group
    ) -> None:
        await say(adapter, rig.target(team), [Mention(id="alice"), "s dog"])
        assert rig.sent()[-1].text == "@alice s dog"

    @pytest.mark.parametrize("typed", ["@alice", "@all", "@manager123 look", "@13800000001", "atAll"])
    async def test_what_is_typed_calls_nobody(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, typed: str
    ) -> None:
        await say(adapter, rig.target(team), typed)
        await say(adapter, rig.target(team), Markdown(typed), "other")
        assert [message.body.get("at") for message in rig.sent()] == [None, None]
        assert [message.mentioned for message in rig.sent()] == [(), ()]

    async def test_nor_does_what_is_typed_beside_a_mention(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group
    ) -> None:
        await say(adapter, rig.target(team), [Mention(id="alice"), " @bob @all"])
        assert at(rig) == {"atUserIds": ["alice"]}

    @pytest.mark.parametrize("identity", ["", "a b", "-x", "tel:", "tel:abc", "a\nb", "x" * 65, "@alice"])
    async def test_what_is_no_id_is_a_name(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, identity: str
    ) -> None:
        assert await say(adapter, rig.target(team), ["Hi ", Mention(id=identity, name="Somebody")]) == (
            ["text"], ["mention"]
        )  # fmt: skip
        assert rig.sent()[-1].text == "Hi @Somebody"
        assert at(rig) is None

    async def test_the_api_names_them(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        adapter.sessions.forget(team.open_conversation_id)
        sent, degradations = await say_all(
            adapter, rig.target(team), [Mention(id="tel:13800000001"), " and ", Mention(id="alice", name="Alice")]
        )
        assert [one.part.kind for one in sent] == ["sampleText"]
        assert rig.sent()[-1].text == "@13800000001 and @Alice"
        assert [one.how for one in degradations] == ["text: @13800000001", "text: @Alice"]

    async def test_nor_does_it_call_by_the_platforms_own_json(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group
    ) -> None:
        own = Card(content={"msgtype": "text", "text": {"content": "@alice look"}, "at": {"atUserIds": ["alice"]}})
        assert await say(adapter, rig.target(team), own) == (["text"], [])
        assert rig.sent()[-1].mentioned == ("alice",)
        adapter.sessions.forget(team.open_conversation_id)
        assert await say(adapter, rig.target(team), own) == (["sampleText"], ["mention"])


class TestRecipients:
    async def test_several(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        bob = rig.ding.add_user("Bob")
        assert await say(adapter, people("alice|bob|alice"), "both") == (["sampleText"], [])
        await rig.alice.receives("both")
        await bob.receives("both")
        assert len(rig.sent()) == 1

    async def test_some_get_nothing(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.add_user("Bob")
        rig.ding.faults.flow_control(["bob"])
        sent, degradations = await say_all(adapter, people("alice|bob|nobody"), "some")
        assert sent[0].part.message_id
        assert [(one.what, one.how) for one in degradations] == [
            ("recipient", "not sent to nobody"), ("recipient", "not sent to bob")
        ]  # fmt: skip
        await rig.alice.receives("some")

    async def test_nobody_got_it_for_now(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.flow_control(["alice"])
        with pytest.raises(RateLimitedError, match="too many messages"):
            await adapter.send(rig.target(), text("not now"), "key")

    @pytest.mark.parametrize("whom", ["nobody", "nobody|none"])
    async def test_there_is_nobody(self, rig: Rig, adapter: DingTalkAdapter, whom: str) -> None:
        with pytest.raises(TargetGoneError):
            await adapter.send(people(whom), text("?"), "key")

    async def test_a_private_chat_is_with_one(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.add_user("Bob")
        with pytest.raises(TargetGoneError):
            await adapter.send(people("alice|bob", ChannelKind.PRIVATE), text("?"), "key")
        assert rig.sent() == []

    async def test_too_many(self, adapter: DingTalkAdapter) -> None:
        with pytest.raises(ContentRefusedError, match="at most 20 people"):
            await adapter.send(people("|".join(f"u{number}" for number in range(21))), text("?"), "key")

    @pytest.mark.parametrize("kind", [ChannelKind.DEPARTMENT, ChannelKind.TAG, ChannelKind.GUILD])
    async def test_what_a_robot_cannot_send_to(self, adapter: DingTalkAdapter, kind: ChannelKind) -> None:
        with pytest.raises(TargetGoneError, match="no address"):
            await adapter.send(people("1", kind), text("?"), "key")

    async def test_a_group_without_the_robot(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        other = rig.ding.add_group("Other", members=[rig.alice])
        with pytest.raises(TargetGoneError):
            await adapter.send(rig.target(other), text("?"), "key")

    @pytest.mark.parametrize("body", [{"invalidStaffIdList": "alice"}, {"flowControlledStaffIdList": [None, 5]}, {}])
    async def test_a_strange_answer(self, rig: Rig, adapter: DingTalkAdapter, body: dict[str, Any]) -> None:
        """What cannot be read says that nobody is missing, and there is no id."""
        with rig.ding.faults.http_fail(TO_USERS, 200, 1, json.dumps(body), {"Content-Type": "application/json"}):
            sent = await adapter.send(rig.target(), text("?"), "key")
        assert sent.part.message_id == ""


class TestLength:
    @pytest.mark.parametrize("character", ["a", "灾", "\n", '"', "\\", "😀", "\x01"])
    async def test_each_piece_fits_both_ways(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, character: str
    ) -> None:
        said = f"x{character * 20_000}x"
        await say(adapter, rig.target(), said)
        await heard(rig, rig.alice, team)
        await say(adapter, rig.target(team), said, "other")
        api = [message.text for message in rig.sent() if message.way == "api"]
        webhook = [message.text for message in rig.sent() if message.way == "session"]
        assert "".join(api) == "".join(webhook) == said
        assert len(api) == len(webhook) > 1
        assert rig.ding.violations == []

    async def test_long_markdown(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        said = "\n".join(f"line {number} with **bold** <b> words" for number in range(2000))
        kinds, changed = await say(adapter, rig.target(), Markdown(said))
        assert set(kinds) == {"sampleMarkdown"}
        assert changed == ["length"]
        assert sum(message.text.count("line ") for message in rig.sent()) == 2000

    async def test_many_mentions(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        await heard(rig, rig.alice, team)
        kinds, _ = await say(adapter, rig.target(team), [Mention(id=f"u{number:060}") for number in range(300)])
        assert set(kinds) == {"text"}
        assert sum(len(message.body["at"]["atUserIds"]) for message in rig.sent()) == 300

    @pytest.mark.parametrize("by_webhook", [True, False])
    async def test_a_long_card_becomes_several(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, by_webhook: bool
    ) -> None:
        if by_webhook:
            await heard(rig, rig.alice, team)
        body = [Markdown("word " * 5000), Button("Open", url="https://x.example")]
        kinds, changed = await say(adapter, rig.target(team), Card(title="Long", body=body))
        assert len(kinds) == 1  # the first is what it is called by
        assert "card" in changed
        assert sum(message.text.count("word") for message in rig.sent()) == 5000
        assert "https://x.example" in rig.sent()[-1].text


class TestRefusals:
    async def test_a_form_that_the_api_refuses_becomes_text(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.refuse(TO_USERS, "invalidParameter.msgKey.invalid")
        assert await say(adapter, rig.target(), Markdown("**bold**")) == (["sampleText"], ["markdown"])
        assert rig.sent()[0].text == "**bold**"

    async def test_then_people_are_named_as_before(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        rig.ding.faults.refuse(TO_GROUP, "invalidParameter.msgKey.invalid")
        said = [Mention(id="alice", name="Alice Adams"), " see ", Link(url="https://x.example", title="page")]
        assert await say(adapter, rig.target(team), said) == (["sampleText"], ["mention", "rich"])
        assert rig.sent()[0].text.startswith("@Alice Adams see ")

    async def test_strictly_it_does_not(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.refuse(TO_USERS, "invalidParameter.msgKey.invalid")
        with pytest.raises(DegradedError, match="markdown: text"):
            await say(adapter, rig.target(strict=True), Markdown("**bold**"))
        assert rig.sent() == []

    async def test_strictly_nobody_is_named_where_a_webhook_would_have_called_them(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group
    ) -> None:
        """The webhook is over when it is used; the API cannot call anybody."""
        await heard(rig, rig.alice, team)
        where = rig.target(team, strict=True)
        called = alone(PartKind.TEXT, Mention(id="alice", name="Alice Adams"))
        assert (await adapter.preview(where, called)).degradations == ()
        rig.ding.faults.expire_session_webhooks()
        with pytest.raises(DegradedError, match="mention"):
            await adapter.send(where, called, "key")
        assert rig.sent() == []

    async def test_a_text_that_it_refuses_does_not(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.refuse(TO_USERS, "invalidParameter.msgKey.invalid", times=None)
        with pytest.raises(ContentRefusedError):
            await say(adapter, rig.target(), "plain")

    @pytest.mark.parametrize(
        "content",
        [
            {"msgtype": "image", "image": {}},
            {"msgtype": "text"},
            {"msgtype": {}, "text": {}},
            {"text": {"content": "x"}},
            {"msgKey": "sampleText"},
            {"msgKey": 5, "msgParam": "{}"},
            {"msgtype": "actionCard", "actionCard": {"title": "x", "text": "y", "btns": "none"}},
        ],
    )
    async def test_a_card_that_is_no_message(self, rig: Rig, adapter: DingTalkAdapter, content: dict[str, Any]) -> None:
        with pytest.raises(ContentRefusedError):
            await say(adapter, rig.target(), Card(content=content))
        assert rig.sent() == []

    async def test_what_cannot_quote_says_so(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        sent = await adapter.send(rig.target(reply_to="msg"), text("answer"), "key")
        assert [one.what for one in sent.degradations] == ["reply"]

    async def test_there_are_no_threads(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        channel = rig.target(team).channel.model_copy(update={"thread": "t1"})
        sent = await adapter.send(Target(channel), text("answer"), "key")
        assert [one.what for one in sent.degradations] == ["thread"]

    async def test_what_a_card_cannot_show_is_said(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        button = Button("Open", url="https://x.example", confirm="Sure?")
        said = Card(title="News", color="red", body=("text", button))
        assert await say(adapter, rig.target(), said) == (["sampleActionCard"], ["color", "confirm"])


class TestRecall:
    @pytest.mark.parametrize("in_group", [True, False])
    async def test_a_message(self, rig: Rig, adapter: DingTalkAdapter, team: Group, in_group: bool) -> None:
        target = rig.target(team if in_group else None)
        sent = await adapter.send(target, text("oops"), "key")
        await adapter.recall(target.channel, sent.part.message_id)
        assert rig.sent() == []

    @pytest.mark.parametrize("in_group", [True, False])
    async def test_one_that_is_not_there(self, rig: Rig, adapter: DingTalkAdapter, team: Group, in_group: bool) -> None:
        with pytest.raises(TargetGoneError):
            await adapter.recall(rig.target(team if in_group else None).channel, "unknown")

    @pytest.mark.parametrize("in_group", [True, False])
    async def test_when_the_answer_got_lost(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, in_group: bool
    ) -> None:
        target = rig.target(team if in_group else None)
        sent = await adapter.send(target, text("oops"), "key")
        rig.ding.faults.cut_after_accept("/v1.0/robot/*ecall")
        await adapter.recall(target.channel, sent.part.message_id)
        assert rig.sent() == []

    def test_what_was_asked_for_twice_may_be_gone_already(self) -> None:
        body = {"successResult": [], "failedResult": {"one": "message not exist", "two": "over the time limit"}}
        check_recalled("one", body, repeated=True)
        with pytest.raises(DeliveryError, match="time limit"):
            check_recalled("two", body, repeated=True)

    async def test_one_that_is_too_old(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        sent = await adapter.send(rig.target(), text("old"), "key")
        rig.ding.messages[0].sent_at -= 25 * 3600
        with pytest.raises(DeliveryError, match="time limit"):
            await adapter.recall(rig.target().channel, sent.part.message_id)
        assert len(rig.sent()) == 1

    async def test_what_has_no_id(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        sent = await adapter.send(rig.target(), text("oops"), "key")
        with pytest.raises(NotSupportedError, match="reply_by"):
            await adapter.recall(rig.target().channel, sent.part.message_id)


class TestReactions:
    async def test_several_and_again(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        sent = await rig.alice.says("react", app=rig.app, chat=team, mentions=[rig.app])
        channel = rig.target(team).channel
        for emoji in ("👍", "收到", "👍"):
            await adapter.react(channel, sent.msg_id, emoji)
        assert rig.alice.reactions_on(sent) == ("👍", "收到")
        await adapter.unreact(channel, sent.msg_id, "👍")
        await adapter.unreact(channel, sent.msg_id, "👍")
        assert rig.alice.reactions_on(sent) == ("收到",)

    @pytest.mark.parametrize("emoji", ["", " ", "x" * 21])
    async def test_what_is_none(self, rig: Rig, adapter: DingTalkAdapter, team: Group, emoji: str) -> None:
        with pytest.raises(NotSupportedError, match="1 to 20 characters"):
            await adapter.react(rig.target(team).channel, "msg", emoji)

    async def test_on_a_message_that_is_not_there(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        with pytest.raises(DeliveryError):
            await adapter.react(rig.target(team).channel, "unknown", "👍")

    async def test_what_cannot_be_taken_away_is_forgotten_in_time(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.dingtalk.sent.reactions._MOST_THINKING", 2)
        channel = rig.target(team).channel
        sent = [await rig.alice.says(said, chat=team, mentions=[rig.app]) for said in ("one", "two", "three")]
        for message in sent:
            await adapter.typing(channel, message.msg_id, True)
        for message in sent:
            await adapter.typing(channel, message.msg_id, False)
        assert [rig.alice.reactions_on(message) for message in sent] == [(THINKING,), (), ()]

    async def test_thinking_is_shown_while_calls_are_left(self, rig: Rig, team: Group) -> None:
        adapter = await rig.start(monthly_calls=100)
        sent = await rig.alice.says("think", app=rig.app, chat=team, mentions=[rig.app])
        channel = rig.target(team).channel
        await adapter.typing(channel, sent.msg_id, True)
        assert rig.alice.reactions_on(sent) == (THINKING,)
        adapter.api.quota.used = 99
        await adapter.typing(channel, sent.msg_id, False)
        assert rig.alice.reactions_on(sent) == ()
        await adapter.typing(channel, sent.msg_id, True)
        assert rig.alice.reactions_on(sent) == ()
        before = adapter.api.quota.used
        await adapter.typing(channel, sent.msg_id, False)
        assert adapter.api.quota.used == before
