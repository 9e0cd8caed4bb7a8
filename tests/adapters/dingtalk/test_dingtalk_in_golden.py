"""Deliveries as the platform makes them, and what we make of each.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import re
from datetime import UTC, datetime

import pytest
from dingtalk_samples import IN, NAMES, decoded, delivery, inbound, item, me, read
from golden import as_expected

from imbridge.adapters.dingtalk.received import content, events
from imbridge.protocol import Audio, ButtonClicked, Forward, Image, Mention, Message, Text, UnknownEvent

UNTIMED = ("text_without_time",)
"""Those whose time is that of their reading."""


def seen(name: str) -> dict[str, object]:
    found = inbound(name)
    dumped = found.item.model_dump(mode="json", exclude={"payload", "hops", "joined"}, exclude_none=True)
    for element in dumped.get("elements", ()):
        element.pop("payload", None)
    if name in UNTIMED:
        dumped.pop("timestamp")
    return {"class": type(found.item).__name__, "dedup_keys": list(found.dedup_keys), "item": dumped}


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    as_expected(IN / f"{name}.expected.json", seen(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_kept_whole_and_shown_in_no_repr(name: str) -> None:
    found = item(name)
    assert found.payload == delivery(name)
    assert "canary" not in repr(found)


def test_no_two_samples_have_a_key_in_common() -> None:
    keys = [key for name in NAMES for key in inbound(name).dedup_keys]
    assert len(set(keys)) == len(keys)


def test_every_type_and_event_has_a_sample() -> None:
    kinds = {delivery(name).get("msgtype") for name in NAMES}
    assert set(content.READERS) <= kinds
    happened = {read(name).get("headers", {}).get("eventType") for name in NAMES}
    assert set(events.READERS) <= happened


def test_every_expectation_has_a_sample() -> None:
    assert {path.name.removesuffix(".expected.json") for path in IN.glob("*.expected.json")} == set(NAMES)


# -- what matters of them, said again in words -------------------------------------------------------------------------


def test_the_space_of_the_call_is_in_no_text_but_in_what_was_typed() -> None:
    message = item("text_group")
    assert (message.text, message.raw) == ("测试数据", " 测试数据")
    assert message.mentions_me
    assert message.channel.address == "dingtalk:work/group/cidTeam0LnA=="
    assert item("text_spaces_and_lines").text == "  two lines\n  kept  "


def test_a_text_is_never_changed_by_who_is_called_in_it() -> None:
    for name in ("text_group_person_called", "text_group_two_called", "text_group_person_called_no_place"):
        message, said = item(name), delivery(name)["text"]["content"]
        assert (message.raw, message.text) == (said, said.lstrip())


def test_people_are_called_where_it_is_known_who_that_is() -> None:
    one = item("text_group_person_called")
    assert [type(element) for element in one.elements] == [Text, Mention, Text, Mention]
    assert (one.mentions[0].id, one.mentions[0].name) == ("043bob298", "Bob")
    two = item("text_group_two_called")
    assert [mention.id for mention in two.mentions if not mention.is_self] == [
        "043bob298",
        "$:LWCP_v1:$eve00s7PqLm1Aw==",
    ]
    assert isinstance(two.elements[0], Text)
    unclear = item("text_group_one_called_two_calls")
    assert [mention.name for mention in unclear.mentions] == ["", ""]
    assert isinstance(unclear.elements[0], Text)
    assert item("text_group_address_is_no_call").elements[0].text == " write to bob@example.com"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("text_group", True),
        ("text_at_users_null", True),
        ("text_called_by_list_alone", True),
        ("text_nothing_said_of_calls", True),
        ("text_not_called", False),
        ("text_private", False),
    ],
)
def test_whether_we_are_called(name: str, *, called: bool) -> None:
    assert item(name).mentions_me is called


def test_rich_text_is_in_its_order() -> None:
    message = item("rich_text")
    assert [element.as_text() for element in message.elements] == ["before ", "[image]", " after"]
    assert [image.key for image in item("rich_text_two_pictures").media] == ["mIof-PICTURE", "mIof-SECOND"]
    own = item("rich_text_group_own_call")
    assert (own.text, own.raw, own.mentions_me) == ("/help me", "@Demo /help me", True)


def test_people_from_outside() -> None:
    """A staff id of another organisation is no id of ours: somebody there may have the id of a person here."""
    assert item("text_external").channel.id == item("text_external").sender.id == "$:LWCP_v1:$eve00s7PqLm1Aw=="
    foreign = item("text_other_organisation").sender
    assert foreign.id == "$:LWCP_v1:$eve00s7PqLm1Aw=="
    assert foreign.ids["staff_id"] == item("text_group").sender.id


def test_what_we_said_ourselves_would_be_known() -> None:
    """The platform does not deliver it; should it ever, no robot must answer itself."""
    changed = read("text_group")
    changed["data"]["senderId"] = changed["data"]["chatbotUserId"]
    del changed["data"]["senderStaffId"]
    message = decoded(changed).item
    assert isinstance(message, Message)
    assert (message.sender.is_self, message.sender.is_bot) == (True, True)


def test_media() -> None:
    audio = item("audio").elements[0]
    assert isinstance(audio, Audio)
    assert (audio.key, audio.duration, audio.transcript) == ("mIof-AUDIO", 4.2, "钉钉，让进步发生")
    assert item("audio").text == "钉钉，让进步发生"
    assert item("video").elements[0].duration == 5.0
    assert item("file").elements[0].name == "foobar.zip"
    assert isinstance(item("picture_one_code").elements[0], Image)
    kinds = {name: item(name).content_type for name in ("picture", "audio", "video", "file", "rich_text", "markdown")}
    assert list(kinds.values()) == ["image", "audio", "video", "file", "text", "text"]


def test_who_we_are_is_known_from_earlier_messages() -> None:
    """Some clients' messages do not name the robot."""
    changed = read("text_called_by_list_alone")
    del changed["data"]["chatbotUserId"]
    who = me()
    before = decoded(changed, who).item
    inbound("text_group", who)
    after = decoded(changed, who).item
    assert isinstance(before, Message)
    assert isinstance(after, Message)
    assert (before.mentions_me, after.mentions_me) == (False, True)


