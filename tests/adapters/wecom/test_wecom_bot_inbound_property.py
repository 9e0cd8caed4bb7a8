"""No input makes the decoder raise anything but its own error, and the payload is always kept."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_wecom_bot_golden import ME, NAMES, read

from imbridge.adapters.wecom.bot.frames import command, parse_frame
from imbridge.adapters.wecom.bot.inbound import decode, unreadable
from imbridge.protocol import DecodeError, Message, UnknownEvent

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [prefix] if prefix else []
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found.extend(paths(child, (*prefix, key)))
    return found


def check(body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    try:
        received = decode(body, ME)
    except DecodeError as error:
        received = unreadable(error.payload, b"x", ME)
    assert received.inbound.dedup_keys
    assert all(received.inbound.dedup_keys)
    assert str(received.inbound.item.payload) == str(before)
    assert isinstance(received.inbound.item.id, str)


@given(st.dictionaries(st.sampled_from(["msgid", "msgtype", "from", "text", "event", "chattype"]), json_values))
def test_any_object(body: dict[str, Any]) -> None:
    check(body)


@pytest.mark.parametrize("name", NAMES)
def test_any_change_in_a_sample(name: str) -> None:
    whole = read(name)
    places = paths(whole)

    @given(st.sampled_from(places), json_values)
    def changed(place: tuple[Any, ...], value: Any) -> None:
        body = copy.deepcopy(whole)
        holder: Any = body
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = value
        check(body)

    changed()


@given(st.text(max_size=200))
def test_any_text_is_a_frame_or_none(text: str) -> None:
    try:
        frame = parse_frame(text)
    except DecodeError:
        return
    assert isinstance(frame.cmd, str)
    assert isinstance(frame.req_id, str)


@given(json_values)
def test_any_json_is_a_frame_or_none(value: Any) -> None:
    for data in (value, {"headers": value}, {"headers": {"req_id": "r"}, "cmd": value, "errcode": value}):
        try:
            frame = parse_frame(json.dumps(data))
        except (DecodeError, UnicodeEncodeError):
            continue
        assert isinstance(frame.body, dict)
        assert isinstance(frame.code, int)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), st.text("abc_", min_size=1, max_size=10))
def test_frames_come_back(content: str, cmd: str) -> None:
    frame = parse_frame(command(cmd, "r1", {"content": content}))
    assert (frame.cmd, frame.req_id, frame.body) == (cmd, "r1", {"content": content})


def test_a_message_from_nobody_is_kept() -> None:
    body = {"msgid": "1", "msgtype": "text", "text": {"content": "x"}, "from": {}}
    with pytest.raises(DecodeError, match="nobody"):
        decode(body, ME)
    item = unreadable(body, b"raw", ME).inbound.item
    assert isinstance(item, UnknownEvent)
    assert not isinstance(item, Message)
    assert item.payload == body
