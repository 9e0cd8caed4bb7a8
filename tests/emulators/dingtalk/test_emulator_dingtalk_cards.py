"""Cards: created, delivered, updated, refused."""

from typing import Any

import pytest
from dingtalk_raw_org import AI, FORM, Org, organisation

from imbridge.emulators.dingtalk import DingTalkEmulator


def space(org: Org) -> str:
    return f"dtv1.card//IM_GROUP.{org.group.open_conversation_id}"


async def test_a_card_reaches_a_person() -> None:
    async with organisation() as org:
        status, answer = await org.create(cardData={"cardParamMap": {"flowStatus": "1", "msgContent": "hello"}})
        message = await org.alice.receives("hello", app=org.app)
        assert status == 200
        assert answer == {
            "success": True,
            "result": {
                "outTrackId": "card-1",
                "deliverResults": [
                    {
                        "spaceType": "IM_ROBOT",
                        "spaceId": org.alice.userid,
                        "success": True,
                        "carrierId": message.process_query_key,
                        "errorMsg": "",
                    }
                ],
            },
        }
        assert (message.kind, message.way, message.message_id) == ("card", "card", "card-1")
        assert (message.status, message.states) == (1, ["hello"])
        assert org.ding.world.by_message_id[message.process_query_key] is message
        assert org.kinds() == []


async def test_a_card_is_recalled_by_its_process_query_key_only() -> None:
    async with organisation() as org:
        await org.create()
        message = await org.alice.receives()
        path, body = "/v1.0/robot/otoMessages/batchRecall", {"robotCode": org.app.robot_code}
        await org.new("POST", path, {**body, "processQueryKeys": [message.message_id]})
        assert not message.recalled
        await org.new("POST", path, {**body, "processQueryKeys": [message.process_query_key]})
        assert message.recalled


async def test_created_first_and_delivered_to_several_spaces_afterwards() -> None:
    async with organisation() as org:
        created = {
            "cardTemplateId": AI,
            "outTrackId": "card-2",
            "cardData": {"cardParamMap": {"msgContent": "both"}},
            "imGroupOpenSpaceModel": {"supportForward": True},
            "imRobotOpenSpaceModel": {"supportForward": True},
        }
        assert await org.new("POST", "/v1.0/card/instances", created) == (200, {"success": True, "result": "card-2"})
        await org.alice.receives_nothing(within=0)
        delivered = {
            "outTrackId": "card-2",
            "openSpaceId": f"{space(org)};im_robot.{org.bob.userid}",
            "imGroupOpenDeliverModel": {"robotCode": org.app.robot_code, "atUserIds": {"@ALL": "@ALL"}},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
        }
        _, answer = await org.new("POST", "/v1.0/card/instances/deliver", delivered)
        assert [(one["spaceType"], one["success"]) for one in answer["result"]] == [
            ("IM_GROUP", True),
            ("IM_ROBOT", True),
        ]
        seen = await org.alice.receives("both", chat=org.group)
        assert seen.mentioned == ("all",)
        assert len([await org.bob.receives("both"), await org.bob.receives("both")]) == 2
        card = org.ding.cards[0]
        await org.update({"msgContent": "changed"}, "card-2")
        assert [message.text for message in card.messages] == ["changed", "changed"]


async def test_only_the_recipients_see_a_card_in_a_group() -> None:
    async with organisation() as org:
        model = {"robotCode": org.app.robot_code, "recipients": [org.bob.userid]}
        await org.create(openSpaceId=space(org), imGroupOpenDeliverModel=model)
        await org.bob.receives(chat=org.group)
        await org.alice.receives_nothing(within=0)


async def test_an_update_replaces_all_variables_unless_it_says_by_key() -> None:
    async with organisation() as org:
        org.ding.add_card_template(FORM, variables=("title", "body"))
        params = {"cardParamMap": {"title": "Order", "body": "open"}}
        await org.create(cardTemplateId=FORM, cardData=params)
        message = await org.alice.receives("Order\nopen")
        by_key = {"cardUpdateOptions": {"updateCardDataByKey": True}}
        assert await org.update({"body": "shipped"}, **by_key) == (200, {"success": True, "result": True})
        assert message.text == "Order\nshipped"
        await org.update({"body": "lost"})
        assert message.text == "lost"
        assert message.states == ["Order\nopen", "Order\nshipped", "lost"]


