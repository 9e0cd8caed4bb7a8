"""AI cards: their text grows, they finish or fail, and then they are over."""

from typing import Any

import pytest
from dingtalk_raw_org import FORM, organisation

from imbridge.emulators.dingtalk import EmulatorSettings


async def test_a_text_grows_and_is_finished() -> None:
    async with organisation() as org:
        await org.create()
        message = await org.alice.receives()
        assert (message.status, org.ding.unfinished_cards) == (1, (message.card,))
        assert await org.write("Hel", "g1") == (200, {"success": True, "result": True})
        assert (message.text, message.status) == ("Hel", 2)
        await org.write("Hello", "g2")
        await org.write("Hello.", "g3", isFinalize=True)
        assert (message.text, message.status, message.finished, message.failed) == ("Hello.", 3, True, False)
        assert message.states == ["", "Hel", "Hello", "Hello."]
        assert org.ding.unfinished_cards == ()
        assert org.kinds() == []


async def test_an_error_makes_it_failed() -> None:
    async with organisation() as org:
        await org.create()
        await org.write("Sorry", "g1", isError=True)
        message = await org.alice.receives("Sorry")
        assert (message.status, message.failed, message.finished) == (5, True, False)


async def test_the_status_can_be_set_by_an_update_too() -> None:
    async with organisation() as org:
        await org.create()
        by_key = {"cardUpdateOptions": {"updateCardDataByKey": True}}
        for status in ("2", "4", "3"):
            await org.update({"flowStatus": status, "msgContent": "Done"}, **by_key)
            assert org.ding.cards[0].status == int(status)
        assert (await org.alice.receives("Done")).finished


async def test_the_same_request_again_changes_nothing() -> None:
    async with organisation() as org:
        await org.create()
        await org.write("one", "g1")
        await org.write("two", "g2")
        assert (await org.write("one", "g1"))[0] == 200
        assert org.ding.cards[0].text == "two"
        assert (org.ding.cards[0].streamed, org.kinds()) == (2, [])


async def test_a_guid_with_another_text_is_ignored_and_noted() -> None:
    async with organisation() as org:
        await org.create()
        await org.write("one", "g1")
        assert (await org.write("two", "g1"))[0] == 200
        assert org.ding.cards[0].text == "one"
        assert org.kinds() == ["card_guid_reused"]


@pytest.mark.parametrize("last", [{"isFinalize": True}, {"isError": True}])
async def test_a_card_that_has_ended_takes_no_more(last: dict[str, Any]) -> None:
    async with organisation() as org:
        await org.create()
        await org.write("the end", "g1", **last)
        status, answer = await org.write("more", "g2")
        assert (status, answer["code"]) == (400, "param.invalid")
        assert org.ding.cards[0].text == "the end"
        assert org.kinds() == ["card_ended"]
        assert (await org.write("the end", "g1", **last))[0] == 200  # the same request is still the same request


async def test_markdown_is_streamed_as_a_whole() -> None:
    async with organisation() as org:
        await org.create()
        status, answer = await org.write("part", "g1", isFull=False)
        assert (status, answer["code"]) == (400, "param.stream.isFull")
        assert org.kinds() == ["card_markdown_in_parts"]


async def test_a_plain_variable_is_appended_to() -> None:
    async with organisation() as org:
        org.ding.add_card_template("plain.schema", kind="ai", variables=("answer", "log"))
        await org.create(cardTemplateId="plain.schema", cardData={"cardParamMap": {}})
        await org.write("a", "g1", key="log", isFull=False)
        await org.write("b", "g2", key="log", isFull=False)
        assert org.ding.cards[0].data["log"] == "ab"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outTrackId": "none"}, "param.stream.outTrackId"),
        ({"outTrackId": None}, "param.outTrackIdEmpty"),
        ({"guid": ""}, "param.stream.guidEmpty"),
        ({"key": None}, "param.stream.keyEmpty"),
        ({"content": None}, "param.stream.contentEmpty"),
        ({"content": "x" * 101}, "param.stream.content"),
        ({"key": "unknown"}, "param.invalid"),
        ({"isFinalize": "yes"}, "param.invalid"),
    ],
)
async def test_what_is_wrong_is_refused(changes: dict[str, Any], code: str) -> None:
    async with organisation(EmulatorSettings(card_content_limit=100)) as org:
        await org.create()
        status, answer = await org.write("x", "g1", **changes)
        assert (status, answer["code"]) == (400, code)
        assert org.ding.cards[0].streamed == 0


async def test_a_card_that_is_no_ai_card_can_not_be_streamed() -> None:
    async with organisation() as org:
        org.ding.add_card_template(FORM)
        await org.create(cardTemplateId=FORM)
        status, _ = await org.write("x", "g1")
        assert (status, org.kinds()) == (400, ["card_not_streamable"])
