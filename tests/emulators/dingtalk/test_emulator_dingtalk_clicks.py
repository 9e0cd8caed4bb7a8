"""Clicks on cards: what the app is told, and what its answer does."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from dingtalk_raw_org import FORM, Org, organisation, serving

from imbridge.emulators.dingtalk import BotMessage


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    async with organisation() as opened:
        opened.ding.add_card_template(FORM, variables=("title", "state", "mine"))
        yield opened


async def card_of(org: Org, **changes: Any) -> BotMessage:
    await org.create(cardTemplateId=FORM, cardData={"cardParamMap": {"title": "Vote", "state": "open"}}, **changes)
    return await org.alice.receives()


async def test_the_app_is_told_as_the_documents_have_it(org: Org) -> None:
    message = await card_of(org)
    async with org.stream() as stream:
        answer = await org.alice.clicks(message, action_id="yes", values={"n": 1})
        frame = stream.frames[0]
    content = frame["data"]["content"]
    assert answer == {}
    assert frame["type"] == "CALLBACK"
    assert frame["headers"]["topic"] == "/v1.0/card/instances/callback"
    assert json.loads(content) == {"cardPrivateData": {"actionIds": ["yes"], "params": {"n": 1}}}
    assert frame["data"] == {
        "extension": "{}",
        "corpId": org.ding.corp_id,
        "spaceType": "im",
        "userIdType": 1,
        "type": "actionCallback",
        "userId": org.alice.userid,
        "content": content,
        "spaceId": org.ding.world.single_chat(org.app, org.alice),
        "outTrackId": "card-1",
        "value": content,
    }
    assert org.kinds() == []


async def test_the_answer_changes_the_card_for_all_and_for_one(org: Org) -> None:
    message = await card_of(org)
    answer = {
        "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        "cardData": {"cardParamMap": {"state": "one vote"}},
        "userPrivateData": {"cardParamMap": {"mine": "yours: yes"}},
    }
    async with org.stream(lambda frame: {"response": answer}):
        assert await org.alice.clicks(message, action_id="yes") == answer
    assert message.text == "Vote\none vote"
    assert message.card is not None
    assert message.card.text_for(org.alice.userid) == "Vote\none vote\nyours: yes"
    assert message.card.text_for(org.bob.userid) == "Vote\none vote"


async def test_a_click_in_a_group_has_the_groups_id(org: Org) -> None:
    message = await card_of(org, openSpaceId=f"dtv1.card//IM_GROUP.{org.group.open_conversation_id}")
    async with org.stream() as stream:
        await org.alice.clicks(message)
    assert stream.frames[0]["data"]["spaceId"] == org.group.open_conversation_id


async def test_union_ids_where_the_card_was_created_with_them(org: Org) -> None:
    message = await card_of(org, userIdType=2, openSpaceId=f"dtv1.card//IM_ROBOT.{org.alice.union_id}")
    async with org.stream() as stream:
        await org.alice.clicks(message)
    assert stream.frames[0]["data"]["userId"] == org.alice.union_id


async def test_a_late_answer_changes_nothing(org: Org) -> None:
    message = await card_of(org)
    async with org.stream(lambda frame: {"response": {"cardData": {"cardParamMap": {"title": "late"}}}}) as stream:
        org.ding.settings.card_callback_timeout, stream.delay = 0.05, 0.2
        await org.alice.clicks(message)
    assert message.text == "Vote\nopen"
    assert org.kinds() == ["card_callback_late"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"cardData": {}}, "card_answer"),
        ({"response": 1}, "card_answer"),
        ({"response": {"toast": "hi"}}, "card_answer"),
        ({"response": {"cardData": {"cardParamMap": {"state": 1}}}}, "card_value_no_string"),
    ],
)
async def test_an_answer_that_does_nothing_is_noted(org: Org, answer: dict[str, Any], kind: str) -> None:
    message = await card_of(org)
    async with org.stream(lambda frame: answer):
        await org.alice.clicks(message)
    assert (message.text, org.kinds()) == ("Vote\nopen", [kind])


async def test_an_error_of_the_app_is_no_answer(org: Org) -> None:
    message = await card_of(org)
    async with org.stream(lambda frame: {"response": {"cardData": {"cardParamMap": {}}}}) as stream:
        stream.code = 500
        assert await org.alice.clicks(message) == {}
    assert (message.text, org.ding.stats.card_clicks_unheard) == ("Vote\nopen", 1)


async def test_nobody_listens(org: Org) -> None:
    message = await card_of(org)
    assert await org.alice.clicks(message) == {}
    assert org.kinds() == ["card_callback_unheard"]


async def test_a_card_without_callback_type_tells_nobody(org: Org) -> None:
    message = await card_of(org, callbackType=None)
    async with org.stream() as stream:
        assert await org.alice.clicks(message) == {}
    assert (stream.frames, org.kinds()) == ([], ["card_without_callback"])


async def test_only_a_card_that_is_seen_can_be_clicked(org: Org) -> None:
    message = await card_of(org)
    with pytest.raises(ValueError, match="sees no such card"):
        await org.bob.clicks(message)


async def test_over_http_with_its_signature(org: Org) -> None:
    async with serving(org.app) as server:
        server.click_answer = {"cardData": {"cardParamMap": {"title": "Thanks"}}}
        body = {"callbackRouteKey": "votes", "callbackUrl": f"{server.url}/card", "apiSecret": "not-a-secret"}
        status, answer = await org.new("POST", "/v1.0/card/callbacks/register", body)
        assert (status, answer["result"]["callbackUrl"]) == (200, f"{server.url}/card")
        message = await card_of(org, callbackType="HTTP", callbackRouteKey="votes")
        await org.alice.clicks(message, action_id="no")
    headers = server.click_headers[0]
    timestamp = headers["x-ddpaas-signature-timestamp"]
    digest = hmac.new(b"not-a-secret", timestamp.encode(), hashlib.sha256).digest()
    assert headers["x-ddpaas-signature"] == base64.b64encode(digest).decode()
    assert sorted(server.clicks[0]) == ["content", "corpId", "outTrackId", "type", "userId"]
    assert message.text == "Thanks"


async def test_http_needs_a_registered_address_and_force_to_change_it(org: Org) -> None:
    message = await card_of(org, callbackType="HTTP")
    assert await org.alice.clicks(message) == {}
    assert org.kinds() == ["card_route_unknown"]
    register = "/v1.0/card/callbacks/register"
    await org.new("POST", register, {"callbackUrl": "http://127.0.0.1:1/a"})
    _, kept = await org.new("POST", register, {"callbackUrl": "http://127.0.0.1:1/b"})
    _, changed = await org.new("POST", register, {"callbackUrl": "http://127.0.0.1:1/b", "forceUpdate": True})
    assert kept["result"]["callbackUrl"] == "http://127.0.0.1:1/a"
    assert changed["result"]["callbackUrl"] == "http://127.0.0.1:1/b"
