"""Elements side by side as one Markdown text: what joins, what is literal, and which dialect is taken."""

import re
from dataclasses import replace

import pytest

from imbridge.protocol import (
    Capabilities,
    Card,
    Element,
    Emoji,
    File,
    Image,
    Link,
    Loss,
    Markdown,
    Mention,
    MentionAll,
    Text,
    to_reply,
)
from imbridge.rendering import Dialect, Part, PartKind, Rendered, message_in, render
from imbridge.rendering.markdown import EVERYTHING, FEATURES, Document, parse, plain
from imbridge.rendering.message import written

CALLING = Dialect(
    "calling",
    frozenset(FEATURES) - {"table"},
    mention=lambda identity, name: f"<@{identity}>" if identity.isalnum() else "",
    mention_all=lambda: "<@all>",
)
POST = replace(CALLING, name="post", beside=True)
TABLES = Dialect("tables", frozenset(FEATURES) - {"color"})
SHOWS = Capabilities(
    sends=frozenset({"text", "markdown", "card", "file"}), text_bytes=2000, markdown_bytes=2000, mention=True
)
ANN = Mention(id="ann", name="Ann")


def shown(content: object, *dialects: Dialect, capabilities: Capabilities = SHOWS) -> Rendered:
    return render(to_reply(content), capabilities, dialects=dialects or (CALLING,))


def texts(rendered: Rendered) -> list[str]:
    return [part.text for part in rendered.parts]


def test_what_stands_beside_markdown_joins_it() -> None:
    content = ["Hello ", ANN, ",\nsee ", Link(url="https://a.example", title="this"), Markdown("# b\n**c**"), "end"]
    rendered = shown(content)
    (part,) = rendered.parts
    assert part.kind is PartKind.MARKDOWN
    assert part.text == "Hello <@ann>,\nsee [this](https://a.example)\n\n# b\n**c**\n\nend"
    assert part.dialect == "calling"
    assert rendered.degradations == ()


def test_the_elements_of_a_part_are_what_was_meant() -> None:
    (part,) = shown(["Hello ", ANN, Markdown("# b"), Markdown("c"), "end"]).parts
    assert part.elements == (
        Text("Hello "), ANN, Text("\n\n"), Markdown("# b"), Text("\n\n"), Markdown("c"), Text("\n\nend"),
    )  # fmt: skip


def test_line_breaks_that_are_there_are_not_doubled() -> None:
    assert texts(shown(["a\n", Markdown("b\n"), "\nc\n\n", Markdown("\n\nd")])) == ["a\n\nb\n\nc\n\nd"]


@pytest.mark.parametrize(
    ("elements", "kinds"),
    [
        (["a", Markdown("b"), Card(title="c"), Markdown("d"), "e"], ["markdown", "card", "markdown"]),
        ([Markdown("a"), File(key="k"), "b"], ["markdown", "media", "text"]),
        (["a", Card(title="c"), ANN, Markdown("b")], ["text", "card", "markdown"]),
        (["a", ANN], ["text"]),
    ],
)
def test_only_what_is_a_message_by_itself_ends_a_part(elements: list[object], kinds: list[str]) -> None:
    assert [part.kind for part in shown(elements).parts] == kinds


def test_rich_text_shows_the_other_elements_beside_markdown() -> None:
    rich = SHOWS.model_copy(update={"sends": SHOWS.sends | {"rich", "image"}})
    elements = ["a", ANN, Image(key="k"), Markdown("# b"), "c"]
    (part,) = shown(elements, POST, capabilities=rich).parts
    assert part.kind is PartKind.RICH
    assert [type(element) for element in part.elements] == [Text, Mention, Image, Text, Markdown, Text]
    (alone,) = shown([Markdown("# a"), Markdown("b")], POST, capabilities=rich).parts
    assert (alone.kind, alone.text) == (PartKind.MARKDOWN, "# a\n\nb")


def test_what_rich_text_shows_otherwise_of_its_markdown_is_told() -> None:
    rich = SHOWS.model_copy(update={"sends": SHOWS.sends | {"rich"}})
    rendered = shown(["a", TABLE], POST, capabilities=rich)
    assert [part.kind for part in rendered.parts] == [PartKind.RICH]
    assert [degradation.what for degradation in rendered.degradations] == ["table"]


def test_another_dialect_is_taken_where_rich_text_shows_less() -> None:
    rich = SHOWS.model_copy(update={"sends": SHOWS.sends | {"rich", "image"}})
    card = replace(TABLES, name="card", mention=CALLING.mention)
    assert [part.dialect for part in shown(["a", ANN, TABLE], POST, card, capabilities=rich).parts] == ["card"]
    pictured = shown(["a", Image(key="k"), TABLE], POST, card, capabilities=rich)  # a picture is worth a table
    assert [part.kind for part in pictured.parts] == [PartKind.RICH]


