"""A message and what it knows of itself."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pydantic import ValidationError

from imbridge.protocol import (
    Channel,
    ChannelKind,
    Conversation,
    Element,
    Emoji,
    File,
    Forward,
    Image,
    Link,
    Location,
    Media,
    Mention,
    MentionAll,
    Message,
    Quote,
    Receipt,
    Sender,
    Sticker,
    Text,
    UnboundError,
    Unknown,
    UnknownEvent,
    Video,
)
from imbridge.protocol.message import utc

CHANNEL = Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id="oc_1", thread="omt_1")
NOW = datetime(2025, 1, 1, tzinfo=UTC)


def said(*elements: Element, **fields: Any) -> Message:
    return Message(id="om_1", channel=CHANNEL, sender=Sender(id="ou_1"), elements=elements, timestamp=NOW, **fields)


def test_mentions() -> None:
    me, ann = Mention(id="1", is_self=True), Mention(id="2", name="Ann")
    message = said(Text("a"), ann, Text("b"), me)
    assert message.mentions == (ann, me)
    assert message.mentions_me
    assert not message.mentions_all
    assert not said(ann).mentions_me
    everybody = said(MentionAll())
    assert everybody.mentions_all
    assert not everybody.mentions_me
    assert everybody.mentions == ()


def test_media_and_thread() -> None:
    picture, report = Image(key="k"), File(key="f", name="r.pdf")
    message = said(Text("see"), picture, Link(url="u"), report)
    assert message.media == (picture, report)
    assert message.thread == "omt_1"
    assert said().media == ()


Use = Callable[[Message], Awaitable[Any]]


@pytest.mark.parametrize(
    "use",
    [
        lambda m: m.reply("x"),
        lambda m: m.react("OK"),
        lambda m: m.unreact("OK"),
        lambda m: m.ask("?"),
        lambda m: m.edit(cast("Receipt", None), "x"),
        lambda m: m.recall(cast("Receipt", None)),
    ],
    ids=["reply", "react", "unreact", "ask", "edit", "recall"],
)
async def test_an_unbound_message_has_no_way_back(use: Use) -> None:
    with pytest.raises(UnboundError, match="message om_1 did not come from a running bridge"):
        await use(said())


def test_an_unbound_message_has_no_session_and_no_stream() -> None:
    with pytest.raises(UnboundError, match="om_1"):
        _ = said().session
    with pytest.raises(UnboundError, match="om_1"):
        said().stream()


class Bridge:
    """Stands for the runtime: keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.session: dict[str, Any] = {}

    async def reply(self, content: Any, *, in_thread: bool | None, quote: bool | None, strict: bool | None) -> str:
        self.asked.append(("reply", content, in_thread, quote, strict))
        return "receipt"

    async def ask(self, question: Any, *, timeout: float) -> str:
        self.asked.append(("ask", question, timeout))
        return "answer"


async def test_a_bound_message_asks_its_conversation() -> None:
    bridge = Bridge()
    message = said(Text("hi")).bind(cast("Conversation", bridge))
    assert await message.reply("x", quote=True) == "receipt"
    assert await message.ask("city?", timeout=6) == "answer"
    assert bridge.asked == [("reply", "x", None, True, None), ("ask", "city?", 6)]
    assert message.session is bridge.session


async def test_media_are_read_through_the_message_that_brought_them() -> None:
    async def fetch(media: Media) -> bytes:
        return media.key.encode()

    picture = Image(key="k")
    with pytest.raises(UnboundError, match="this Image has no data and did not come from a running bridge"):
        await picture.read()
    message = said(picture).bind(cast("Conversation", Bridge()), fetch)
    assert await message.media[0].read() == b"k"
    assert await File(data=b"mine").read() == b"mine"


async def _nothing(media: Media) -> bytes:
    return b""


def test_equality_ignores_how_things_are_bound() -> None:
    bound = said(Image(key="k")).bind(cast("Conversation", Bridge()), _nothing)
    assert bound == said(Image(key="k"))
    assert hash(bound) == hash(said(Image(key="k")))
    assert bound != said(Image(key="other"))
    assert bound != "om_1"
    picture = Image(key="k")
    picture.bind(_nothing)
    assert picture == Image(key="k")
    assert hash(picture) == hash(Image(key="k"))
    assert picture != Sticker(key="k")


def test_equality_ignores_what_was_computed_in_between() -> None:
    message, other = said(), said()
    assert message.channel.address
    assert message == other.model_copy(update={"channel": CHANNEL.model_copy()})


def test_a_bound_message_is_stored_without_its_bridge() -> None:
    bound = said(Image(key="k")).bind(cast("Conversation", Bridge()), _nothing)
    assert Message.model_validate_json(bound.model_dump_json()) == said(Image(key="k"))


def test_payloads_and_bytes_stay_out_of_the_repr() -> None:
    secret = "s3cret"
    event = UnknownEvent(id="e", platform="p", account="a", timestamp=NOW, payload={"token": secret})
    unknown = Unknown(kind="vote", payload={"token": secret})
    message = said(Image(data=secret.encode()), unknown, payload={"token": secret})
    for shown in (message, event, unknown, File(data=secret.encode())):
        assert secret not in repr(shown)
        assert secret not in str(shown)


def test_a_wrong_input_is_not_quoted_in_the_error() -> None:
    with pytest.raises(ValidationError) as caught:
        Sender.model_validate({"id": {"token": "s3cret"}})
    assert "s3cret" not in str(caught.value)


def test_times_must_know_their_zone() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Message(id="1", channel=CHANNEL, sender=Sender(id="1"), timestamp=datetime(2025, 1, 1))  # noqa: DTZ001 - the point


def test_utc() -> None:
    assert utc(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert utc(1735689600123) == datetime(2025, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize("wrong", [1e30, -1e30, 1e15, -1e18, float("nan"), float("inf")])
def test_utc_says_what_is_no_time(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a time in milliseconds: "):
        utc(wrong)


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (Mention(id="1", name="Ann"), "@Ann"),
        (Mention(id="1"), "@1"),
        (MentionAll(), "@all"),
        (Emoji(code="SMILE"), "[SMILE]"),
        (Emoji(code="😀"), "😀"),
        (Link(url="u", title="t"), "t (u)"),
        (Link(url="u", title="u"), "u"),
        (Link(url="u"), "u"),
        (Image(alt="cat"), "[image: cat]"),
        (Video(name="v"), "[video: v]"),
        (Location(latitude=1.5, longitude=2), "[location: 1.5, 2.0]"),
        (Quote(message_id="m", text="a\nb"), "> a\n> b"),
        (Quote(message_id="m"), ""),
        (Forward(title="t"), "[forwarded: t]"),
        (Forward(), "[forwarded messages]"),
        (Unknown(), "[unknown]"),
        (Element(), ""),
    ],
)
def test_as_text(element: Element, text: str) -> None:
    assert element.as_text() == text


async def test_where_media_come_from() -> None:
    by_address = File.from_url("https://x.example/a.pdf", name="a.pdf")
    assert by_address == File(url="https://x.example/a.pdf", name="a.pdf")
    assert by_address.has_content
    assert not by_address.is_at_hand
    assert File.model_validate_json(by_address.model_dump_json()) == by_address

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"

    streamed = Image.from_stream(pieces(), alt="a cat")
    assert streamed.has_content
    assert not streamed.is_at_hand
    assert streamed.stream is not None
    assert [piece async for piece in streamed.stream] == [b"a"]
    assert streamed == Image(alt="a cat")
    assert Image(data=b"a").stream is None