async def test_private_variables_are_for_one_person() -> None:
    async with organisation() as org:
        org.ding.add_card_template(FORM, variables=("title", "mine"))
        await org.create(cardTemplateId=FORM, cardData={"cardParamMap": {"title": "Poll"}})
        private = {org.bob.userid: {"cardParamMap": {"mine": "yes"}}}
        body = {"outTrackId": "card-1", "privateData": private}
        assert (await org.new("PUT", "/v1.0/card/instances", body))[0] == 200
        card = org.ding.cards[0]
        assert card.text == "Poll"
        assert card.text_for(org.bob.userid) == "Poll\nyes"
        assert card.text_for(org.alice.userid) == "Poll"
        unknown = {"outTrackId": "card-1", "privateData": {"nobody": {"cardParamMap": {}}}}
        status, answer = await org.new("PUT", "/v1.0/card/instances", unknown)
        assert (status, answer["code"]) == (400, "param.userIdNotExist")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"cardTemplateId": None}, "param.cardTemplateIdEmpty"),
        ({"cardTemplateId": "unknown.schema"}, "param.templateNotExist"),
        ({"cardData": None}, "param.cardPublicDataEmpty"),
        ({"cardData": {"cardParamMap": {"msgContent": 1}}}, "param.invalid"),
        ({"openSpaceId": None}, "param.openSpaceIdEmpty"),
        ({"openSpaceId": "IM_ROBOT.alice"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//MOON.alice"}, "param.openSpaceIdInvalid"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"imRobotOpenSpaceModel": {}}, "param.openSpaceModelInvalid"),
        ({"privateData": {"nobody": {}}}, "param.userIdNotExist"),
        ({"callbackType": "stream"}, "param.invalid"),
        ({"userIdType": 3}, "param.invalid"),
    ],
)
async def test_what_is_wrong_is_refused_and_makes_no_card(changes: dict[str, Any], code: str) -> None:
    async with organisation() as org:
        status, answer = await org.create(**changes)
        assert (status, answer["code"]) == (400, code)
        assert org.ding.cards == ()
        await org.alice.receives_nothing(within=0)


async def test_an_out_track_id_is_one_card_for_ever() -> None:
    async with organisation() as org:
        await org.create()
        status, answer = await org.create()
        assert (status, answer["code"]) == (400, "param.cardAlreadyExist")
        await org.alice.receives()
        await org.alice.receives_nothing(within=0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"openSpaceId": "dtv1.card//IM_ROBOT.nobody"}, "user is not exist"),
        ({"openSpaceId": "dtv1.card//IM_GROUP.cidUnknown"}, "openConversationId is invalid"),
        ({"imRobotOpenSpaceModel": None}, "spaces of card is empty"),
        ({"imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "other"}}, "robotCode is invalid"),
    ],
)
async def test_a_space_that_is_not_reached_is_named_in_a_success(changes: dict[str, Any], reason: str) -> None:
    async with organisation() as org:
        status, answer = await org.create(**changes)
        result = answer["result"]["deliverResults"][0]
        assert (status, answer["success"]) == (200, True)
        assert (result["success"], result["errorMsg"]) == (False, reason)
        await org.alice.receives_nothing(within=0)


async def test_a_group_without_the_robot_is_not_reached() -> None:
    async with organisation() as org:
        org.ding.happenings.bot_removed(org.group, org.app)
        _, answer = await org.create(openSpaceId=space(org))
        assert answer["result"]["deliverResults"][0]["errorMsg"] == "robot is not a member of the group"


async def test_another_app_does_not_know_the_card() -> None:
    async with organisation() as org:
        await org.create()
        other = org.ding.add_app("Other")
        body = {"appKey": other.client_id, "appSecret": other.client_secret}
        _, token = await org.new("POST", "/v1.0/oauth2/accessToken", body)
        update = {"outTrackId": "card-1", "cardData": {"cardParamMap": {}}}
        status, answer = await org.new("PUT", "/v1.0/card/instances", update, token["accessToken"])
        assert (status, answer["code"]) == (400, "param.cardNotExist")


async def test_an_update_of_nothing_or_of_no_card_is_refused() -> None:
    async with organisation() as org:
        status, answer = await org.update({"msgContent": "x"}, "none")
        assert (status, answer["code"]) == (400, "param.cardNotExist")
        await org.create()
        status, answer = await org.new("PUT", "/v1.0/card/instances", {"outTrackId": "card-1"})
        assert (status, answer["code"]) == (400, "param.cardDataAndPrivateDataBothEmpty")


async def test_a_variable_that_the_template_does_not_have_is_noted() -> None:
    async with organisation() as org:
        await org.create(cardData={"cardParamMap": {"content": "nobody reads this"}})
        assert org.kinds() == ["card_variable_unknown"]


async def test_an_ai_template_needs_a_variable_for_its_text() -> None:
    ding = DingTalkEmulator()
    with pytest.raises(ValueError, match="needs a variable"):
        ding.add_card_template("mine.schema", kind="ai")
