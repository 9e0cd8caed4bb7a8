"""Replies whose words can be found again, however they are written: each word is there once, and has its number."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from imbridge.adapters.base import Adapter
from imbridge.protocol import Element, Emoji, Link, Location, Markdown, Mention, MentionAll, Quote, Text
from imbridge.rendering import Part, PartKind, message_in

HOSTILE = (
    "<@ann>", "<@all>", "<at id=all></at>", '<at user_id="all"></at>', "<at user_id='ou_1'>A</at>", "<at ids=all></at>",
    "<qqbot-at-everyone />", '<qqbot-at-user id="1" />', "<@!1>", "<#1>", "<emoji:4>", "@everyone", "@all", "<think>",
    '<a href="https://evil.example">a</a>', "<script>", '<font color="red">', "</font>", "<br>", "[CQ:at,qq=all]",
    "<person id='1'></person>", "<link_card url='https://evil.example'></link_card>", "&lt;@ann&gt;", "&#60;at id=all>",
    "[a](https://evil.example)", "![a](https://evil.example/i.png)", "](", "**", "`", "```", "~~~", "|", "\\", "# ",
    "> ", "- ", "1. ", "<", "&", "_", "---", "    ", "\n", "\n\n", "\u200b", "中文。", "👨\u200d👩\u200d👧", "é",
)  # fmt: skip
"""What other people type: tags of every platform, Markdown, and what may break a line of it."""

WORD = re.compile(r"w\d+w")


@dataclass
class Said:
    """A reply, and the words that have to be read in it.

    Attributes:
        elements: The reply.
        groups: Words in the order in which they are read; those of one group in any order.
        calls: Ids of whom the reply calls.
    """

    elements: list[Element] = field(default_factory=list)
    groups: list[list[str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)


class _Words:
    def __init__(self) -> None:
        self.count = 0

    def new(self) -> str:
        self.count += 1
        return f"w{self.count}w"


Make = Callable[[_Words, Said], Element]
_hostile = st.lists(st.sampled_from(HOSTILE), max_size=4).map(" ".join)
_many = st.integers(1, 40)


def _line(words: _Words, said: Said, much: int, hostile: str = "") -> str:
    new = [words.new() for _ in range(much)]
    said.groups += [[word] for word in new]
    return " ".join([*new[: much // 2], hostile, *new[much // 2 :]])


def _text(much: int, hostile: str) -> Make:
    return lambda words, said: Text(_line(words, said, much, hostile))


def _link(hostile: str) -> Make:
    def make(words: _Words, said: Said) -> Element:
        title, url = words.new(), words.new()
        said.groups += [[title, url]]
        return Link(url=f"https://a.example/{url}", title=f"{hostile} {title}")

    return make


def _mention(hostile: str) -> Make:
    def make(words: _Words, said: Said) -> Element:
        word = words.new()
        said.groups.append([word])
        said.calls.append(word)
        return Mention(id=word, name=f"{hostile} {word}")

    return make


def _place(hostile: str) -> Make:
    return lambda words, said: Location(latitude=1, longitude=2, name=_line(words, said, 1, hostile))


def _quote(hostile: str) -> Make:
    return lambda words, said: Quote(message_id="m", text=_line(words, said, 3, hostile))


_blocks = st.tuples(st.sampled_from("phlnqct"), st.integers(1, 12), _hostile)


def _markdown(blocks: list[tuple[str, int, str]]) -> Make:
    def make(words: _Words, said: Said) -> Element:
        return Markdown("\n\n".join(_block(kind, much, hostile, words, said) for kind, much, hostile in blocks))

    return make


def _block(kind: str, much: int, hostile: str, words: _Words, said: Said) -> str:
    def lines(lead: Iterable[str]) -> list[str]:
        return [f"{one}{_line(words, said, 2, hostile.replace(chr(10), ' '))}" for one in lead]

    if kind == "h":
        return f"## {_line(words, said, 1)}"
    if kind == "l":
        return "\n".join(lines(("- ", "  - ", "    - ")[number % 3] for number in range(much)))
    if kind == "n":
        return "\n".join(lines(f"{number + 1}. " for number in range(much)))
    if kind == "q":
        return "\n".join(lines(["> "] * much))
    if kind == "c":
        safe = hostile.replace("`", "'").replace("~", "'")
        return "\n".join(["```py", *(f"  {_line(words, said, 2)} {safe}" for _ in range(much)), "```"])
    if kind == "t":
        cells = [[words.new(), words.new()] for _ in range(much + 1)]
        said.groups.append([word for row in cells for word in row])
        head, *rows = [f"| {one} | **{other}** |" for one, other in cells]
        return "\n".join([head, "|---|---|", *rows])
    return f"**{_line(words, said, much)}** {_line(words, said, much, hostile)}"


_makes = st.one_of(
    st.builds(_text, _many, _hostile),
    st.builds(_link, _hostile),
    st.builds(_mention, _hostile),
    st.builds(_place, _hostile),
    st.builds(_quote, _hostile),
    st.builds(_markdown, st.lists(_blocks, min_size=1, max_size=5)),
    st.just(lambda words, said: MentionAll()),
    st.just(lambda words, said: Emoji(code="SMILE")),
)


def _made(makes: list[Make]) -> Said:
    words, said = _Words(), Said()
    for make in makes:
        said.elements.append(make(words, said))
        said.elements.append(Text(" "))
    return said


replies = st.lists(_makes, min_size=1, max_size=6).map(_made)


def read(adapter: Adapter, part: Part) -> str:
    """What a part says, in the form in which it is sent, as far as rendering decides it."""
    if part.kind is PartKind.MARKDOWN and adapter.dialects:
        return message_in(part, *adapter.dialects).text
    return "".join(
        message_in(Part(PartKind.MARKDOWN, (element,)), adapter.dialects[0]).text
        if isinstance(element, Markdown) and adapter.dialects
        else element.as_text()
        for element in part.elements
    )


def missing(said: Said, texts: list[str]) -> list[str]:
    """The words that are not there, or not in their place."""
    whole = "\n".join(texts)
    lost = []
    position = 0
    for group in said.groups:
        places = [whole.find(word, position) for word in group]
        lost += [word for word, place in zip(group, places, strict=True) if place < 0]
        position = max([position, *places])
    return lost