PICTURES = replace(CALLING, name="pictures", embeds=True)
SENDS_PICTURES = SHOWS.model_copy(update={"sends": SHOWS.sends | {"image"}})
ADDRESS = Image(key="https://a.example/i.png", alt="a [cat]")


def test_a_picture_by_its_address_joins_markdown_that_shows_it() -> None:
    rendered = shown(["a", ADDRESS, Markdown("# b")], PICTURES, capabilities=SENDS_PICTURES)
    assert texts(rendered) == ["a![a [cat]](https://a.example/i.png)\n\n# b"]
    assert rendered.degradations == ()


@pytest.mark.parametrize("picture", [Image(key="img_1"), Image(data=b"x")])
def test_another_picture_is_a_message_of_its_own(picture: Image) -> None:
    rendered = shown(["a", picture, Markdown("# b")], PICTURES, capabilities=SENDS_PICTURES)
    assert [part.kind for part in rendered.parts] == ["text", "media", "markdown"]


def test_a_picture_that_no_markdown_shows_is_not_lost_in_it() -> None:
    rich = SHOWS.model_copy(update={"sends": SHOWS.sends | {"rich", "image"}})
    rendered = shown(["a", Image(key="k"), Markdown("# b")], CALLING, capabilities=rich)
    assert [part.kind for part in rendered.parts] == ["text", "media", "markdown"]
    assert rendered.degradations == ()


def test_a_picture_without_markdown_is_a_message_of_its_own() -> None:
    rendered = shown(["a", ADDRESS, "b", ADDRESS], PICTURES, capabilities=SENDS_PICTURES)
    assert [part.kind for part in rendered.parts] == ["text", "media", "text", "media"]


def test_a_picture_that_the_best_way_for_the_rest_has_no_place_for_is_not_lost() -> None:
    rich = SHOWS.model_copy(update={"sends": SHOWS.sends | {"rich", "image"}})
    few, most = replace(POST, shows=frozenset({"bold"})), replace(TABLES, images=re.compile("@"), embeds=True)
    report = Markdown("# h\n\n`c`\n\n| a |\n|---|\n| b |")
    said = [report, Image(data=b"x"), " seen", Image(key="@k"), Markdown("**c**")]
    rendered = shown(said, few, most, capabilities=rich)
    assert [part.kind for part in rendered.parts] == ["markdown", "media", "rich"]
    assert rendered.parts[1].elements == (Image(data=b"x"),)
    assert rendered.degradations == ()


@pytest.mark.parametrize(
    "typed",
    ["# no title", "- no item", "1. no number", "> no quote", "**not bold**", "`no code`", "[no](https://link.example)",
     "| no | table |\n|---|---|\n| a | b |", "    no code", "```\nno code\n```", "<@ann>", "<at id=all></at>", "a\n---",
     "\\*", "&lt;b&gt;", "![no](https://picture.example)", "<font color=\"red\">a</font>", "a *b* _c_ ~~d~~",
     "https://a.example/_b_*c", "\ufdd0"],
)  # fmt: skip
def test_a_text_beside_markdown_is_literal(typed: str) -> None:
    (part,) = shown([typed, Markdown("**x**")]).parts
    read = plain(parse(part.text)).replace("\u200b", "").replace("\u00a0", " ").split("\n\nx")[0]
    assert read == typed.replace("\ufdd0", "\ufffd")
    assert "<@ann>" not in part.text


@pytest.mark.parametrize("name", ["A*n*n", "<@bob>", "[a](https://b.example)", "a\n# b", "`"])
def test_a_name_or_a_title_is_literal(name: str) -> None:
    (part,) = shown([Mention(id="-", name=name), " ", Link(url="https://a.example", title=name), Markdown("x")]).parts
    line = " ".join(name.split())
    read = plain(parse(part.text)).replace("\u200b", "")
    assert read == f"@{line} {line} (https://a.example)\n\nx"
    assert "<@bob>" not in part.text


def test_who_cannot_be_called_is_named_and_told_of() -> None:
    rendered = shown([Mention(id="-", name="Ann"), MentionAll(), Markdown("x")], TABLES)
    assert texts(rendered) == ["@Ann@all\n\nx"]
    assert [(loss.what, loss.loss) for loss in rendered.degradations] == [
        ("mention", Loss.AS_TEXT), ("mention_all", Loss.AS_TEXT),
    ]  # fmt: skip


TABLE = Markdown("| a | b |\n|---|---|\n| 1 | 2 |")


@pytest.mark.parametrize(
    ("elements", "name", "lost"),
    [
        ([Markdown("**a**")], "calling", []),
        ([TABLE], "tables", []),
        ([ANN, TABLE], "calling", ["table"]),
        ([MentionAll(), TABLE], "calling", ["table"]),
    ],
)
def test_the_dialect_that_loses_least_is_taken_and_nobody_is_missed(
    elements: list[Element], name: str, lost: list[str]
) -> None:
    rendered = shown(elements, CALLING, TABLES)
    assert [part.dialect for part in rendered.parts] == [name]
    assert [degradation.what for degradation in rendered.degradations] == lost


