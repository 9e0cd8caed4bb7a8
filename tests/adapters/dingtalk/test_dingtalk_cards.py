"""Cards with buttons: sent, changed, taken back, and shown otherwise where there can be none."""

import json
from typing import Any

import pytest
from dingtalk_cards import CREATE, UPDATE, begun, card_calls, created, said_on, seen, texts
from dingtalk_rig import Rig
from rigs import card, markdown, text

from backoffs import SoOften
from imbridge.adapters.base import Target
from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.sent.card_texts import BUTTON_CARD
from imbridge.emulators.dingtalk import Group
from imbridge.protocol import (
    Button,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    DegradedError,
    DeliveryError,
    Form,
    Input,
    NotSupportedError,
    Select,
)

OWN_TEMPLATE = "00000000-1111-2222-3333-444444444444.schema"
OWN_VARIABLES = [
    "title", "content", "notice", "buttons", "has_buttons", "form", "form_button", "form_action", "has_form"
]  # fmt: skip
ASK = card(title="Release?", body=("Build 7", Button("Yes", value=7), Button("No")))
DONE = card(title="Released", body=("by Alice",))


def buttons(made: Any) -> list[str]:
    """What can be clicked on a card of the platform's template."""
    return [button["text"] for button in json.loads(made.data["sys_full_json_obj"])["msgButtons"]]


async def sent_to(adapter: DingTalkAdapter, target: Target, part: Any = ASK, key: str = "key") -> str:
    sent = await adapter.send(target, part, key)
    assert sent.degradations == ()
    return str(sent.part.message_id)


