"""The long document of the golden files: everything that a skill says in one reply, and what others typed in it."""

from pathlib import Path

from imbridge.protocol import Element, Emoji, Link, Location, Markdown, Mention, MentionAll, Quote, Reply, Text

SAMPLES = Path(__file__).parent.parent / "samples" / "rendering"
_TYPED = (
    "<at id=all></at> <@all> [x](https://evil.example) **not bold** `not code`\n# no heading\n| no | table |\n|---|---|"
)


def document(person: str) -> Reply:
    """The reply; `person` is an id that the platform knows."""
    elements: tuple[Element, ...] = (
        Text("各位好 "),
        Mention(id=person, name="张三 <@all> **Zhang**"),
        Text(", the report is here.\n有人问 somebody asked:\n"),
        Quote(message_id="om_1", sender_name="李四", text=_TYPED),
        Text("\n"),
        Markdown((SAMPLES / "document.md").read_text("utf-8")),
        Text("完整记录 the whole log: "),
        Link(url="https://log.example.com/3.2?id=(7)", title="log [3.2] **bold** <@all>"),
        Text(" "),
        Emoji(code="👍"),
        Text("\n"),
        Text(_TYPED),
        Location(latitude=31.2, longitude=121.5, name="上海 **office**"),
        MentionAll(),
    )
    return Reply(elements=elements)
