"""Long texts in parts: within the limit, nothing lost, nothing broken, in linear work."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imbridge.protocol import (
    Capabilities,
    Element,
    Image,
    Link,
    Markdown,
    Mention,
    NotSupportedError,
    Text,
    to_reply,
)
from imbridge.rendering import Part, PartKind, Rendered, render
from imbridge.rendering.characters import is_boundary

EMOJI = ["👨\u200d👩\u200d👧", "e\u0301", "👍🏽", "🇨🇳", "❤\ufe0f", "\r\n", "क्षि", "각", "中", "a", " ", "。"]
SENDS = frozenset({"text", "rich", "markdown", "image"})


def limited(limit: int) -> Capabilities:
    return Capabilities(sends=SENDS, text_bytes=limit, markdown_bytes=limit, mention=True)


def texts(rendered: Rendered) -> list[str]:
    return ["".join(element.as_text() for element in part.elements) for part in rendered.parts]


def as_json(part: Part) -> int:
    """What a platform counts that takes JSON inside JSON, with everything escaped."""
    inner = json.dumps([element.model_dump(mode="json") for element in part.elements])
    return len(json.dumps({"content": inner}))


@settings(deadline=None)
@given(st.text(), st.integers(16, 80))
@example("a" * 200, 16)
@example("\n" * 100, 16)
@example("😀" * 100, 16)
@example("e" + "\u0301" * 100, 16)
@example("\u200d" * 100, 17)
@example("https://a.example/" + "x" * 100, 16)
def test_any_text_in_parts_that_fit(text: str, limit: int) -> None:
    rendered = render(to_reply(text), limited(limit))
    assert "".join(texts(rendered)) == text
    assert all(len(part.encode()) <= limit for part in texts(rendered))
    if len(rendered.parts) > 1:
        (degradation,) = rendered.degradations
        assert (degradation.what, degradation.how) == ("length", f"split into {len(rendered.parts)}")
        assert str(limit) in degradation.why
    else:
        assert not rendered.degradations


@settings(deadline=None)
@given(st.text(), st.integers(120, 300))
@example("\x00" * 100, 120)
@example("😀" * 100, 120)
@example('"\\' * 100, 120)
def test_the_form_that_is_sent_fits(text: str, limit: int) -> None:
    rendered = render(to_reply(text), limited(limit), measure=as_json)
    assert "".join(texts(rendered)) == text
    assert all(as_json(part) <= limit for part in rendered.parts)


@settings(deadline=None)
@given(st.lists(st.sampled_from(EMOJI)), st.integers(32, 80))
def test_no_character_a_person_sees_is_cut(clusters: list[str], limit: int) -> None:
    edges = {0}
    for cluster in clusters:
        edges.add(max(edges) + len(cluster))
    position = 0
    for part in texts(render(to_reply("".join(clusters)), limited(limit))):
        assert position in edges
        position += len(part)


ELEMENTS = st.one_of(
    st.text(max_size=60).map(Text),
    st.builds(Mention, id=st.text("abc1", min_size=1, max_size=8), name=st.text("安n ", max_size=6)),
    st.builds(
        Link, url=st.text("ab/", min_size=1, max_size=8).map("https://".__add__), title=st.text("链a", max_size=5)
    ),
    st.builds(Image, key=st.just("img"), alt=st.text("a中", max_size=5)),
)


@settings(deadline=None)
@given(st.lists(ELEMENTS, max_size=20), st.integers(64, 150))
def test_elements_stay_whole_and_in_order(elements: list[Element], limit: int) -> None:
    rendered = render(to_reply(elements), limited(limit))
    assert all(len(text.encode()) <= limit for text in texts(rendered))
    whole = [element for element in elements if isinstance(element, Mention | Image)]
    sent = [element for part in rendered.parts for element in part.elements]
    assert [element for element in sent if isinstance(element, Mention | Image)] == whole
    titled = [link for link in elements if isinstance(link, Link) and link.title not in ("", link.url)]
    assert [element for element in sent if isinstance(element, Link)] == titled
    said = "".join(element.as_text() for element in elements)
    assert _no_space("".join(texts(rendered))) == _no_space(said)
    for link in elements:
        if isinstance(link, Link) and link not in titled:
            assert any(link.url in text for text in texts(rendered))


def _no_space(text: str) -> str:
    return "".join(text.split())


def test_an_element_too_long_for_any_message_is_cut_as_text() -> None:
    mention = Mention(id="1", name="x" * 100)
    rendered = render(to_reply(["hi ", mention]), limited(32))
    assert "".join(texts(rendered)) == f"hi {mention.as_text()}"
    assert [(d.what, d.how) for d in rendered.degradations] == [("mention", "text"), ("length", "split into 5")]
    assert all(type(element) is Text for part in rendered.parts for element in part.elements)


def test_a_picture_too_long_for_a_rich_message_is_a_message_of_its_own() -> None:
    picture = Image(key="k", alt="x" * 100)
    rendered = render(to_reply(["before", picture, "after"]), limited(32))
    assert [part.kind for part in rendered.parts] == [PartKind.RICH, PartKind.MEDIA, PartKind.RICH]
    assert rendered.parts[1].elements == (picture,)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("aaa bbb\nccc ddd\n\neee. fff ggg hhh", "aaa bbb\nccc ddd\n\n"),
        ("aaa bbb ccc ddd\neee. fff ggg hhh", "aaa bbb ccc ddd\n"),
        ("aaa bbb ccc ddd. eee fff ggg hhh", "aaa bbb ccc ddd. "),
        ('aaa bbb ccc "ddd." eee fff ggg hhh', 'aaa bbb ccc "ddd." '),
        ("aaa bbb ccc 1.5 eee fff ggg hhh", "aaa bbb ccc 1.5 eee fff "),
        ("一二三四五。六七八九十", "一二三四五。"),
        ("一二三四五！”六七八九十", "一二三四五！”"),
        ("一二三四五，六七八九十", "一二三四五，"),
        ("aaaaaaaaaaaaaa bbbbbbbbbbbbbb", "aaaaaaaaaaaaaa "),
        ("aaaaaaaaaaaaaaaaaaaaaaaa bbb", "aaaaaaaaaaaaaaaaaaaaaaaa"),
        ("see the page https://a.example/b", "see the page "),
        ("please ask <at user_id='1'>A B</at>", "please ask "),
        ("a\n\nbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "a\n\nbbbbbbbbbbbbbbbbbbbbb"),
    ],
)
def test_where_it_is_cut(text: str, first: str) -> None:
    assert texts(render(to_reply(text), limited(24)))[0] == first


class Counter:
    """A measure that counts what it is asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.bytes = 0

    def __call__(self, part: Part) -> int:
        size = as_json(part)
        self.calls += 1
        self.bytes += size
        return size


