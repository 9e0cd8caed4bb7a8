"""What WeCom's smart bots may send on the long connection, and what people see of it."""

from typing import Any

import pytest
from wecom_bot_raw import TEXT_CARD, VOTE, RawClient, markdown, stream

from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotUser, NothingToDoError, WeComBotEmulator
from leap import Leap

RESPOND, SEND, WELCOME, UPDATE = (
    "aibot_respond_msg",
    "aibot_send_msg",
    "aibot_respond_welcome_msg",
    "aibot_respond_update_msg",
)


def card(content: dict[str, Any]) -> dict[str, Any]:
    return {"msgtype": "template_card", "template_card": content}


# --- req_id and pushes ---


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(respond_seconds=60, welcome_seconds=0, update_seconds=0)])
async def test_a_req_id_is_good_for_what_it_came_with(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient, leap: Leap
) -> None:
    said, opened = await alice.says("hi", bot=smart), await alice.opens(smart)
    text = {"msgtype": "text", "text": {"content": "x"}}
    assert await raw.code(RESPOND, stream("x"), "made-up") == 846605
    assert await raw.code(RESPOND, stream("x"), opened.req_id) == 846605
    assert await raw.code(WELCOME, text, said.req_id) == 846605
    assert await raw.code(UPDATE, {}, said.req_id) == 846605
    assert platform.violations == []
    leap(61)
    assert await raw.code(RESPOND, stream("x"), said.req_id) == 846605
    assert await raw.code(WELCOME, text, opened.req_id) == 846605
    assert [violation.kind for violation in platform.violations] == ["answer_late", "answer_late"]


