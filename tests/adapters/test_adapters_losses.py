"""No adapter loses anything in silence: what is not in the request as it was meant has its entry.

Looked at in previews, for every sort of account; that a preview is what an emulator is sent, the contract's tests hold.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json, to_json

import imbridge
from imbridge.adapters.imagined import imagined
from imbridge.protocol import (
    ELEMENT_TYPES,
    Audio,
    Button,
    Card,
    Contact,
    DatePicker,
    Divider,
    Element,
    Emoji,
    Fields,
    File,
    Form,
    Forward,
    Image,
    Input,
    Link,
    Location,
    Loss,
    Markdown,
    Mention,
    MentionAll,
    Note,
    Notice,
    Option,
    Quote,
    Reply,
    Select,
    Sticker,
    Table,
    Text,
    Unknown,
    Video,
)
from imbridge.protocol.receipt import FEATURES
from imbridge.runtime.previewing import ReplyPreview, preview_reply
from imbridge.runtime.registry import adapter_type, platforms

MODES = [(platform, mode) for platform in platforms() for mode in adapter_type(platform).modes]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000100"
    "5bb1e4a50000000049454e44ae426082"
)
TABLES = tuple(Table(columns=(f"c{number}",), rows=((f"r{number}",),)) for number in range(7))
_WORD = re.compile(r'Degradation\([^)]*?\bwhat="([^"]+)"|degrade\((?:Loss\.\w+, )?"([^"]+)"')
KNOWN = FEATURES | set(ELEMENT_TYPES)
SIZES = (Option(text="Small", value="s"), Option(text="Large", value="l"))


@dataclass(frozen=True)
class Meant:
    """Something that is meant, how a request shows it, and what an entry calls it.

    Attributes:
        name: For people.
        elements: What is said.
        called: What entries are about that tell of its loss.
        shown: A pattern for each platform; of one that is not there no request shows it.
        words: Texts that have to be there, unless an entry says that something is dropped.
    """

    name: str
    elements: tuple[Element, ...]
    called: frozenset[str]
    shown: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def said(name: str, *elements: Element, called: str, words: tuple[str, ...] = (), **shown: str) -> Meant:
    return Meant(name, elements, frozenset(called.split(" ")), shown, words)


def in_card(part: Any, *, called: str, name: str = "", words: tuple[str, ...] = (), **shown: str) -> Meant:
    """A part between a text and a button, so that there is a card wherever there are cards."""
    button = () if isinstance(part, Button | Form) else (Button("Click", action="click"),)
    card = Card(title="Head", body=(Text("Said"), part, *button))
    every = frozenset({*called.split(" "), "card", "markdown"})
    return Meant(
        f"card-{name or part.type}", (card,), every, shown, ("Head", "Said", *(one.text for one in button), *words)
    )


def marked(name: str, text: str, pattern: str, *words: str, called: str = "") -> Meant:
    names = frozenset({"markdown", name, *called.split(" ")})
    return Meant(f"markdown-{name}", (Markdown(text),), names, dict.fromkeys(platforms(), pattern), words)


MEANT = (
    said("mention", Mention(id="u1", name="Bob"), called="mention", words=(), feishu='at user_id="u1"|"user_id":"u1"',
         wecom="<@u1>", dingtalk='"atUserIds":\\["u1"\\]', qq='at-user id="u1"'),
    said("mention_all", MentionAll(), called="mention_all", feishu='user_id="all"|"user_id":"all"', wecom='"@all"',
         dingtalk='"isAtAll":true', qq="at-everyone"),
    said("link", Link(title="Page", url="https://e.cn/p"), called="link", words=("https://e.cn/p", "Page"),
         feishu='"href":"https://e.cn/p"', wecom='"url":"https://e.cn/p"|<a href|\\]\\(https://e.cn/p',
         dingtalk='"messageUrl":"https://e.cn/p"|\\]\\(https://e.cn/p', qq="\\]\\(https://e.cn/p",
         wechat="<a href"),
    said("emoji", Emoji(code="👍"), called="emoji", words=("👍",), **dict.fromkeys(platforms(), "👍")),
    said("emoticon", Emoji(code="SMILE"), called="emoji", feishu='SMILE\\]|"emoji_type":"SMILE"'),
    said("image", Image(data=PNG), called="image",
         **dict.fromkeys(platforms(), '^image|sampleImageMsg|"MsgType":"image"')),
    said("sticker", Sticker(data=PNG), called="sticker"),
    said("file", File(data=b"a text", name="a.txt"), called="file", **dict.fromkeys(platforms(), "^file|sampleFile")),
    said("audio", Audio(data=b"no audio at all"), called="audio"),
    said("video", Video(data=b"no video at all"), called="video"),
    said("contact", Contact(id="oc_1", kind="chat", name="Team"), called="contact", feishu="^share_chat"),
    said("location", Location(latitude=1, longitude=2, name="Here"), called="location", words=("Here",)),
    said("quote", Quote(message_id="m1"), called="quote"),
    said("forward", Forward(messages=()), called="forward"),
    said("notice", Notice(kind="x", text="Told"), called="notice"),
    said("unknown", Unknown(kind="x"), called="unknown"),
    marked("heading", "## Title", r"\n?#+ Title|Title", "Title"),
    marked("strikethrough", "~~gone~~", "~~gone~~", "gone"),
    marked("bold", "**fat**", r"\*\*fat\*\*", "fat"),
    marked("table", "| a | b |\n| - | - |\n| one | two |\n", r"\| a \| b \||\|a\|b\|", "one", "two"),
    marked("code block", "```python\nprint(1)\n```", "```", "print(1)", called="code"),
    marked("image", "![alt](https://e.cn/i.png)", r"!\[alt\]|<image", "https://e.cn/i.png"),
    marked("task list", "- [x] done", r"\[x\]|☑|✅", "done"),
    Meant("card-title", (Card(title="Head", body=(Text("Said"),)),), frozenset({"card"}),
          dict.fromkeys(platforms(), "Head"), ("Head", "Said")),
    Meant("card-color", (Card(title="Head", color="red", body=(Text("Said"), Button("Go", action="go"))),),
          frozenset({"color", "card"}), {"feishu": '"template":"red"'}, ("Head", "Said", "Go")),
    in_card(Markdown("**fat**"), called="markdown bold", words=("fat",), **dict.fromkeys(platforms(), r"\*\*fat\*\*")),
    in_card(Fields({"who": "Alice"}), called="fields", words=("who", "Alice"),
            **dict.fromkeys(platforms(), 'who\\W+Alice|"keyname":"who"|"who"')),
    in_card(Table(columns=("a", "b"), rows=(("one", "two"),)), called="table", words=("one", "two"),
            **dict.fromkeys(platforms(), r'"tag":"table"|\| a \| b \|')),
    in_card(Image(data=PNG, alt="Alt"), called="image",
            **dict.fromkeys(platforms(), '"img_key"|"card_image"|!\\[[^]]*\\]\\(')),
    in_card(Button("Go", action="go"), called="button", words=("Go",), feishu='"tag":"button"', wecom='"button_list"',
            dingtalk="cardParamMap", qq='"keyboard"', wechat="msgmenu"),
    in_card(Button("Open", url="https://e.cn/p"), name="page", called="button", words=("Open", "https://e.cn/p"),
            feishu='"tag":"button"', wecom='"button_list"|"jump_list"|\\[Open\\]\\(',
            dingtalk="actionCard|ActionCard|cardParamMap", qq='"keyboard"|\\[Open\\]\\(', wechat='<a href|"news"'),
    in_card(Button("Drop", action="go", style="danger"), name="danger", called="style button", words=("Drop",),
            feishu='"danger"', wecom='"style":3', dingtalk='red|danger', qq="nothing"),
    in_card(Button("Go", action="go", confirm="Sure?"), name="confirm", called="confirm button", feishu='"confirm"'),
    in_card(Select(name="size", options=SIZES), called="select", words=("Small", "Large"),
            feishu='"select_static"', wecom='"checkbox"|"button_selection"|"select_list"'),
    in_card(Select(name="size", options=SIZES, multiple=True), name="several", called="select",
            words=("Small", "Large"), feishu='"multi_select_static"', wecom='"mode":1'),
    in_card(Input(name="why", label="Why"), called="input", words=("Why",), feishu='"tag":"input"'),
    in_card(DatePicker(name="day", label="Day"), called="date", feishu="picker"),
    in_card(Form(name="form", body=(Input(name="why", label="Why"), Button("Send", action="send", submit=True))),
            called="form input", words=("Why", "Send"), feishu='"tag":"form"', dingtalk="has_form"),
    in_card(Divider(), called="divider", feishu='"tag":"hr"',
            **dict.fromkeys(("wecom", "dingtalk", "qq", "wechat"), "---")),
    in_card(Note("Small print"), called="note", words=("Small print",), feishu='"text_size":"notation"',
            dingtalk="> Small print", qq="> Small print"),
    said("mention-by-name", Mention(name="Bob"), called="mention", feishu="id of Bob"),
    Meant("card-tables", (Card(title="Head", body=TABLES),), frozenset({"table", "card", "markdown"}),
          dict.fromkeys(("wecom", "dingtalk", "qq"), r"\| c6 \|"), ("Head", "c0", "r6")),
)  # fmt: skip


def written(made: ReplyPreview) -> str:
    """All that leaves, JSON in JSON unpacked; each message begins with its kind."""
    shown = []
    for part in made.parts:
        assert part.preview is not None, part.error
        bodies = [_unpacked(request.body) for request in part.preview.requests if not request.is_upload]
        shown.append("\n".join([part.preview.kind, *(to_json(body).decode().replace("\\n", "\n") for body in bodies)]))
    return "\n".join(shown).replace('\\"', '"')


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unpacked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_unpacked(inner) for inner in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _unpacked(from_json(value))
        except ValueError:
            return value
    return value


@pytest.mark.parametrize(("platform", "mode"), MODES, ids=[f"{platform}-{mode}" for platform, mode in MODES])
@pytest.mark.parametrize("meant", MEANT, ids=str)
async def test_what_is_not_shown_has_its_entry(platform: str, mode: str, meant: Meant) -> None:
    made = await preview_reply(*imagined(adapter_type(platform), mode), Reply(elements=meant.elements))
    left = written(made)
    told = {one.what for one in made.degradations}
    assert told <= KNOWN
    pattern = meant.shown.get(platform)
    if pattern is None or re.search(pattern, left, re.MULTILINE) is None:
        assert told & meant.called, f"not shown, and not told: {told}\n{left}"
    if not any(one.loss is Loss.DROPPED for one in made.degradations):
        assert [word for word in meant.words if word not in left] == []


def test_every_word_for_a_loss_is_known() -> None:
    """Also those of losses that no preview has: what a platform refuses, or whom it does not reach."""
    sources = Path(imbridge.__file__).parent.rglob("*.py")
    found = {one or other for path in sources for one, other in _WORD.findall(path.read_text(encoding="utf-8"))}
    assert found >= {"card", "recipient", "thread", "time"}
    assert found - KNOWN == set()
