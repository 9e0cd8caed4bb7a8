"""What can be sent, and what is said when it cannot."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Divider,
    Element,
    Fields,
    File,
    Form,
    Image,
    Input,
    Markdown,
    Media,
    Mention,
    Reply,
    Select,
    SkillError,
    Text,
    to_reply,
)


@pytest.mark.parametrize(
    ("content", "elements"),
    [
        (None, ()),
        ("", ()),
        ("hi", (Text("hi"),)),
        (Markdown("**a**"), (Markdown("**a**"),)),
        ([], ()),
        (["a", Text("b"), None, ["c", {"type": "text", "text": "d"}]], (Text("a"), Text("b"), Text("c"), Text("d"))),
        (("a", Mention(id="1")), (Text("a"), Mention(id="1"))),
        ({"type": "text", "content": "hi"}, (Text("hi"),)),
        ({"type": "text", "text": "hi"}, (Text("hi"),)),
        ({"type": "markdown", "content": "# a"}, (Markdown("# a"),)),
        ({"type": "file", "name": "a", "data": b"x"}, (File(name="a", data=b"x"),)),
        ({"type": "image", "data": "aGVsbG8="}, (Image(data=b"hello"),)),
    ],
)
def test_every_sendable_form(content: Any, elements: tuple[Element, ...]) -> None:
    reply = to_reply(content)
    assert reply.elements == elements
    assert reply == Reply(elements=elements)
    assert bool(reply) is bool(elements)


def test_a_card_keeps_its_content() -> None:
    (card,) = to_reply({"type": "card", "content": {"elements": []}, "text": "t"}).elements
    assert card.content == {"elements": []}


def test_a_reply_is_taken_as_it_is() -> None:
    reply = Reply(elements=(Text("a"),), quote=True, in_thread=False, key="k")
    assert to_reply(reply) is reply


async def _stream() -> AsyncIterator[str]:
    yield "a"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (5, "int"),
        (b"bytes", "bytes"),
        (bytearray(b"x"), "bytearray"),
        ({"a", "b"}, "set"),
        (["a", 5], "int"),
        ([["a", object()]], "object"),
        (_stream(), "async_generator"),
        (Element(), "Element"),
        (Media(key="k"), "Media"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_sent_is_named(content: Any, name: str) -> None:
    with pytest.raises(SkillError, match=rf"^cannot send a {name}; return a str, an element, a list"):
        to_reply(content)


@pytest.mark.parametrize("content", [{}, {"type": None}, {"type": "hologram"}, {"type": ["text"]}, {"content": "x"}])
def test_a_dict_without_a_known_type(content: dict[str, Any]) -> None:
    with pytest.raises(SkillError) as caught:
        to_reply(content)
    assert f"cannot send a dict of type {content.get('type')!r}; its 'type' must be one of audio, card," in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ({"type": "text"}, "text: Field required"),
        ({"type": "markdown"}, "text: Field required"),
        ({"type": "text", "content": None}, "text: Input should be a valid string"),
        ({"type": "text", "text": "a", "content": "b"}, "content: Extra inputs are not permitted"),
        ({"type": "text", "text": "a", "colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"type": "link"}, "url: Field required"),
        ({"type": "image", "data": "no base64!"}, "data: Data should be valid base64"),
        ({"type": "image", "size": -1}, "size: Input should be greater than or equal to 0"),
    ],
)
def test_a_dict_with_wrong_fields(content: dict[str, Any], fact: str) -> None:
    with pytest.raises(SkillError) as caught:
        to_reply(content)
    assert str(caught.value).startswith(f"cannot send this dict of type {content['type']!r}: ")
    assert fact in str(caught.value)


def test_what_was_wrong_is_not_quoted() -> None:
    with pytest.raises(SkillError) as caught:
        to_reply({"type": "text", "text": {"secret": "s3cret"}})
    assert "s3cret" not in str(caught.value)


def test_a_key_longer_than_platforms_take_is_refused() -> None:
    assert Reply(key="k" * 40).key == "k" * 40
    with pytest.raises(ValidationError, match="at most 40"):
        Reply(key="k" * 41)


@pytest.mark.parametrize("part", [Button("Yes"), Fields({"a": 1}), Divider()])
def test_a_part_of_a_card_is_none_by_itself(part: Element) -> None:
    with pytest.raises(SkillError, match=rf"cannot send a {type(part).__name__} by itself.*Card\(body="):
        to_reply(["hello", part])


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [1, {2}]}, r"value\['a'\]\[1\] is a set"),
        ({1: "x"}, "value has the key 1, which is no text"),
        (float("nan"), "value is nan"),
        ((1, object()), r"value\[1\] is a object"),
        (b"x", "value is a bytes"),
    ],
)
def test_a_buttons_value_is_json(value: object, where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        Button("Yes", value=value)
    assert Button("Yes", value={"a": [1, 2.5, None, True, ("b",)]}).value == {"a": [1, 2.5, None, True, ("b",)]}


def test_two_parts_of_one_name_are_told_with_where_they_are() -> None:
    send = Button("Send", submit=True)
    told = r"'b' in form 'a' \(date\), form 'b' itself; 'why' in form 'a' \(input\), form 'b' \(select\)"
    with pytest.raises(ValidationError, match=told):
        Card(
            body=[
                Form(name="a", body=[Input(name="why"), DatePicker(name="b"), send]),
                Form(name="b", body=[Select(name="why", options=["x"]), send]),
            ]
        )