@pytest.mark.parametrize(
    "piece",
    ["a", "word ", "\n", "。", "中文，", "e\u0301", "\u0301", "🇨🇳", "\u200d", "[", "](", "[a](b) ", "`", "```\nx\n",
     "```\n", "| a ", "|-", "a|b\n-|-\n", "- ", "**", "https://", "<", "<at ", "@", "\t", "!", "....", "\x00"],
)  # fmt: skip
@pytest.mark.parametrize("element", [Text, Markdown])
def test_work_grows_with_the_length(element: type[Text] | type[Markdown], piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    measure = Counter()
    rendered = render(to_reply(element(text)), limited(8_000), measure=measure)
    total = sum(as_json(part) for part in rendered.parts)
    assert measure.calls <= 8 * len(rendered.parts) + 8
    assert measure.bytes <= 12 * total
    assert all(as_json(part) <= 8_000 for part in rendered.parts)


def test_a_megabyte() -> None:
    text = "一句话。A sentence. " * 45_000
    measure = Counter()
    rendered = render(to_reply(text), limited(20_000), measure=measure)
    assert "".join(texts(rendered)) == text
    assert measure.calls <= 4 * len(rendered.parts)
    assert len(rendered.parts) <= 2 * measure.bytes // 20_000


def test_a_limit_with_room_for_nothing_is_an_error() -> None:
    with pytest.raises(NotSupportedError, match="10 bytes"):
        render(to_reply("abc"), limited(10), measure=lambda part: 11)


def test_combining_marks_after_a_space_stay_with_it() -> None:
    text = ("word \u0301" * 20)[:100]
    cut = texts(render(to_reply(text), limited(30)))
    position = 0
    for part in cut:
        assert is_boundary(text, position)
        position += len(part)