def record(entries: list[object]) -> Forward:
    changed = read("chat_record")
    changed["data"]["content"] = {"title": "t", "chatRecord": entries}
    message = decoded(changed).item
    assert isinstance(message, Message)
    assert message.forward is not None
    return message.forward


def test_a_chat_record_is_bounded_and_says_so() -> None:
    few, many = record([{"content": "x"}] * 200), record([{"content": "x"}] * 201)
    assert (len(few.messages), few.complete) == (200, True)
    assert (len(many.messages), many.complete) == (200, False)
    deep: dict[str, object] = {"content": "bottom"}
    for _ in range(5):
        deep = {"msgType": "chatRecord", "content": {"chatRecord": [deep]}}
    assert not record([deep]).complete
    assert not record([{"content": "x"}, 7]).complete


def test_what_is_quoted_of_us_has_the_id_of_our_receipt() -> None:
    message = item("quote_card_of_ours")
    assert message.reply_to == message.quote.message_id == "pqk-of-ours"
    assert message.quote.text == "what the card said"
    assert message.text == "and this?"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("quote_")])
def test_a_quotation_is_in_no_text(name: str) -> None:
    message = item(name)
    assert (message.quote is None) == (name == "quote_not_an_answer")
    if message.quote is not None:
        assert message.quote.text == "" or message.quote.text not in message.text


def test_a_time_that_is_missing_is_now() -> None:
    assert abs((datetime.now(UTC) - item("text_without_time").timestamp).total_seconds()) < 3600
    assert item("event_without_time").timestamp == datetime.fromtimestamp(1608027247.528, UTC)


@pytest.mark.parametrize(
    "name",
    ["picture_without_code", "text_not_of_its_shape", "unknown_type", "chat_record_not_of_its_shape"],
)
def test_what_is_new_to_us_is_kept_whole(name: str) -> None:
    message = item(name)
    assert message.content_type == "unknown"
    assert message.elements[0].payload == delivery(name)


def test_the_group_of_an_event_is_the_group_of_its_messages() -> None:
    channel = item("text_group").channel
    events_there = [name for name in NAMES if delivery(name).get("openConversationId") == channel.id]
    assert len(events_there) > 10
    assert {item(name).channel.address for name in events_there} == {channel.address}
    assert isinstance(item("chat_disbanded_chat_id_alone"), UnknownEvent)


def test_statuses_of_approvals() -> None:
    names = [name for name in NAMES if re.match(r"approval_(?!without)", name)]
    assert {name.removeprefix("approval_"): item(name).status for name in names} == {
        "start": "pending", "approved": "approved", "rejected": "rejected", "taken_back": "canceled",
        "deleted": "deleted", "of_a_new_type": "paused", "of_a_new_result": "maybe",
        "task_start": "pending", "task_approved": "approved", "task_rejected": "rejected",
        "task_handed_on": "transferred", "task_done": "done", "task_cancelled": "canceled",
        "task_commented": "commented",
    }  # fmt: skip


def test_several_records_of_one_event_are_all_named() -> None:
    assert item("user_add_org_several").subject_id == "043bob298,044dan299"
    assert item("user_add_org_junk").kind == "user_add_org"


def test_events_over_http_read_as_over_stream() -> None:
    for over_http, over_stream in (("http_title_changed", "chat_title_changed"), ("http_message_read", "message_read")):
        both = [item(name).model_dump(exclude={"id", "timestamp", "payload"}) for name in (over_http, over_stream)]
        assert both[0] == both[1]


def test_clicks() -> None:
    own, by_id, inputs = item("click_own"), item("click_own_in_the_id"), item("click_own_with_inputs")
    assert (own.message_id, own.action, own.value, own.form) == ("card-1", "approve", {"id": 7}, {})
    assert (by_id.action, by_id.value, by_id.form) == ("approve", 7, {"comment": "yes"})
    assert (inputs.action, inputs.form) == ("send", {"name": "Bob", "day": "2026-01-31"})
    foreign = item("click_foreign")
    assert (foreign.action, foreign.value) == ("accept", {"action": "accept", "n": 1})
    assert item("click_foreign_by_id").action == item("click_value_alone").action == "agree"
    assert item("click_foreign_form").form == {"q1": "a", "q2": ["b", "c"]}


def test_where_a_card_was_clicked() -> None:
    """Groups and private chats have ids of one sort: of a private chat it is known once it was heard of."""
    for name in ("click_own", "click_group_space", "click_named_space"):
        assert item(name).channel.address == "dingtalk:work/group/cidTeam0LnA=="
    assert item("click_robot_space").channel.address == "dingtalk:work/private/042alice297"
    assert item("click_top_space").channel is None
    who = me()
    inbound("text_private", who)
    changed = read("click_own")
    changed["data"]["spaceId"] = delivery("text_private")["conversationId"]
    clicked = decoded(changed, who).item
    assert clicked.channel is not None
    assert clicked.channel.address == item("text_private").channel.address
    who.card_channel = lambda card: item("text_group").channel if card == "card-1" else None
    clicked = decoded(changed, who).item
    assert isinstance(clicked, ButtonClicked)
    assert clicked.channel == item("text_group").channel
