"""Session webhooks: used while they live, only where they are DingTalk's, and never twice for one message."""

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from dingtalk_rig import FAST, Rig, rigged
from dingtalk_saying import GIF, PDF, PNG, WEBP, heard, say
from rigs import text

from imbridge.adapters.base import AdapterContext
from imbridge.adapters.dingtalk import DingTalkAdapter, DingTalkConfig
from imbridge.adapters.dingtalk.sent.sessions import Sessions
from imbridge.adapters.notes import MemoryNotes
from imbridge.emulators.dingtalk import Group, User
from imbridge.protocol import (
    Audio,
    Card,
    Channel,
    ChannelKind,
    DeliveryError,
    File,
    Image,
    Markdown,
    Mention,
    Message,
    NotSupportedError,
    Sender,
    TargetGoneError,
)
from imbridge.transport import HttpPool

WEBHOOK = "/robot/sendBySession"
TO_USERS, TO_GROUP = "/v1.0/robot/oToMessages/batchSend", "/v1.0/robot/groupMessages/send"


def ways(rig: Rig) -> list[str]:
    return [message.way for message in rig.sent()]


class TestWhichWay:
    async def test_an_answer_goes_by_the_webhook_and_costs_no_call(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        before = adapter.api.quota.used
        sent = await adapter.send(rig.target(), text("answer"), "key")
        assert (sent.part.kind, sent.part.message_id, sent.by_credentials) == ("text", "", False)
        assert (await rig.alice.receives("answer")).way == "session"
        assert adapter.api.quota.used == before
        assert adapter.counters()["session_sends"] == 1

    async def test_what_is_said_unasked_goes_by_the_api(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        first = await adapter.send(rig.target(), text("unasked"), "key")
        second = await adapter.send(rig.target(team), text("all"), "other")
        assert ways(rig) == ["api", "api"]
        assert first.part.message_id
        assert second.part.message_id
        assert first.by_credentials
        assert first.part.message_id != second.part.message_id

    async def test_each_conversation_has_its_own(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        await heard(rig, rig.alice, team)
        await adapter.send(rig.target(), text("private"), "key")
        await adapter.send(rig.target(team), text("public"), "other")
        assert [(message.text, message.way, message.chat) for message in rig.sent()] == [
            ("private", "api", None), ("public", "session", team)
        ]  # fmt: skip

    async def test_the_api_when_the_settings_say_so(self, rig: Rig) -> None:
        adapter = await rig.start(reply_by="api")
        await heard(rig, rig.alice)
        sent = await adapter.send(rig.target(), text("answer"), "key")
        assert ways(rig) == ["api"]
        await adapter.recall(rig.target().channel, sent.part.message_id)
        assert rig.sent() == []

    async def test_but_the_webhook_where_somebody_is_called(self, rig: Rig, team: Group) -> None:
        adapter = await rig.start(reply_by="api")
        await heard(rig, rig.alice, team)
        assert await say(adapter, rig.target(team), [Mention(id="alice"), " look"]) == (["text"], [])
        assert rig.sent()[0].mentioned == ("alice",)
        assert ways(rig) == ["session"]

    async def test_and_where_the_months_calls_are_nearly_used_up(self, rig: Rig) -> None:
        adapter = await rig.start(reply_by="api", monthly_calls=10)
        await heard(rig, rig.alice)
        adapter.api.quota.used = 9
        assert adapter.api.quota.scarce
        assert await say(adapter, rig.target(), Image(data=PNG, alt="chart")) == (["markdown"], ["image"])
        assert await say(adapter, rig.target(), "text") == (["text"], [])
        assert ways(rig) == ["session", "session"]

    async def test_the_platforms_own_api_message_goes_by_the_api(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        card = Card(content={"msgKey": "sampleText", "msgParam": {"content": "mine"}})
        assert await say(adapter, rig.target(), card) == (["sampleText"], [])
        assert ways(rig) == ["api"]


class TestTheEnd:
    async def test_one_that_the_platform_ended_is_followed_by_the_api(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        assert rig.ding.faults.expire_session_webhooks() == 1
        await adapter.send(rig.target(), text("one"), "key")
        await adapter.send(rig.target(), text("two"), "other")
        assert [(message.text, message.way) for message in rig.sent()] == [("one", "api"), ("two", "api")]
        assert adapter.counters()["session_refusals"] == 1
        assert rig.ding.violations == []

    async def test_one_that_is_about_to_end_is_not_used(self) -> None:
        async with rigged(replace(FAST, session_lifetime=20)) as rig:
            adapter = await rig.start()
            await heard(rig, rig.alice)
            await adapter.send(rig.target(), text("answer"), "key")
            assert ways(rig) == ["api"]

    @pytest.mark.parametrize("code", [130101, 410100])
    async def test_one_that_was_used_too_often_lives_on(self, rig: Rig, adapter: DingTalkAdapter, code: int) -> None:
        await heard(rig, rig.alice)
        rig.ding.faults.refuse(WEBHOOK, code)
        await adapter.send(rig.target(), text("one"), "key")
        await adapter.send(rig.target(), text("two"), "other")
        assert ways(rig) == ["api", "session"]

    async def test_what_may_have_arrived_is_not_said_again(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        rig.ding.faults.cut_after_accept(WEBHOOK)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), text("once"), "key")
        assert caught.value.ambiguous
        assert [message.text for message in rig.sent()] == ["once"]

    async def test_a_page_of_html_may_hide_a_message_that_arrived(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        rig.ding.faults.html_page(WEBHOOK)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), text("once"), "key")
        assert caught.value.ambiguous
        assert rig.sent() == []

    async def test_a_form_that_is_refused_becomes_text(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        rig.ding.faults.refuse(WEBHOOK, 400105)
        card = Card(title="News", body=[{"type": "button", "text": "Read", "url": "https://x.example"}])
        assert await say(adapter, rig.target(), card) == (["text"], ["card"])
        assert rig.sent()[0].text == "News\n[Read](https://x.example)"

    async def test_a_webhook_that_ends_between_form_and_text(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await heard(rig, rig.alice)
        rig.ding.faults.refuse(WEBHOOK, 400105)
        rig.ding.faults.refuse(WEBHOOK, 300001)
        assert await say(adapter, rig.target(), Markdown("**bold**")) == (["sampleMarkdown"], [])
        assert ways(rig) == ["api"]


class TestOutside:
    @pytest.fixture
    def oscar(self, rig: Rig) -> User:
        """Somebody of another organisation."""
        return rig.ding.add_user("Oscar", external=True)

    async def test_is_answered_by_the_webhook_whatever_the_settings_say(self, rig: Rig, oscar: User) -> None:
        adapter = await rig.start(reply_by="api")
        await heard(rig, oscar)
        await adapter.send(rig.target(oscar), text("answer"), "key")
        assert (await oscar.receives("answer")).way == "session"

    async def test_is_out_of_reach_without_one(self, rig: Rig, adapter: DingTalkAdapter, oscar: User) -> None:
        with pytest.raises(TargetGoneError, match="90 minutes"):
            await adapter.send(rig.target(oscar), text("unasked"), "key")
        await heard(rig, oscar)
        rig.ding.faults.expire_session_webhooks()
        with pytest.raises(TargetGoneError, match="90 minutes"):
            await adapter.send(rig.target(oscar), text("late"), "key")
        assert rig.sent() == []

    @pytest.mark.parametrize("picture", [PNG, GIF])
    async def test_sees_pictures_inside_markdown(
        self, rig: Rig, adapter: DingTalkAdapter, oscar: User, picture: bytes
    ) -> None:
        await heard(rig, oscar)
        assert await say(adapter, rig.target(oscar), Image(data=picture, alt="chart")) == (["markdown"], ["image"])
        shown = await oscar.receives()
        media_id = next(iter(rig.ding.world.uploads._uploads))
        assert shown.text == f"![chart]({media_id})"

    @pytest.mark.parametrize(
        ("media", "shown"),
        [(File(data=PDF, name="report.pdf"), "[file: report.pdf]"), (Audio(data=PDF, transcript="hello"), "hello")],
    )
    async def test_is_told_of_files_in_words(
        self, rig: Rig, adapter: DingTalkAdapter, oscar: User, media: Any, shown: str
    ) -> None:
        await heard(rig, oscar)
        assert await say(adapter, rig.target(oscar), media) == (["text"], [media.type])
        await oscar.receives(shown)
        assert rig.ding.stats.uploads == 0

    async def test_a_picture_that_would_be_a_file_is_told_of_too(
        self, rig: Rig, adapter: DingTalkAdapter, oscar: User
    ) -> None:
        await heard(rig, oscar)
        assert await say(adapter, rig.target(oscar), Image(data=WEBP)) == (["text"], ["image", "file"])
        await oscar.receives("[file: image.webp]")


class TestRestart:
    async def test_people_outside_and_conversations_are_known_again(self, rig: Rig) -> None:
        notes = MemoryNotes()
        oscar = rig.ding.add_user("Oscar", external=True)
        first = DingTalkAdapter(rig.config(), AdapterContext(rig.intake, rig.pool, notes=notes))
        rig.adapters.append(first)
        await first.start()
        await heard(rig, oscar)
        sent = await rig.alice.says("react to this", app=rig.app)
        await rig.intake.has("react to this")
        await first.close()
        second = DingTalkAdapter(rig.config(), AdapterContext(rig.intake, rig.pool, notes=notes))
        rig.adapters.append(second)
        await second.start()
        await second.send(rig.target(oscar), text("still there"), "key")
        await oscar.receives("still there")
        await second.react(rig.target().channel, sent.msg_id, "👍")
        assert rig.alice.reactions_on(sent) == ("👍",)
        assert rig.ding.violations == []

    async def test_what_is_over_is_forgotten(self, rig: Rig) -> None:
        notes = MemoryNotes()
        notes.put("session_webhook", "$:LWCP_v1:$a", {"url": f"{rig.ding.base_url}{WEBHOOK}?session=x", "until": 1})
        notes.put("session_webhook", "$:LWCP_v1:$b", {"url": "https://evil.example/x", "until": 10**14})
        notes.put("session_webhook", "$:LWCP_v1:$c", "nonsense")
        notes.put("conversation", "alice", 5)
        sessions = Sessions(rig.config(), rig.pool, notes)
        await sessions.restore()
        assert [sessions.find(f"$:LWCP_v1:${name}") for name in "abc"] == [None] * 3
        assert sessions.conversation(rig.target().channel) is None
        assert await notes.all("session_webhook") == {}

    async def test_a_reaction_needs_a_conversation(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        with pytest.raises(NotSupportedError, match="not known before"):
            await adapter.react(rig.target().channel, "msg", "👍")


def message(url: Any, expires: Any, channel_id: str = "alice") -> Message:
    channel = Channel(platform="dingtalk", account="work", kind=ChannelKind.PRIVATE, id=channel_id)
    payload = {"sessionWebhook": url, "sessionWebhookExpiredTime": expires, "conversationId": "cid1"}
    facts: dict[str, Any] = {"id": "m", "content_type": "text", "text": "x", "raw": "x", "elements": ()}
    facts["timestamp"] = datetime.now(UTC)
    return Message(channel=channel, sender=Sender(id=channel_id), payload=payload, **facts)


class TestWhatIsKept:
    GOOD = "https://oapi.dingtalk.com/robot/sendBySession?session=canary-session"

    @pytest.fixture
    def sessions(self) -> Sessions:
        """As on the platform: nothing is on this machine."""
        config = DingTalkConfig(name="work", client_id="ding1", client_secret="canary")
        return Sessions(config, HttpPool(trust_env=False), MemoryNotes())

    def test_a_good_one(self, sessions: Sessions) -> None:
        sessions.note(message(self.GOOD, (time.time() + 3600) * 1000))
        found = sessions.find("alice")
        assert found is not None
        assert (found.origin, found.path) == ("https://oapi.dingtalk.com", "/robot/sendBySession")
        assert "canary" not in repr(found)

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/robot/sendBySession?session=x",
            "https://oapi.dingtalk.com.evil.example/robot/sendBySession?session=x",
            "https://oapi.dingtalk.com@evil.example/robot/sendBySession?session=x",
            "https://user:pass@oapi.dingtalk.com/robot/sendBySession?session=x",
            "https://oapi.dingtalk.com:8443/robot/sendBySession?session=x",
            "http://oapi.dingtalk.com/robot/sendBySession?session=x",
            "http://127.0.0.1/robot/sendBySession?session=x",
            "https://169.254.169.254/latest",
            "https://[::1/x",
            "file:///etc/passwd",
            "https://oapi.dingtalk.com:x/",
        ],
    )
    def test_what_is_not_dingtalks_is_told_once(
        self, sessions: Sessions, url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            sessions.note(message(url, (time.time() + 3600) * 1000))
            sessions.note(message(url, (time.time() + 3600) * 1000))
        assert sessions.find("alice") is None
        assert sessions.counts["session_webhooks_refused"] == 2
        assert len(caplog.records) == 1
        assert "session=x" not in caplog.text

    @pytest.mark.parametrize("expires", [None, True, "soon", "9" * 5000, 10**400, -1, [], "²"], ids=range(8))
    def test_an_end_that_makes_no_sense(self, sessions: Sessions, expires: Any) -> None:
        sessions.note(message(self.GOOD, expires))
        assert sessions.find("alice") is None

    def test_a_host_is_the_same_however_it_is_written(self, sessions: Sessions) -> None:
        sessions.note(message(self.GOOD.replace("oapi.dingtalk", "OAPI.DingTalk"), (time.time() + 3600) * 1000))
        found = sessions.find("alice")
        assert found is not None
        assert found.origin == "https://oapi.dingtalk.com"

    @pytest.mark.parametrize("url", [None, 5, "", {}])
    def test_none_at_all(self, sessions: Sessions, url: Any) -> None:
        sessions.note(message(url, (time.time() + 3600) * 1000))
        assert sessions.find("alice") is None
        assert not sessions.counts

    def test_a_newer_one_takes_the_place(self, sessions: Sessions) -> None:
        for name in ("old", "new"):
            sessions.note(message(f"{self.GOOD}-{name}", str(int((time.time() + 3600) * 1000))))
        found = sessions.find("alice")
        assert found is not None
        assert found.query == "session=canary-session-new"

    @pytest.mark.parametrize("query", ["session=a b", "session=a\r\nX-Evil: 1", "session=é", 'session="'])
    def test_a_query_that_would_have_to_be_changed_is_not_used(self, sessions: Sessions, query: str) -> None:
        sessions.note(message(f"https://oapi.dingtalk.com/robot/sendBySession?{query}", (time.time() + 3600) * 1000))
        assert sessions.find("alice") is None

    def test_there_are_bounds(self, sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("imbridge.adapters.dingtalk.sent.sessions._MOST", 3)
        for name in "abcde":
            sessions.note(message(self.GOOD, (time.time() + 3600) * 1000, name))
        assert [sessions.find(name) is not None for name in "abcde"] == [False, False, True, True, True]


async def test_a_foreign_webhook_is_not_posted_to(rig: Rig, adapter: DingTalkAdapter) -> None:
    await rig.alice.sends(
        {"msgtype": "text", "text": {"content": "evil"}, "sessionWebhook": "https://evil.example/?session=x"}
    )
    await rig.intake.has("evil")
    await adapter.send(rig.target(), text("answer"), "key")
    assert ways(rig) == ["api"]
