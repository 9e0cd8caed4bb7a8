"""Answers that grow in AI cards, state by state."""

import asyncio
from typing import Any

import pytest
from contract import until
from dingtalk_cards import CREATE, STREAM, UPDATE, begun, card_calls, card_of, growing, seen, texts
from dingtalk_rig import Rig
from rigs import alone

from backoffs import SoOften
from imbridge.adapters.broken_off import INTERRUPTED
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.sent.ai_card import CARD_BYTES
from imbridge.adapters.growing import GrowingFullError
from imbridge.emulators.dingtalk import Group
from imbridge.protocol import AuthError, Card, DeliveryError, Markdown, NotPermittedError, Text
from imbridge.rendering import Part, PartKind

OWN_TEMPLATE = "00000000-1111-2222-3333-444444444444.schema"


class TestStates:
    async def test_each_is_the_whole_text_and_one_call(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        calls = card_calls(rig)
        card = await begun(adapter, rig.target())
        await card.show("one two")
        await card.close("one two three")
        assert len(rig.sent()) == 1
        assert seen(rig).states == ["one", "one two", "one two three"]
        assert seen(rig).finished
        assert calls == [("POST", CREATE), ("PUT", STREAM), ("PUT", STREAM)]
        assert rig.ding.violations == []

    async def test_what_shows_nothing_new_is_no_call(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        calls = card_calls(rig)
        card = await begun(adapter, rig.target())
        await card.show("one")
        await card.show("one\n\n")
        assert calls == [("POST", CREATE)]
        await card.close("one")
        assert calls == [("POST", CREATE), ("PUT", STREAM)]
        assert seen(rig).finished

    async def test_everybody_in_a_group_sees_it(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        card = await begun(adapter, rig.target(team))
        await card.close("done")
        assert texts(rig) == ["done"]
        assert rig.sent()[0].chat is team
        assert rig.ding.violations == []

    async def test_it_is_seen_while_it_grows_as_being_written(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        card = await begun(adapter, rig.target())
        assert seen(rig).status == 2
        await card.close("x")
        assert seen(rig).status == 3

    async def test_plain_text_stays_as_it_is(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        card = await begun(adapter, rig.target(), "a *b", markdown=False)
        await card.close("a *b* c")
        assert seen(rig).states == [r"a \*b", r"a \*b\* c"]

    async def test_line_breaks_are_shown(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        card = await begun(adapter, rig.target(), "one\n")
        await card.close("one\ntwo\n\n- three\n- four")
        assert seen(rig).states == ["one", "one<br>two\n\n- three\n- four"]

    async def test_a_text_without_anything_to_read_is_a_card_that_failed(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        card = await begun(adapter, rig.target(), "one")
        await card.close(" ")
        assert seen(rig).failed

    async def test_the_chats_of_one_account_wait_for_no_other(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        bob = rig.ding.add_user("Bob")
        cards = [await begun(adapter, rig.target(who), key=who.name) for who in (rig.alice, bob)]
        assert cards[0].track != cards[1].track
        await asyncio.gather(*(card.close(f"for {number}") for number, card in enumerate(cards)))
        assert sorted(message.text for message in rig.sent()) == ["for 0", "for 1"]


class TestTemplates:
    async def test_one_of_ones_own_shows_its_text_when_it_is_streamed(self, rig: Rig) -> None:
        calls = card_calls(rig)
        rig.ding.add_card_template(OWN_TEMPLATE, kind="ai", variables=["answer"])
        adapter = await rig.start(card_template=OWN_TEMPLATE, card_text="answer")
        card = await begun(adapter, rig.target())
        assert calls == [("POST", CREATE), ("PUT", STREAM)]
        await card.close("two")
        assert seen(rig).states == ["one", "two"]
        assert rig.ding.violations == []

    async def test_one_that_does_not_exist_is_told_and_not_used_again(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        adapter = await rig.start(card_template="unknown.schema")
        card = growing(adapter)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await card.open("*one*")), "key")
        assert sent.degradations[0].how == "text"
        assert texts(rig) == ["*one*"]
        assert adapter.grow(markdown=True) is None
        assert "not growing" in caplog.text


class TestWhetherThereIsACard:
    async def test_not_when_the_settings_say_so(self, rig: Rig) -> None:
        adapter = rig.make(stream_by="message")
        assert adapter.grow(markdown=True, channel=rig.target().channel) is None

    async def test_not_when_the_months_calls_are_scarce(self, rig: Rig) -> None:
        adapter = await rig.start(monthly_calls=10)
        for _ in range(8):
            adapter.api.quota.count(CREATE)
        assert adapter.grow(markdown=True) is None

    async def test_not_for_people_outside(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        guest = rig.ding.add_user("Guest", external=True)
        assert adapter.grow(markdown=True, channel=rig.target(guest).channel) is None

    async def test_not_after_the_platform_has_said_that_a_right_is_missing(
        self, rig: Rig, adapter: DingTalkAdapter, caplog: pytest.LogCaptureFixture
    ) -> None:
        code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
        rig.ding.faults.refuse(CREATE, code, status=403)
        card = growing(adapter)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await card.open("one")), "key")
        assert sent.degradations[0].what == "card"
        assert texts(rig) == ["one"]
        assert adapter.grow(markdown=True) is None
        assert caplog.text.count("Card.Streaming.Write") == 1

    async def test_nor_after_the_streaming_has_failed_twice(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        """What the platform answers to an app without the right is, among others, `unknownError`."""
        rig.ding.faults.refuse(STREAM, "notStreamable", times=None)
        for number in range(2):
            card = await begun(adapter, rig.target(), key=f"k{number}")
            await card.close("all of it")
        assert texts(rig) == ["all of it"] * 2
        assert all(card_of(message).finished for message in rig.sent())
        assert adapter.grow(markdown=True) is None


class TestPace:
    def interval_of(self, rig: Rig, used: int = 0, **settings: Any) -> float:
        adapter = rig.make(**settings)
        adapter.api.quota.used = used
        card = growing(adapter)
        return card.interval

    async def test_it_follows_the_months_calls(self, rig: Rig) -> None:
        unlimited = self.interval_of(rig, monthly_calls=0)
        assert unlimited < self.interval_of(rig) < self.interval_of(rig, used=5000)

    async def test_a_state_that_could_not_be_shown_is_not_tried_again_at_once(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        card = await begun(adapter, rig.target())
        before = card.interval
        adapter.api.caller.backoff = SoOften(2)
        with rig.ding.faults.http_fail(STREAM, 500, times=None), pytest.raises(DeliveryError):
            await card.show("one two")
        assert card.interval > 5 * before
        await card.show("one two")
        assert card.interval < 2 * before

    async def test_it_slows_down_where_the_calls_are_limited(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        card = await begun(adapter, rig.target())
        before = card.interval
        for number in range(40):
            await card.show(f"one {number}")
        assert before < card.interval <= 8.0
        generous = await begun(await rig.start(monthly_calls=0), rig.target(), key="other")
        before = generous.interval
        await generous.show("two")
        assert generous.interval == before


class TestSize:
    async def test_the_limit_of_a_card_is_on_the_scale_of_the_account(self, adapter: DingTalkAdapter) -> None:
        limit = adapter.capabilities.markdown_bytes
        for markdown, kind, made in ((True, PartKind.MARKDOWN, Markdown), (False, PartKind.TEXT, Text)):
            card = growing(adapter, markdown=markdown)
            assert card.measure(Part(kind, (made("x" * CARD_BYTES),))) == limit
            assert card.measure(Part(kind, (made("x" * (CARD_BYTES + 1)),))) > limit

    async def test_what_the_platform_finds_too_long_goes_on_in_another(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        card = await begun(adapter, rig.target())
        rig.ding.faults.refuse(STREAM, "param.stream.content")
        with pytest.raises(GrowingFullError):
            await card.show("one two")
        await until(lambda: seen(rig).finished, "the end of the card")
        assert rig.sent()[0].text == "one"


class TestRefusals:
    async def test_a_card_of_which_a_state_is_refused_is_finished_as_it_is(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        """The rest goes otherwise, so nobody would finish it."""
        card = await begun(adapter, rig.target())
        rig.ding.faults.refuse(STREAM, "param.invalid")
        with pytest.raises(DeliveryError, match=r"param\.invalid") as caught:
            await card.show("one two")
        assert not caught.value.ambiguous
        await until(lambda: seen(rig).finished, "the end of the card")
        assert rig.sent()[0].text == "one"
        with pytest.raises(DeliveryError, match="was finished"):
            await card.show("one two")

    async def test_a_last_state_that_is_refused_is_shown_by_an_update(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        calls = card_calls(rig)
        card = await begun(adapter, rig.target())
        rig.ding.faults.refuse(STREAM, "param.invalid")
        await card.close("one two")
        assert seen(rig).finished
        assert rig.sent()[0].text == "one two"
        assert calls[-1] == ("PUT", UPDATE)

    async def test_one_that_is_too_long_for_the_mark_is_finished_without(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        card = await begun(adapter, rig.target())
        rig.ding.faults.refuse(STREAM, "param.stream.content")
        adapter.card_streams.end_soon(card)
        await until(lambda: seen(rig).finished, "the end of the card")
        assert rig.sent()[0].text == "one"

    async def test_where_states_are_refused_again_and_again_none_is_tried(
        self, rig: Rig, adapter: DingTalkAdapter
    ) -> None:
        rig.ding.faults.refuse(STREAM, "param.invalid", times=None)
        for number in range(2):
            card = await begun(adapter, rig.target(), key=f"key-{number}")
            with pytest.raises(DeliveryError):
                await card.show("one two")
            await until(lambda: not adapter.card_streams.open, "the end of the card")
        assert adapter.grow(markdown=True) is None

    async def test_where_the_credentials_are_refused_no_card_is_open(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.expire_tokens()
        rig.ding.faults.refuse("/v1.0/oauth2/accessToken", "invalidClientIdOrSecret", times=None)
        card = growing(adapter)
        with pytest.raises(AuthError):
            await adapter.send(rig.target(), alone(PartKind.CARD, await card.open("one")), "key")
        assert adapter.card_streams.open == {}
        assert await adapter.context.notes.all("open_card") == {}

    async def test_that_no_calls_are_left_is_no_missing_right(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.over_month(CREATE)
        card = growing(adapter)
        sent = await adapter.send(rig.target(), alone(PartKind.CARD, await card.open("one")), "key")
        assert [one.what for one in sent.degradations] == ["card"]
        assert adapter.grow(markdown=True) is not None  # the text was sent, so some are left

    async def test_a_card_that_is_not_there_any_more(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        calls = card_calls(rig)
        card = await begun(adapter, rig.target())
        rig.ding.faults.refuse(STREAM, "param.stream.outTrackId", times=None)
        with pytest.raises(DeliveryError):
            await card.close("one two")
        assert calls[1:] in ([("PUT", STREAM)], [("PUT", STREAM)] * 2)  # no update, which would be refused as well
        await until(lambda: not adapter.card_streams.open, "no open card")

    async def test_a_right_that_is_missing_for_the_streaming_only(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        card = await begun(adapter, rig.target())
        rig.ding.faults.refuse(STREAM, "Forbidden.AccessDenied.AccessTokenPermissionDenied", None, status=403)
        with pytest.raises(NotPermittedError):
            await card.show("one two")
        await until(lambda: seen(rig).finished, "the end of the card")
        assert adapter.grow(markdown=True) is None

    async def test_the_platform_says_success_and_shows_it_to_nobody(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        elsewhere = rig.ding.add_group("Elsewhere", members=[rig.alice])
        card = growing(adapter)
        with pytest.raises(DeliveryError):  # the text is refused as well
            await adapter.send(rig.target(elsewhere), alone(PartKind.CARD, await card.open("one")), "key")
        assert rig.sent() == []
        assert not adapter.card_streams.open


class TestDoubt:
    async def test_a_first_state_whose_answer_got_lost_makes_one_card(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        calls = card_calls(rig)
        rig.ding.faults.cut_after_accept(CREATE)
        card = await begun(adapter, rig.target())
        await card.close("one two")
        assert texts(rig) == ["one two"]
        assert calls == [("POST", CREATE), ("POST", CREATE), ("PUT", UPDATE), ("PUT", STREAM)]

    async def test_sent_again_with_its_key_it_is_the_same_card(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await begun(adapter, rig.target(), "one")
        again = await begun(adapter, rig.target(), "another")
        await again.close("another text")
        assert texts(rig) == ["another text"]

    async def test_a_first_state_that_may_have_arrived_is_not_left_open(self, rig: Rig) -> None:
        adapter = await rig.start()
        adapter.api.caller.backoff = SoOften(2)
        lost = rig.ding.faults.cut_after_accept(CREATE, times=None)
        blocked = rig.ding.faults.cut_before(UPDATE, times=None)
        card = growing(adapter)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), alone(PartKind.CARD, await card.open("one")), "key")
        assert caught.value.ambiguous
        lost.clear()
        blocked.clear()
        await until(lambda: seen(rig).finished, "the end of the card")
        assert rig.sent()[0].text == f"one\n\n{INTERRUPTED}"

    async def test_a_state_whose_answer_got_lost_is_put_again(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        card = await begun(adapter, rig.target())
        rig.ding.faults.cut_after_accept(STREAM)
        await card.show("one two")
        rig.ding.faults.cut_before(STREAM)
        await card.close("one two three")
        assert seen(rig).states == ["one", "one two", "one two three"]
        assert rig.ding.violations == []  # each repeated with its guid

    async def test_nobody_knows_whether_the_last_state_is_shown(self, rig: Rig) -> None:
        adapter = await rig.start()
        card = await begun(adapter, rig.target())
        adapter.api.caller.backoff = SoOften(2)
        rig.ding.faults.cut_after_accept(STREAM, times=None)
        rig.ding.faults.cut_before(UPDATE, times=None)
        with pytest.raises(DeliveryError) as caught:
            await card.close("one two")
        assert caught.value.ambiguous

    async def test_a_refusal_after_a_lost_answer_leaves_the_doubt(self, rig: Rig) -> None:
        adapter = await rig.start()
        card = await begun(adapter, rig.target())
        adapter.api.caller.backoff = SoOften(2)
        lost = rig.ding.faults.cut_before(STREAM, times=None)
        with pytest.raises(DeliveryError):
            await card.show("one two")
        lost.clear()
        rig.ding.faults.refuse(STREAM, "param.stream.content")
        with pytest.raises(DeliveryError) as caught:
            await card.show("one two three")
        assert caught.value.ambiguous


async def test_what_another_process_was_about_to_send_is_shown_and_finished(rig: Rig, adapter: DingTalkAdapter) -> None:
    """Its text is all that is known of it."""
    part = alone(PartKind.CARD, Card(content={"imbridge_stream": "of another process", "markdown": True}, text="one"))
    await adapter.send(rig.target(), part, "key")
    await until(lambda: seen(rig).finished, "the end of the card")
    assert rig.sent()[0].text == f"one\n\n{INTERRUPTED}"


async def test_the_counters(rig: Rig, adapter: DingTalkAdapter) -> None:
    card = await begun(adapter, rig.target())
    await card.close("one")
    assert adapter.counters()["cards_opened"] == 1