def test_nobody_is_missed_for_the_sake_of_several_other_things() -> None:
    rich = SHOWS.model_copy(update={"sends": SHOWS.sends | {"rich"}})
    poor = replace(CALLING, name="poor", shows=CALLING.shows - {"image", "italics"})
    elements = [ANN, Markdown("*a* ![b](https://a.example/i.png)"), TABLE]
    for capabilities in (SHOWS, rich):
        (part,) = shown(elements, poor, TABLES, capabilities=capabilities).parts
        assert (part.dialect, part.told) == ("poor", {"italics", "image", "table"})
    assert written(elements, poor, TABLES).dialect == "poor"


def test_an_address_in_a_text_stays_one_to_click_on() -> None:
    (part,) = shown(["see https://a.example/_b_?c=*d*&e=f#g. And (https://a.example/x_y)", Markdown("x")]).parts
    assert part.text.startswith("see https://a.example/_b_?c=*d*&e=f#g. And (https://a.example/x_y)")


def test_nothing_is_sent_for_a_stretch_of_which_nothing_is_seen() -> None:
    small = SHOWS.model_copy(update={"markdown_bytes": 16})
    rendered = shown(["a", Markdown("word word word"), "\n" * 40, Markdown("b")], capabilities=small)
    assert all(text.strip() for text in texts(rendered))
    assert texts(rendered)[-1] == "b"
    assert [loss.how for loss in rendered.degradations] == [f"split into {len(rendered.parts)}"]


def test_the_parts_of_a_long_message_have_one_dialect_and_their_losses_are_told_once() -> None:
    rendered = shown([ANN, Markdown("\n\n".join([f"{'word ' * 40}", TABLE.text] * 10))], CALLING, TABLES)
    assert len(rendered.parts) > 1
    assert {part.dialect for part in rendered.parts} == {"calling"}
    assert all(len(part.text.encode()) <= SHOWS.markdown_bytes for part in rendered.parts)
    assert [degradation.what for degradation in rendered.degradations] == ["length", "table"]
    assert "".join(texts(rendered)).count("<@ann>") == 1


def test_markdown_that_shows_nothing_is_left_out_and_told() -> None:
    rendered = shown([Markdown("<br>")])
    assert rendered.parts == ()
    assert [(loss.what, loss.loss) for loss in rendered.degradations] == [("markdown", Loss.DROPPED)]


def test_a_part_is_written_once_for_each_dialect() -> None:
    (part,) = shown([ANN, Markdown("**a**")]).parts
    assert message_in(part, CALLING).text is part.text
    assert message_in(part, EVERYTHING).text == "@Ann\n\n**a**"
    assert message_in(Part(PartKind.MARKDOWN, (Markdown("*a*"),)), CALLING).text == "*a*"


def test_what_was_told_is_not_told_again_when_a_part_is_written_anew() -> None:
    (part,) = shown([ANN, TABLE]).parts
    assert part.told == {"table"}
    lists = replace(TABLES, shows=TABLES.shows - {"table"})
    assert message_in(part, lists).changed.keys() == {"mention"}
    assert message_in(Part(part.kind, part.elements), lists).changed.keys() == {"mention", "table"}


def test_emoji_by_a_code_of_the_platform_are_text_in_markdown() -> None:
    able = SHOWS.model_copy(update={"sends": SHOWS.sends | {"emoji"}})
    rendered = shown([Emoji(code="SMILE"), Emoji(code="😀"), Markdown("x")], capabilities=able)
    assert texts(rendered) == ["[SMILE]😀\n\nx"]
    assert [degradation.what for degradation in rendered.degradations] == ["emoji"]


def test_without_a_dialect_markdown_is_a_part_of_its_own() -> None:
    rendered = render(to_reply(["a", Markdown("**b**"), "c"]), SHOWS)
    assert [(part.kind, part.text) for part in rendered.parts] == [("text", ""), ("markdown", ""), ("text", "")]
    assert rendered.degradations == ()


def test_writing_the_same_elements_again_changes_nothing() -> None:
    once = written([Text("a *b*\n  c"), Markdown("- d\n  - e")], EVERYTHING)
    again = written([Markdown(once.text)], EVERYTHING)
    assert again.text == once.text


def test_a_text_is_read_once_for_all_dialects() -> None:
    read: list[str] = []

    def reading(text: str) -> Document:
        read.append(text)
        return parse(text)

    table = Markdown("| a |\n|---|\n| b |")
    assert written([table, ANN, Markdown("**c**")], POST, TABLES, read=reading).dialect
    assert read == [table.text, "**c**"]
