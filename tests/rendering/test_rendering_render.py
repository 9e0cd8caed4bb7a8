"""Which parts a reply becomes, and what is said about what had to change."""

import json

import pytest

from imbridge.protocol import (
    Audio,
    Capabilities,
    Card,
    Contact,
    Element,
    Emoji,
    File,
    Forward,
    Image,
    Link,
    Location,
    Markdown,
    Mention,
    MentionAll,
    Note,
    Quote,
    Reply,
    Sticker,
    Text,
    Unknown,
    Video,
    to_reply,
)
from imbridge.rendering import Part, PartKind, Rendered, beginning, render, rest_after

EVERYTHING = Capabilities(
    sends=frozenset({"text", "rich", "markdown", "card", "emoji", "image", "file", "audio", "video", "sticker"}),
    text_bytes=150_000,
    markdown_bytes=30_000,
    image_bytes=10_000,
    file_bytes=30_000,
    mention=True,
)
TEXT_ONLY = Capabilities(sends=frozenset({"text"}), text_bytes=2048)
ANN = Mention(id="ou_1", name="Ann")


def shown(rendered: Rendered) -> list[tuple[str, str]]:
    return [(part.kind.value, "".join(element.as_text() for element in part.elements)) for part in rendered.parts]


def changed(rendered: Rendered) -> list[str]:
    return [degradation.what for degradation in rendered.degradations]


@pytest.mark.parametrize("nothing", [None, "", [], [""], Text(""), Markdown(""), [Text(""), Markdown("")], Reply()])
@pytest.mark.parametrize("capabilities", [EVERYTHING, TEXT_ONLY])
def test_nothing_to_say_makes_no_parts(nothing: object, capabilities: Capabilities) -> None:
    assert render(to_reply(nothing), capabilities) == Rendered(())


def test_one_short_text_is_passed_on_untouched() -> None:
    reply = to_reply("你好")
    assert render(reply, TEXT_ONLY) == Rendered((Part(PartKind.TEXT, reply.elements),))


def test_what_is_side_by_side_is_joined_as_typed() -> None:
    rendered = render(to_reply(["Hello ", "dear ", ANN, "!"]), EVERYTHING)
    assert rendered == Rendered((Part(PartKind.TEXT, (Text("Hello dear "), ANN, Text("!"))),))


def test_a_titled_link_makes_the_run_rich() -> None:
    link = Link(url="https://a.example", title="docs")
    rendered = render(to_reply(["see ", link, " or ask ", ANN]), EVERYTHING)
    assert rendered == Rendered((Part(PartKind.RICH, (Text("see "), link, Text(" or ask "), ANN)),))


def test_a_link_without_rich_text_is_written_out() -> None:
    rendered = render(to_reply(["see ", Link(url="https://a.example", title="docs"), "."]), TEXT_ONLY)
    assert shown(rendered) == [("text", "see docs (https://a.example).")]
    assert changed(rendered) == ["link"]


@pytest.mark.parametrize("capabilities", [EVERYTHING, TEXT_ONLY])
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (["看", Link(url="https://a.example/x"), "吧"], "看 https://a.example/x 吧"),
        (["see ", Link(url="https://a.example/x"), " now"], "see https://a.example/x now"),
        ([Link(url="https://a.example/x", title="https://a.example/x")], "https://a.example/x"),
    ],
)
def test_a_bare_link_stays_apart_from_its_neighbours(
    content: list[object], text: str, capabilities: Capabilities
) -> None:
    assert render(to_reply(content), capabilities) == Rendered((Part(PartKind.TEXT, (Text(text),)),))


def test_a_picture_among_text_is_one_rich_message() -> None:
    picture = Image(key="img_1")
    rendered = render(to_reply(["before", picture, "after"]), EVERYTHING)
    assert rendered == Rendered((Part(PartKind.RICH, (Text("before"), picture, Text("after"))),))


def test_a_picture_among_text_without_rich_text_is_three_messages_in_order() -> None:
    picture = Image(key="img_1")
    plain = EVERYTHING.model_copy(update={"sends": frozenset({"text", "image"})})
    rendered = render(to_reply(["before", picture, "after"]), plain)
    assert shown(rendered) == [("text", "before"), ("media", "[image]"), ("text", "after")]
    assert not rendered.degradations


@pytest.mark.parametrize("media", [Image(key="k"), File(key="k"), Audio(key="k"), Video(key="k"), Sticker(key="k")])
def test_lone_media_are_messages_of_their_own(media: Element) -> None:
    assert render(to_reply(media), EVERYTHING) == Rendered((Part(PartKind.MEDIA, (media,)),))


def test_white_space_between_messages_is_left_out_and_said() -> None:
    pictures = [Image(key="1"), "\n", Image(key="2")]
    rendered = render(to_reply(pictures), EVERYTHING)
    assert shown(rendered) == [("media", "[image]"), ("media", "[image]")]
    assert changed(rendered) == ["text"]


def test_white_space_alone_is_sent() -> None:
    assert shown(render(to_reply(" \n "), TEXT_ONLY)) == [("text", " \n ")]


