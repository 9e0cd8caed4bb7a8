"""Callbacks as the platform sends them, and what we make of each.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

from pathlib import Path
from typing import Any

import pytest
from golden import as_expected

from imbridge.adapters.wecom.inbound import Identity, decode
from imbridge.adapters.wecom.received import content, events
from imbridge.adapters.xml import read_xml
from imbridge.protocol import (
    Audio,
    BotAdded,
    ButtonClicked,
    File,
    Link,
    LocationReported,
    MenuClicked,
    Message,
    UnknownEvent,
)
from imbridge.protocol import Location as Place

SAMPLES = Path(__file__).parents[2] / "samples" / "wecom" / "in"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.xml"))


def me() -> Identity:
    return Identity(account="work", corp_id="ww8a7d6c5b4e3f2a10", agent_id=1000002)


def read(name: str) -> dict[str, Any]:
    return read_xml((SAMPLES / f"{name}.xml").read_bytes())


def item(name: str) -> Any:
    return decode(read(name), me()).item


def seen(name: str) -> dict[str, object]:
    inbound = decode(read(name), me())
    dumped = inbound.item.model_dump(mode="json", exclude={"payload", "hops", "joined"}, exclude_none=True)
    if isinstance(inbound.item, Message):
        for element in dumped["elements"]:
            element.pop("payload", None)
    return {"class": type(inbound.item).__name__, "dedup_keys": list(inbound.dedup_keys), "item": dumped}


@pytest.mark.parametrize(("north", "east"), [("113.358", "23.134"), ("90.01", "0"), ("0", "-180.5"), ("inf", "0")])
def test_a_place_that_is_not_on_this_earth_is_none(north: str, east: str) -> None:
    """Above all one whose two numbers came the wrong way round."""
    said = decode(read("location") | {"Location_X": north, "Location_Y": east}, me()).item
    assert isinstance(said, Message)
    assert said.content_type == "unknown"
    reported = decode(read("location_reported") | {"Latitude": north, "Longitude": east}, me()).item
    assert isinstance(reported, UnknownEvent)


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    as_expected(SAMPLES / f"{name}.expected.json", seen(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_kept_whole_and_shown_in_no_repr(name: str) -> None:
    fields = read(name)
    found = decode(fields, me()).item
    assert found.payload == fields
    assert "canary-response-code" not in repr(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_repetition_has_the_same_keys(name: str) -> None:
    assert decode(read(name), me()).dedup_keys == decode(read(name), me()).dedup_keys


def test_no_two_samples_have_a_key_in_common() -> None:
    keys = [key for name in NAMES for key in decode(read(name), me()).dedup_keys]
    assert len(set(keys)) == len(keys)


def test_two_approvals_of_one_second_are_two() -> None:
    """The platform's advice, sender and time, would take them for one."""
    one, other = read("approval"), read("approval")
    other["ApprovalInfo"] = {**other["ApprovalInfo"], "SpNo": "201910220004"}
    assert (one["FromUserName"], one["CreateTime"]) == (other["FromUserName"], other["CreateTime"])
    assert decode(one, me()).dedup_keys != decode(other, me()).dedup_keys


def test_every_type_and_event_has_a_sample() -> None:
    fields = [read(name) for name in NAMES]
    assert set(content.READERS) <= {one["MsgType"] for one in fields}
    assert set(events.READERS) <= {one["Event"].lower() for one in fields if "Event" in one}


def test_latitude_and_longitude_the_right_way_round() -> None:
    place = item("location").elements[0]
    assert isinstance(place, Place)
    assert (place.latitude, place.longitude, place.name) == (23.134, 113.358, "广州塔")
    told = item("location_reported")
    assert isinstance(told, LocationReported)
    assert (told.latitude, told.longitude, told.precision) == (23.104105, 113.320107, 65.0)


def test_what_was_recognised_is_what_was_said() -> None:
    message = item("voice_recognised")
    assert message.text == "明天的天气"
    assert isinstance(message.elements[0], Audio)
    assert message.elements[0].mime == "audio/amr"


def test_texts() -> None:
    assert item("text_cdata_split").text == "a ]]> b & <c>"
    assert item("text_entities").text == "1 < 2 & 3 😀"
    assert (item("text_empty").text, item("text_empty").elements) == ("", ())


def test_a_link_and_files() -> None:
    link = item("link").elements[0]
    assert isinstance(link, Link)
    assert (link.url, link.title) == ("https://example.com/?a=1&b=2", "A page")
    file = item("file").elements[0]
    assert isinstance(file, File)
    assert (file.key, file.name, file.size) == ("1Yv-FILE", "报告.pdf", 12345)
    assert item("file_as_wechat_has_it").elements[0].name == "report.pdf"


@pytest.mark.parametrize("name", ["sticker_unknown", "location_junk"])
def test_what_is_new_to_us_is_kept_whole(name: str) -> None:
    message = item(name)
    assert message.content_type == "unknown"
    assert message.elements[0].payload == read(name)


def test_clicks() -> None:
    one, many, foreign = item("card_vote_one"), item("card_vote_many"), item("card_choices")
    assert (one.action, one.value, one.form) == ("dish", "noodles", {})
    assert (many.action, many.form) == ("order", {"top": ["cheese"]})
    assert (foreign.action, foreign.form) == ("submit", {"q1": "a", "q2": ["b", "c"], "q3": []})
    broken = item("card_button_broken_json")
    assert isinstance(broken, ButtonClicked)
    assert broken.action == "{"


def test_who_and_where() -> None:
    """Somebody's own acts are in their chat; what the system tells is nobody's and nowhere."""
    for name in ("subscribe", "click", "location_reported", "card_button"):
        assert item(name).actor.id == "zhangsan"
        assert item(name).channel.address == "wecom:work/private/zhangsan"
    for name in ("approval", "contact_create_user", "batch_job_result", "customer_add_external_contact"):
        assert (item(name).actor, item(name).channel) == (None, None)


def test_kinds() -> None:
    assert isinstance(item("subscribe"), BotAdded)
    assert isinstance(item("pic_weixin"), MenuClicked)
    kinds = {name: item(name).kind for name in NAMES if isinstance(item(name), UnknownEvent)}
    assert kinds["customer_add_external_contact"] == "change_external_contact.add_external_contact"
    assert kinds["msgaudit_notify"] == "msgaudit_notify"
    assert kinds["contact_invent_user"] == "change_contact.invent_user"
    assert kinds["approval_without_its_facts"] == "sys_approval_change"