async def test_pushes_need_that_somebody_wrote_before(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    team = platform.add_group("Team", members=[alice], bots=[smart])
    for chatid in ("alice", team.chatid, "nobody"):
        assert await raw.code(SEND, {"chatid": chatid, **markdown("x")}) == 93006
    await alice.opens(smart)
    assert await raw.code(SEND, {"chatid": "alice", **markdown("x")}) == 93006
    await alice.says("hi", bot=smart)
    await alice.says("hi", chat=team, mentions=[smart])
    assert await raw.code(SEND, {"chatid": "alice", "chat_type": 1, **markdown("to one")}) == 0
    assert await raw.code(SEND, {"chatid": team.chatid, "chat_type": 2, **markdown("to all")}) == 0
    assert await raw.code(SEND, {"chatid": "alice", "chat_type": 2, **markdown("x")}) == 93006
    assert await raw.code(SEND, {"chatid": team.chatid, "chat_type": 1, **markdown("x")}) == 93006
    assert await raw.code(SEND, {"chatid": team.chatid, "chat_type": 3, **markdown("x")}) == 40058
    assert await raw.code(SEND, {"chatid": 1, **markdown("x")}) == 40058
    assert (await alice.receives("to one", bot=smart)).how == "push"
    await alice.receives("to all", chat=team)
    assert await raw.code(SEND, {"chatid": "alice", "msgtype": "text", "text": {"content": "x"}}) == 40008
    assert await raw.code(SEND, {"chatid": "alice", **stream("x")}) == 40008
    assert await raw.code(SEND, {"chatid": team.chatid, **card(TEXT_CARD)}) == 40008
    assert await raw.code(SEND, {"chatid": "alice", **card(TEXT_CARD)}) == 0


async def test_a_conversation_has_a_rate(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    for number in range(29):
        assert await raw.code(SEND, {"chatid": "alice", **markdown(str(number))}) == 0
    assert await raw.code(RESPOND, stream("one"), sent.req_id) == 0
    assert await raw.code(RESPOND, stream("one more frame", finish=True), sent.req_id) == 0
    assert await raw.code(RESPOND, stream("too many", stream_id="s2"), sent.req_id) == 45009
    assert (platform.stats.rate_limited, len(platform.messages)) == (1, 30)
    bob = platform.add_user("Bob")
    assert await raw.code(RESPOND, stream("hi"), (await bob.says("hi", bot=smart)).req_id) == 0


@pytest.mark.parametrize("bot_settings", [BotEmulatorSettings(chat_rate_minute=1, rate_drops=True)])
async def test_what_is_over_the_rate_may_be_dropped_silently(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("hi", bot=smart)
    for stream_id in ("s1", "s2"):
        assert await raw.code(RESPOND, stream("x", stream_id=stream_id), sent.req_id) == 0
        assert await raw.code(RESPOND, stream("xy", finish=True, stream_id=stream_id), sent.req_id) == 0
    assert (await alice.receives()).stream_id == "s1"
    await alice.receives_nothing(within=0.01)
    assert [message.dropped for message in platform.messages] == [False, True]
    assert [violation.kind for violation in platform.violations] == ["rate_exceeded"]


# --- cards and events ---


async def test_opening_the_chat_once_a_day(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    opened = await alice.opens(smart)
    frame = await raw.callback()
    body = frame["body"]
    assert (frame["cmd"], body["event"], body["msgtype"]) == (
        "aibot_event_callback",
        {"eventtype": "enter_chat"},
        "event",
    )
    assert "response_url" not in body
    assert await raw.code(WELCOME, markdown("x"), opened.req_id) == 40008
    assert await raw.code(WELCOME, {"msgtype": "text", "text": {"content": "hello"}}, opened.req_id) == 0
    assert (await alice.receives("hello", bot=smart)).how == "welcome"
    assert (await alice.opens(smart)).msgid == ""
    assert (await alice.opens(smart, next_day=True)).msgid != ""
    assert platform.stats.callbacks == 2


async def test_a_vote_is_clicked_and_its_card_changes(
    platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient
) -> None:
    sent = await alice.says("lunch?", bot=smart)
    await raw.callback()
    assert await raw.code(RESPOND, card(VOTE), sent.req_id) == 0
    assert await raw.code(RESPOND, card(VOTE), sent.req_id) == 40058
    message = await alice.receives(bot=smart)
    assert message.text == "Lunch?\nRice / Noodles\n[Vote]"
    with pytest.raises(NothingToDoError, match="not 'other'"):
        await alice.clicks(message, "other")
    with pytest.raises(NothingToDoError, match="options"):
        await alice.clicks(message, selected="soup")
    clicked = await alice.clicks(message, selected=["rice", "noodles"])
    body = (await raw.callback())["body"]
    assert body["response_url"] == clicked.response_url
    assert body["event"] == {
        "eventtype": "template_card_event",
        "template_card_event": {
            "card_type": "vote_interaction",
            "event_key": "vote",
            "task_id": "lunch",
            "selected_items": {
                "selected_item": [{"question_key": "q", "option_ids": {"option_id": ["rice", "noodles"]}}]
            },
        },
    }
    thanks = {**VOTE, "main_title": {"title": "Thanks"}}
    answer: dict[str, Any] = {"response_type": "update_template_card", "template_card": thanks}
    assert await raw.code(UPDATE, answer | {"response_type": "x"}, clicked.req_id) == 40058
    assert await raw.code(UPDATE, answer | {"userids": ["nobody"]}, clicked.req_id) == 40058
    assert await raw.code(UPDATE, answer | {"template_card": {**thanks, "task_id": "x"}}, clicked.req_id) == 40058
    assert await raw.code(UPDATE, answer | {"userids": ["alice"]}, clicked.req_id) == 0
    assert message.text.startswith("Thanks")
    assert [old["main_title"]["title"] for old in message.cards] == ["Lunch?"]
    await alice.clicks(message)
    items = (await raw.callback())["body"]["event"]["template_card_event"]["selected_items"]["selected_item"]
    assert items == [{"question_key": "q", "option_ids": {"option_id": ["noodles"]}}]


async def test_menus_and_groups(platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient) -> None:
    team = platform.add_group("Team", members=[alice], bots=[smart])
    sent = await alice.says("card", chat=team, mentions=[smart])
    await raw.callback()
    menu = {"desc": "more", "action_list": [{"text": "Stop", "key": "stop"}]}
    assert await raw.code(RESPOND, card({**TEXT_CARD, "action_menu": menu, "task_id": "t"}), sent.req_id) == 0
    await alice.clicks(await alice.receives(chat=team))
    body = (await raw.callback())["body"]
    assert (body["chatid"], body["chattype"]) == (team.chatid, "group")
    assert body["event"]["template_card_event"] == {"card_type": "text_notice", "event_key": "stop", "task_id": "t"}


async def test_buttons_come_with_what_is_selected_and_menus_without(smart: Bot, alice: BotUser, raw: RawClient) -> None:
    options = [{"id": "now", "text": "Now"}, {"id": "later", "text": "Later"}]
    content = {
        "card_type": "button_interaction",
        "main_title": {"title": "Deploy?"},
        "action_menu": {"desc": "more", "action_list": [{"text": "Mute", "key": "mute"}]},
        "button_selection": {"question_key": "when", "option_list": options, "selected_id": "nothing"},
        "button_list": [{"text": "Yes", "key": "yes"}, {"text": "No", "key": "no"}],
        "task_id": "deploy",
    }
    sent = await alice.says("hi", bot=smart)
    await raw.callback()
    assert await raw.code(RESPOND, card(content), sent.req_id) == 0
    message = await alice.receives(bot=smart)
    events = []
    for key, selected in (("yes", None), ("no", {"when": "later"}), ("mute", None)):
        await alice.clicks(message, key, selected=selected)
        events.append((await raw.callback())["body"]["event"]["template_card_event"])
    now, later = (
        {"selected_item": [{"question_key": "when", "option_ids": {"option_id": [option]}}]}
        for option in ("now", "later")
    )
    assert [event["event_key"] for event in events] == ["yes", "no", "mute"]
    assert [event.get("selected_items") for event in events] == [now, later, None]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {"card_type": "poem"},
        {"card_type": "text_notice", "main_title": {"title": "x"}},
        {"card_type": "text_notice", "card_action": {"type": 0}},
        TEXT_CARD | {"horizontal_content_list": [{"keyname": "x"}] * 7},
        TEXT_CARD | {"horizontal_content_list": [{"value": "x"}]},
        TEXT_CARD | {"action_menu": {"action_list": [{"text": "x", "key": "x"}]}},
        TEXT_CARD | {"task_id": "with space"},
        TEXT_CARD | {"feedback": {"id": 1}},
        {"card_type": "news_notice", "main_title": {"title": "x"}, "card_action": {"type": 0}},
        {"card_type": "button_interaction", "main_title": {}, "task_id": "t", "button_list": []},
        {
            "card_type": "button_interaction",
            "main_title": {},
            "task_id": "t",
            "button_list": [{"text": "x", "key": "k"}] * 2,
        },
        {"card_type": "button_interaction", "main_title": {}, "button_list": [{"text": "x", "key": "k"}]},
        VOTE | {"checkbox": {"question_key": "q", "option_list": []}},
        VOTE | {"submit_button": {"text": "x"}},
        {"card_type": "multiple_interaction", "main_title": {}, "submit_button": {"text": "x", "key": "k"}},
    ],
)
async def test_wrong_cards_are_refused(smart: Bot, alice: BotUser, raw: RawClient, wrong: Any) -> None:
    sent = await alice.says("hi", bot=smart)
    assert await raw.code(RESPOND, card(wrong), sent.req_id) == 40058


async def test_ratings(platform: WeComBotEmulator, smart: Bot, alice: BotUser, raw: RawClient) -> None:
    sent = await alice.says("hi", bot=smart)
    await raw.callback()
    await raw.ask(RESPOND, stream("x", feedback={"id": "trace_1"}), sent.req_id)
    await raw.ask(RESPOND, stream("xy", finish=True, stream_id="s2"), sent.req_id)
    rated, plain = await alice.receives("x"), await alice.receives("xy")
    await alice.rates(rated)
    body = (await raw.callback())["body"]
    assert body["event"] == {"eventtype": "feedback_event", "feedback_event": {"id": "trace_1", "type": 1}}
    await alice.rates(rated, good=None)
    assert (await raw.callback())["body"]["event"]["feedback_event"]["type"] == 3
    with pytest.raises(NothingToDoError, match="feedback id"):
        await alice.rates(plain)
    with pytest.raises(NothingToDoError, match="no card"):
        await alice.clicks(plain)


async def test_what_did_not_come_is_said(smart: Bot, alice: BotUser, raw: RawClient) -> None:
    sent = await alice.says("hi", bot=smart)
    await raw.ask(RESPOND, stream("something"), sent.req_id)
    with pytest.raises(AssertionError, match=r"expected a message like 'else'.*Received instead:(.|\n)*something"):
        await alice.receives("else", timeout=0.01)
    with pytest.raises(AssertionError, match="should have received nothing"):
        await alice.receives_nothing(within=0)
    message = await alice.receives()
    with pytest.raises(AssertionError, match="did not become"):
        await message.finishes(timeout=0.01)