def test_markdown_is_a_message_of_its_own() -> None:
    rendered = render(to_reply(["intro", Markdown("**a**"), Markdown("# b"), "end"]), EVERYTHING)
    assert shown(rendered) == [("text", "intro"), ("markdown", "**a**"), ("markdown", "# b"), ("text", "end")]
    assert not rendered.degradations


def test_markdown_without_markdown_is_a_block_of_plain_text() -> None:
    rendered = render(to_reply(["intro", Markdown("# A\n**b**"), "end"]), TEXT_ONLY)
    assert shown(rendered) == [("text", "intro\nA\nb\nend")]
    assert changed(rendered) == ["markdown"]


def test_markdown_without_markup_loses_nothing_as_text() -> None:
    assert not render(to_reply(Markdown("just words")), TEXT_ONLY).degradations


def test_cards() -> None:
    card = Card(content={"elements": []}, text="Approve?")
    assert render(to_reply(card), EVERYTHING) == Rendered((Part(PartKind.CARD, (card,)),))
    rendered = render(to_reply(card), TEXT_ONLY)
    assert shown(rendered) == [("text", "Approve?")]
    assert changed(rendered) == ["card"]


@pytest.mark.parametrize("capabilities", [EVERYTHING, TEXT_ONLY])
@pytest.mark.parametrize(
    ("element", "text"),
    [
        (Location(latitude=1, longitude=2, name="Home"), "[location: Home]"),
        (Forward(text="Ann: hi"), "Ann: hi"),
        (Quote(message_id="m", text="a\nb"), "> a\n> b"),
        (Unknown(kind="vote"), "[vote]"),
    ],
)
def test_what_no_platform_takes_from_a_bot_is_text(element: Element, text: str, capabilities: Capabilities) -> None:
    rendered = render(to_reply(["x", element, "y"]), capabilities)
    assert shown(rendered) == [("text", f"x\n{text}\ny")]
    assert changed(rendered) == [element.type]  # type: ignore[attr-defined]


def test_what_has_no_text_is_not_dropped_in_silence() -> None:
    rendered = render(to_reply(Quote(message_id="m")), EVERYTHING)
    assert rendered.parts == ()
    assert [(d.what, d.how) for d in rendered.degradations] == [("quote", "left out: it says nothing as text")]


def test_an_element_class_of_somebody_else_is_shown_as_text() -> None:
    class Poll(Element):
        type: str = "poll"

        def as_text(self) -> str:
            return "[poll]"

    rendered = render(Reply.model_construct(elements=(Poll(),)), EVERYTHING)
    assert shown(rendered) == [("text", "[poll]")]
    assert changed(rendered) == ["poll"]


@pytest.mark.parametrize("element", [ANN, MentionAll()])
def test_mentions(element: Element) -> None:
    assert render(to_reply(element), EVERYTHING) == Rendered((Part(PartKind.TEXT, (element,)),))
    rendered = render(to_reply([element, " hi"]), TEXT_ONLY)
    assert rendered.parts == (Part(PartKind.TEXT, (Text(f"{element.as_text()} hi"),)),)
    assert [d.how for d in rendered.degradations] == [f"text: {element.as_text()}"]


def test_emoji() -> None:
    assert render(to_reply(Emoji(code="SMILE")), EVERYTHING).parts[0].elements == (Emoji(code="SMILE"),)
    rendered = render(to_reply(Emoji(code="SMILE")), TEXT_ONLY)
    assert shown(rendered) == [("text", "[SMILE]")]
    assert changed(rendered) == ["emoji"]
    assert render(to_reply(Emoji(code="😀")), TEXT_ONLY) == Rendered((Part(PartKind.TEXT, (Text("😀"),)),))


def test_lone_surrogates_are_replaced_and_said() -> None:
    rendered = render(to_reply(json.loads(r'"a\ud800b"')), TEXT_ONLY)
    assert shown(rendered) == [("text", "a\ufffdb")]
    assert [(d.what, d.how) for d in rendered.degradations] == [("text", "U+FFFD in place of lone surrogates")]


def test_the_halves_of_a_pair_are_joined() -> None:
    assert render(to_reply("\ud83d\ude00"), TEXT_ONLY) == Rendered((Part(PartKind.TEXT, (Text("😀"),)),))


@pytest.mark.parametrize(
    "element",
    [
        Markdown.model_construct(text="\ud800"),
        Mention.model_construct(id="1", name="\ud800"),
        Link.model_construct(url="https://a.example", title="\ud800"),
        Card.model_construct(content={"a": [{"b\ud800": "\ud800"}]}, text="\ud800"),
        File.model_construct(name="\ud800", data=b"1"),
        Forward.model_construct(text="\ud800", ids=("\ud800",)),
        Unknown.model_construct(kind="\ud800"),
    ],
)
@pytest.mark.parametrize("capabilities", [EVERYTHING, TEXT_ONLY])
def test_lone_surrogates_anywhere(element: Element, capabilities: Capabilities) -> None:
    rendered = render(Reply.model_construct(elements=(element,)), capabilities)
    for part in rendered.parts:
        for sent in part.elements:
            json.dumps(sent.model_dump(mode="json"), ensure_ascii=False).encode()
    assert "U+FFFD in place of lone surrogates" in [d.how for d in rendered.degradations]


