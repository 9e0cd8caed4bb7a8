"""What people typed is literal on every platform and mode, wherever it stands: it calls nobody and is no tag."""

from collections.abc import Callable

import pytest
from modes import MODES, Mode
from wire_forms import called, tags, titled_links

from imbridge.protocol import (
    Card,
    Contact,
    Element,
    Fields,
    Forward,
    Link,
    Location,
    Markdown,
    Mention,
    MentionAll,
    Notice,
    Quote,
    Reply,
    Table,
    Text,
)
from imbridge.rendering import render

TAGS = (
    "<@alice>", "<@all>", "<at id=all></at>", '<at user_id="all"></at>', "<at user_id='ou_1'>A</at>",
    "<at ids=all></at>", "< at id=all></at>", "<AT ID=all></AT>", "<qqbot-at-everyone />", "<@!1>", "<#1>",
    '<qqbot-at-user id="1" />', "<emoji:4>", "<faceType=1,faceId=\"1\">", "@everyone", "<think>", "</think>",
    "<script>alert(1)</script>",
    '<a href="https://evil.example">a</a>', '<font color="warning">a</font>', "[CQ:at,qq=all]",
    "<person id='1'></person>", "<link_card url='https://evil.example'></link_card>", "&lt;@alice&gt;",
    "&#60;at id=all></at>", "&lt;qqbot-at-everyone /&gt;", "[a](https://evil.example)", "![a](https://evil.example/i.png)",
    "<https://evil.example>", "[a][b]\n\n[b]: https://evil.example", "[a\nb]: https://evil.example 'c'\n\n[a b]",
)  # fmt: skip
TYPED = "\n".join(TAGS)
LINE = " ".join(TAGS)

WHERE: dict[str, Callable[[], list[Element]]] = {
    "text": lambda: [Text(TYPED)],
    "text beside markdown": lambda: [Text(TYPED), Markdown("**x**"), Text(TYPED)],
    "name of who is called": lambda: [Mention(id="alice", name=LINE), Text(" hi")],
    "name of who is called beside markdown": lambda: [Mention(id="alice", name=LINE), Markdown("**x**")],
    "name of nobody": lambda: [Mention(id="?", name=LINE), Markdown("**x**")],
    "title": lambda: [Text("see "), Link(url="https://a.example", title=LINE)],
    "title beside markdown": lambda: [Link(url="https://a.example", title=LINE), Markdown("**x**")],
    "quote": lambda: [Quote(message_id="m", text=TYPED), Markdown("**x**")],
    "forwarded": lambda: [Forward(text=TYPED)],
    "place": lambda: [Location(latitude=1, longitude=2, name=TYPED)],
    "notice": lambda: [Notice(kind="vote", text=TYPED)],
    "everybody": lambda: [MentionAll(), Text(TYPED), Markdown("**x**")],
    "contact": lambda: [Contact(kind="user", id="ou_9", name=LINE), Markdown("**x**")],
    "card": lambda: [Card(title=LINE[:90], body=(Text(TYPED), Fields({"a": LINE})))],
    "card's table": lambda: [Card(title="t", body=(Table(columns=("a",), rows=((LINE,),)),))],
}
CALLS = {
    "name of who is called": ["alice"],
    "name of who is called beside markdown": ["alice"],
    "everybody": ["all"],
    "name of nobody": ["?"],
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_what_people_typed_is_literal(mode: Mode, where: str) -> None:
    adapter = mode.adapter()
    reply = Reply(elements=tuple(WHERE[where]()))
    rendered = render(reply, adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    for part in rendered.parts:
        for request in mode.preview(adapter, part).requests:
            if request.is_upload:
                continue
            assert set(called(str(mode), request.body)) <= set(CALLS.get(where, ()))
            assert tags(str(mode), request.body) == []
            if "evil" in str(titled_links(str(mode), request.body)):
                raise AssertionError(request.body)


MARKDOWN = tuple(tag for tag in TAGS if "](" not in tag and not tag.startswith(("<https", "<font")))


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_tags_in_markdown_are_text(mode: Mode) -> None:
    adapter = mode.adapter()
    for typed in (
        "\n\n".join(MARKDOWN),
        "\n".join(f"- {tag}" for tag in MARKDOWN),
        f"| a |\n|---|\n| {' '.join(MARKDOWN)} |",
    ):
        reply = Reply(elements=(Markdown(typed),))
        for part in render(reply, adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects).parts:
            for request in mode.preview(adapter, part).requests:
                assert called(str(mode), request.body) == []
                assert tags(str(mode), request.body) == []