class TestSent:
    async def test_with_buttons(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        calls = card_calls(rig)
        message_id = await sent_to(adapter, rig.target())
        shown = seen(rig)
        assert (shown.out_track_id, shown.template.id, shown.finished) == (message_id, BUTTON_CARD, True)
        assert (said_on(shown), shown.data["msgTitle"], buttons(shown)) == ("Build 7", "Release?", ["Yes", "No"])
        assert calls == [("POST", CREATE)]
        assert rig.ding.violations == []

    async def test_in_a_group(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        await sent_to(adapter, rig.target(team))
        assert rig.sent()[0].chat is team
        assert rig.ding.violations == []

    async def test_the_list_of_chats_says_what_it_is_about(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group
    ) -> None:
        asked = created(rig)
        await sent_to(adapter, rig.target())
        await sent_to(adapter, rig.target(team), card(body=("# First *line*\nand more", Button("Yes"))))
        summaries = [body.get("imRobotOpenSpaceModel") or body["imGroupOpenSpaceModel"] for body in asked]
        assert [one["lastMessageI18n"]["ZH_CN"] for one in summaries] == ["Release?", "First *line"]

    async def test_in_a_template_of_ones_own(self, rig: Rig) -> None:
        rig.ding.add_card_template(OWN_TEMPLATE, variables=OWN_VARIABLES)
        adapter = await rig.start(interactive_template=OWN_TEMPLATE)
        form = Form(name="f", body=(Input(name="why"), Button("Send", submit=True)))
        await sent_to(adapter, rig.target(), card(title="Why?", body=(form,)))
        assert seen(rig).data["title"] == "Why?"
        assert json.loads(seen(rig).data["form"])["fields"][0]["name"] == "why"
        assert rig.ding.violations == []

    async def test_in_the_platforms_own_words(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.add_card_template(OWN_TEMPLATE, variables=["title", "count"])
        content = {"cardTemplateId": OWN_TEMPLATE, "cardParamMap": {"title": "Hello", "count": 3}}
        await sent_to(adapter, rig.target(), card(content=content))
        assert seen(rig).data == {"title": "Hello", "count": "3"}
        assert rig.ding.violations == []

    async def test_the_platforms_own_words_without_variables(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        part = card(content={"cardTemplateId": OWN_TEMPLATE}, text="in words")
        sent = await adapter.send(rig.target(), part, "key")
        assert "cardParamMap" in sent.degradations[0].why
        assert texts(rig) == ["in words"]

    async def test_twice_with_one_key_it_is_one_card(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        assert await sent_to(adapter, rig.target()) == await sent_to(adapter, rig.target())
        assert len(rig.sent()) == 1

    async def test_a_lost_answer_makes_no_second_card(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.cut_after_accept(CREATE)
        await sent_to(adapter, rig.target())
        assert len(rig.sent()) == 1

    async def test_nobody_knows_whether_it_arrived(self, rig: Rig) -> None:
        adapter = await rig.start()
        adapter.api.caller.backoff = SoOften(2)
        rig.ding.faults.cut_after_accept(CREATE, None)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(rig.target(), ASK, "key")
        assert caught.value.ambiguous
        assert len(rig.sent()) == 1


class TestOtherwise:
    """What a card says, with what can be chosen numbered, where there can be none; the receipt says so."""

    async def shown(self, rig: Rig, adapter: DingTalkAdapter, target: Target, part: Any = ASK) -> Degradation:
        sent = await adapter.send(target, part, "key")
        degradation = sent.degradations[0]
        assert (degradation.what, degradation.how) == ("card", "a message")
        assert [one.how for one in sent.degradations[1:]] == ["numbered choices"]
        assert not [message for message in rig.sent() if message.card is not None]
        return degradation

    async def test_for_people_outside(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        guest = rig.ding.add_user("Guest", external=True)
        await guest.says("hello", app=rig.app)
        await rig.intake.has("hello")
        await self.shown(rig, adapter, rig.target(guest))
        assert "Release?" in texts(rig)[0]
        assert "1. Yes" in texts(rig)[0]

    async def test_for_several_people(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.add_user("Bob")
        calls = card_calls(rig)
        several = Target(Channel(platform="dingtalk", account="work", kind=ChannelKind.USER, id="alice|bob"))
        sent = await adapter.send(several, ASK, "key")
        assert [one.what for one in sent.degradations] == ["card", "button"]
        assert [user.userid for user in rig.sent()[0].recipients] == ["alice", "bob"]
        assert adapter.grow(markdown=True, channel=several.channel) is None
        assert calls == []

    async def test_with_too_many_buttons(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        many = card(body=(Select(name="n", options=[str(number) for number in range(21)]),))
        assert "20 buttons" in (await self.shown(rig, adapter, rig.target(), many)).why

    async def test_where_the_right_is_missing(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
        rig.ding.faults.refuse(CREATE, code, status=403)
        assert "a right is missing" in (await self.shown(rig, adapter, rig.target())).why

    async def test_strictly_there_is_nothing_in_its_place(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.refuse(CREATE, "Forbidden.AccessDenied.AccessTokenPermissionDenied", status=403)
        with pytest.raises(DegradedError, match="a right is missing"):
            await adapter.send(rig.target(strict=True), ASK, "key")
        assert rig.sent() == []

    async def test_where_the_template_is_not_published(self, rig: Rig) -> None:
        adapter = await rig.start(interactive_template="unknown.schema")
        assert "templateNotExist" in (await self.shown(rig, adapter, rig.target())).why

    async def test_where_clicks_do_not_come_over_stream(self, rig: Rig) -> None:
        adapter = rig.make(mode="callback")
        assert "stream" in (await self.shown(rig, adapter, rig.target())).why


class TestChanged:
    async def test_another_card_in_its_place(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        target = rig.target()
        message_id = await sent_to(adapter, target)
        calls = card_calls(rig)
        sent = await adapter.edit(target.channel, message_id, DONE)
        assert sent.part.message_id == message_id
        assert (said_on(seen(rig)), seen(rig).data["msgTitle"], buttons(seen(rig))) == ("by Alice", "Released", [])
        assert calls == [("PUT", UPDATE)]
        assert rig.ding.violations == []

    async def test_by_another_process(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        message_id = await sent_to(adapter, rig.target())
        other = await rig.start()
        await other.edit(rig.target().channel, message_id, DONE)
        assert said_on(seen(rig)) == "by Alice"

    async def test_in_a_template_of_ones_own(self, rig: Rig) -> None:
        rig.ding.add_card_template(OWN_TEMPLATE, variables=OWN_VARIABLES)
        adapter = await rig.start(interactive_template=OWN_TEMPLATE)
        message_id = await sent_to(adapter, rig.target())
        await adapter.edit(rig.target().channel, message_id, DONE)
        assert (seen(rig).data["title"], seen(rig).data["has_buttons"]) == ("Released", "false")
        assert rig.ding.violations == []

    async def test_in_the_platforms_own_words(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.add_card_template(OWN_TEMPLATE, variables=["title", "count"])
        content = {"cardTemplateId": OWN_TEMPLATE, "cardParamMap": {"title": "Hello", "count": "1"}}
        message_id = await sent_to(adapter, rig.target(), card(content=content))
        changed = card(content={"cardParamMap": {"count": 2}})
        await adapter.edit(rig.target().channel, message_id, changed)
        assert seen(rig).data == {"title": "Hello", "count": "2"}
        with pytest.raises(ContentRefusedError, match="own words"):
            await adapter.edit(rig.target().channel, message_id, DONE)

    async def test_for_one_person(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        rig.ding.add_card_template(OWN_TEMPLATE, variables=["title", "note"])
        content = {"cardTemplateId": OWN_TEMPLATE, "cardParamMap": {"title": "Hello"}}
        message_id = await sent_to(adapter, rig.target(team), card(content=content))
        changed = card(content={"privateData": {rig.alice.userid: {"note": "for you"}}})
        await adapter.edit(rig.target(team).channel, message_id, changed)
        assert seen(rig).data == {"title": "Hello"}
        assert seen(rig).private == {rig.alice.userid: {"note": "for you"}}
        assert rig.ding.violations == []

    async def test_in_a_template_whose_variables_are_not_known(self, rig: Rig) -> None:
        rig.ding.add_card_template(OWN_TEMPLATE, kind="ai", variables=["answer"])
        adapter = await rig.start(card_template=OWN_TEMPLATE, card_text="answer")
        grown = await begun(adapter, rig.target())
        await grown.close("done")
        await adapter.edit(rig.target().channel, grown.track, DONE)
        assert seen(rig).data["answer"] == "Released<br>by Alice"
        assert rig.ding.violations == []

    async def test_the_text_of_an_answer_that_grew(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        grown = await begun(adapter, rig.target())
        await grown.close("done")
        await adapter.edit(rig.target().channel, grown.track, markdown("and *changed*"))
        assert texts(rig) == ["and *changed*"]
        assert seen(rig).finished

    async def test_what_is_no_card(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        channel = rig.target().channel
        with pytest.raises(NotSupportedError):
            await adapter.edit(channel, "a processQueryKey==", DONE)
        message_id = await sent_to(adapter, rig.target())
        with pytest.raises(NotSupportedError):
            await adapter.edit(channel, message_id, text("no card"))


class TestTakenBack:
    async def test_by_its_message(self, rig: Rig, adapter: DingTalkAdapter, team: Group) -> None:
        for target in (rig.target(), rig.target(team)):
            message_id = await sent_to(adapter, target, key=target.channel.id)
            await adapter.recall(target.channel, message_id)
        assert rig.sent() == []
        assert rig.ding.violations == []

    async def test_by_another_process_it_cannot(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        message_id = await sent_to(adapter, rig.target())
        with pytest.raises(NotSupportedError, match="process"):
            await (await rig.start()).recall(rig.target().channel, message_id)


async def test_a_reply_is_noted_as_sent_to_the_chat(rig: Rig, adapter: DingTalkAdapter) -> None:
    sent = await adapter.send(rig.target(reply_to="msg"), ASK, "key")
    assert [one.what for one in sent.degradations] == ["reply"]