def test_the_measure_of_the_adapter_decides() -> None:
    reply = to_reply("x" * 100)
    capabilities = Capabilities(text_bytes=200)
    assert len(render(reply, capabilities).parts) == 1
    assert len(render(reply, capabilities, measure=lambda part: 3 * len(part.elements[0].as_text())).parts) == 2


def test_a_contact_is_a_message_by_itself() -> None:
    contact = Contact(kind="chat", id="oc_1", name="Team")
    able = EVERYTHING.model_copy(update={"sends": EVERYTHING.sends | {"contact"}})
    rendered = render(to_reply(["join ", contact, "now"]), able)
    assert shown(rendered) == [("text", "join "), ("contact", "[chat: Team]"), ("text", "now")]
    assert rendered.parts[1] == Part(PartKind.CONTACT, (contact,))
    assert rendered.degradations == ()


def test_a_contact_that_cannot_be_shared_is_text() -> None:
    rendered = render(to_reply(["join", Contact(kind="chat", id="oc_1", name="Team")]), EVERYTHING)
    assert shown(rendered) == [("text", "join\n[chat: Team]")]
    assert changed(rendered) == ["contact"]


def test_a_mention_by_name_alone() -> None:
    rendered = render(to_reply(["hi ", Mention(name="Ann")]), EVERYTHING)
    assert rendered.parts == (Part(PartKind.TEXT, (Text("hi "), Mention(name="Ann"))),)
    assert shown(render(to_reply(Mention(name="Ann")), TEXT_ONLY)) == [("text", "@Ann")]


def test_a_degradation_is_one_line() -> None:
    (degradation,) = render(to_reply(Forward(text="Ann: hi\nBen: hello\n")), TEXT_ONLY).degradations
    assert degradation.how == "text: Ann: hi Ben: hello"


@pytest.mark.parametrize("kind", PartKind)
def test_what_stands_alone_is_not_cut(kind: PartKind) -> None:
    assert kind.alone == (kind in {PartKind.MEDIA, PartKind.CARD, PartKind.CONTACT})


@pytest.mark.parametrize("capabilities", [EVERYTHING, TEXT_ONLY])
def test_lone_surrogates_within_a_card_are_repaired(capabilities: Capabilities) -> None:
    rendered = render(to_reply(Card(title="a\ud800", body=["b\udc00", Note("c\ud800")])), capabilities)
    (part,) = rendered.parts
    text = part.elements[0].as_text()
    assert text.encode().decode() == text
    assert text.count("\ufffd") == 3
    assert "U+FFFD in place of lone surrogates" in [one.how for one in rendered.degradations]


def test_markdown_that_grows_where_there_is_none_is_made_plain_once() -> None:
    rest, shown = "**start** " + "word " * 30 + "`*literal*` and `__init__`", []
    capabilities = Capabilities(sends=frozenset({"text"}), text_bytes=100)
    while rest:
        part, rest = beginning(rest, capabilities, lambda part: len(part.elements[0].as_text().encode()), markdown=True)
        assert part.kind is PartKind.TEXT
        assert len(part.elements[0].as_text()) <= 100
        shown += part.elements[0].as_text().split()
    assert shown == ["start", *["word"] * 30, "*literal*", "and", "__init__"]


@pytest.mark.parametrize(
    ("shown", "rest", "expected"),
    [
        ("a **bold", " text** c", "**text** c"),
        ("a **bold text", "** c", " c"),
        ("a **bold text*", "* c", " c"),
        ("a **", "bold** c", "**bold** c"),
        ("a *", "*bold** c", "**bold** c"),
        ("**a *", "b* c**", "***b* c**"),
        ("**a ", "*b* c**", "***b* c**"),
        ("**a *b", "* c**", "**c**"),
        ("**bold**", "more", "more"),
        ("a `co", " de` b", "`de` b"),
        ("a `co de", "` b", " b"),
        ("~~a", "b~~", "~~b~~"),
        ("see [la", "bel](https://a.example) b", "[label](https://a.example) b"),
        ("see [label](htt", "ps://a.example) b", "[label](https://a.example) b"),
        ("2 * 3 ", "* 4", "* 4"),
        ("a *open", " b", " b"),
        ("a [b", " c", " c"),
        ("> **a", " b**\n> c", "> **b**\n> c"),
        ("```\n**a", " b**\n```", "```\n b**\n```"),
    ],
)
def test_what_is_said_after_a_message_that_takes_no_more_has_its_marks_again(
    shown: str, rest: str, expected: str
) -> None:
    measure = lambda part: len(part.elements[0].as_text().encode())  # noqa: E731
    capabilities = Capabilities(sends=frozenset({"markdown"}), markdown_bytes=1000)
    assert rest_after(shown + rest, shown, capabilities, measure, markdown=True) == expected
