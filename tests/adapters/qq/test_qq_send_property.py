"""Whatever is said: plans lose nothing, nothing typed calls anybody, and refused addresses are none any more."""

import re
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.qq.outbound import measure
from imbridge.adapters.qq.sent.addresses import Addresses
from imbridge.adapters.qq.sent.mentions import literal, unread_markdown
from imbridge.adapters.qq.sent.planning import planned
from imbridge.emulators.qq.content import BARE, URL
from imbridge.emulators.qq.writing import unescape
from imbridge.protocol import Element, File, Image, Markdown, Mention, Text
from imbridge.rendering import Part, PartKind

WORDS = st.text("abc*_<&\n ", max_size=12).map(lambda text: f"w{text}w")
PICTURE = Image(data=b"\x89PNG\r\n\x1a\n")
PARTS = st.one_of(
    WORDS.map(lambda said: Part(PartKind.TEXT, (Text(said),))),
    WORDS.map(lambda said: Part(PartKind.TEXT, (Text(said), Mention(id="A", name="Bob")))),
    WORDS.map(lambda said: Part(PartKind.MARKDOWN, (Markdown(said),))),
    st.just(Part(PartKind.MEDIA, (PICTURE,))),
)
TYPED = st.lists(
    st.sampled_from([*'<>@#!&;/ab1 ="\n', "qqbot-at-user", "emoji:4", "&lt;", "everyone", "faceType="])
).map("".join)
TAG = re.compile(r"<(@|#|qqbot-|emoji:|faceType=)", re.IGNORECASE)
HOSTS = st.sampled_from(
    ["https://bad.com/a", "bad.cn", "http://a.b.io?x=1", "[x](https://bad.com)", "no.thing", "a", "(", ")"]
)


def letters(parts: Iterable[Part]) -> str:
    """What is said, without marks and gaps: joining may escape and set off."""
    return re.sub(r"[\s\\*_-]", "", "".join(_said(element) for part in parts for element in part.elements))


def _said(element: Element) -> str:
    return element.data.decode() if isinstance(element, File) and element.data else element.as_text()


@given(st.lists(PARTS, max_size=12), st.integers(0, 6), st.booleans(), st.integers(20, 200))
def test_plans_lose_nothing(parts: list[Part], left: int, markdown: bool, limit: int) -> None:
    made = planned(parts, left, limit=limit, measure=measure, markdown=markdown, files=True)
    assert letters(made.parts) == letters(parts)
    assert len(made.parts) <= len(parts)
    assert (made.parts == tuple(parts)) == (not made.degradations)
    if len(parts) <= left:
        assert made.parts == tuple(parts)
    texts = [part for part in parts if part.kind is not PartKind.MEDIA]
    if len(texts) == len(parts):
        assert len(made.parts) <= max(left, 1)


@given(TYPED)
def test_nothing_typed_is_a_tag(typed: str) -> None:
    for way in ("c2c", "group", "guild", "dms"):
        sent = literal(typed, way)
        assert not TAG.search(sent)
        if way in ("guild", "dms"):
            assert "@everyone" not in sent
            assert unescape(sent).replace("\u200b", "") == typed
        else:
            assert not TAG.search(unescape(sent))
            assert sent.replace("\u200b", "") == typed
        assert not TAG.search(unread_markdown(typed, way))


@given(st.lists(HOSTS, max_size=6).map(" ".join))
def test_refused_addresses_are_none_any_more(said: str) -> None:
    for body in ({"content": said}, {"markdown": {"content": said}}):
        written, changed = Addresses(MemoryNotes()).written(body, 1)
        text = str(written.get("content") or written.get("markdown"))
        assert not URL.search(text)
        assert not BARE.search(text)
        assert bool(changed) == bool(URL.search(said) or BARE.search(said))
