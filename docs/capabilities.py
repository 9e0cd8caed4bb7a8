"""Write what accounts can do into `capabilities.md`, here and in `zh/`: `python docs/capabilities.py`.

It is made from the adapters' own `Capabilities`, for each sort of account that they name (`Adapter.modes`). `make docs`
says when a page is stale. A table stands below its marker, `<!-- capabilities: NAME -->`.
"""  # noqa: INP001 - a script

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import marked_tables

from imbridge.adapters.base import Adapter
from imbridge.adapters.imagined import imagined
from imbridge.media.settling import NAMES as IMAGE_NAMES
from imbridge.media.voicing import NAMES as VOICE_NAMES
from imbridge.protocol import Capabilities
from imbridge.rendering.markdown.dialect import FEATURES
from imbridge.runtime.registry import adapter_type, platforms

DOCS = Path(__file__).resolve().parent
_MARKER = re.compile(r"^<!-- capabilities: (\w+) -->$")
_SENDS = (
    "markdown", "rich", "link", "mention", "emoji", "image", "audio", "video", "file", "sticker", "contact", "card",
)  # fmt: skip
_YES = "✓"


@dataclass(frozen=True)
class Language:
    """The words of one page.

    Attributes:
        page: The page, below `docs/`.
        account: Head of the column that names the accounts.
        heads: Heads of the other columns, by what they are called in the code; itself where there is none.
        none: Where no limit is known, or there is nothing.
        units: Of minutes, hours and days.
        times: `{} times`.
        cards: Only cards.
        all: Everything.
        within: `within {}`.
    """

    page: str
    account: str
    heads: dict[str, str]
    none: str
    units: tuple[str, str, str, str]
    times: str
    cards: str
    within: str


ENGLISH = Language(
    "capabilities.md",
    "Account",
    {
        "text_bytes": "Text", "markdown_bytes": "Markdown, rich text", "image_bytes": "Image", "file_bytes": "File",
        "images": "Images", "voices": "Voice messages", "voice_most": "Voice at most",
        "rich": "text with pictures", "typing": "typing sign", "push": "unasked",
        "reply_window": "can be answered for", "idempotent_send": "repeated safely", "react": "reactions",
        "quoting": "quoting", "edit": "editing", "recall": "taking back", "threads": "threads",
    },
    "–",
    ("s", "min", "h", "d"),
    "{} times",
    "cards",
    "{}",
)  # fmt: skip
CHINESE = Language(
    "zh/capabilities.md",
    "账号",
    {
        "text_bytes": "文本", "markdown_bytes": "Markdown、富文本", "image_bytes": "图片", "file_bytes": "文件",
        "images": "图片格式", "voices": "语音格式", "voice_most": "语音上限",
        "markdown": "Markdown", "rich": "图文混排", "link": "链接", "mention": "@人",
        "mention_all": "@所有人", "emoji": "表情", "image": "图片", "audio": "语音",
        "video": "视频", "file": "文件", "sticker": "表情包", "contact": "名片",
        "card": "卡片", "text": "文本", "location": "位置", "quote": "引用",
        "forward": "合并转发", "notice": "系统提示", "unknown": "未知", "typing": "正在输入",
        "push": "主动发", "reply_window": "可回复时长", "idempotent_send": "重发不重复", "react": "表情回应",
        "quoting": "引用回复", "edit": "修改", "recall": "撤回", "threads": "话题",
        "heading": "标题", "bold": "粗体", "italics": "斜体", "strikethrough": "删除线",
        "code": "行内代码", "code block": "代码块", "nested quote": "嵌套引用", "list": "列表",
        "task list": "任务列表", "table": "表格", "rule": "分割线", "color": "颜色", "title": "链接标题",
    },
    "–",
    ("秒", "分钟", "小时", "天"),
    "{} 次",
    "卡片",
    "{}",
)  # fmt: skip
LANGUAGES = (ENGLISH, CHINESE)


def accounts() -> Iterator[tuple[str, Adapter]]:
    """Every sort of account, with an adapter of an imagined one; those that can do the same together."""
    for platform in platforms():
        made = adapter_type(platform)
        alike: list[tuple[list[str], Adapter]] = []
        for mode in made.modes:
            adapter = imagined(made, mode)[0]
            known = next((modes for modes, one in alike if _alike(one, adapter)), None)
            if known is None:
                alike.append(([f"`{mode}`"], adapter))
            else:
                known.append(f"`{mode}`")
        yield from ((f"`{platform}` {', '.join(modes)}", adapter) for modes, adapter in alike)


def _alike(one: Adapter, other: Adapter) -> bool:
    return one.capabilities == other.capabilities and one.dialects == other.dialects


def readable(size: int, words: Language) -> str:
    """Bytes as people say them; exactly, where they are no round number of KiB."""
    if not size:
        return words.none
    if size % (1 << 20) == 0:
        return f"{size >> 20} MiB"
    return f"{size >> 10} KiB" if size % (1 << 10) == 0 else f"{size:,} B"


def span(seconds: float, words: Language) -> str:
    """A stretch of time in the largest unit that makes a whole number of it, up to two days in hours."""
    second, minute, hour, day = words.units
    for unit, name in ((86_400, day), (3600, hour), (60, minute)):
        if seconds >= (unit * 3 if unit == 86_400 else unit) and seconds % unit == 0:
            return f"{seconds / unit:g} {name}"
    return f"{seconds:g} {second}"


def _limits(one: Capabilities, words: Language) -> list[str]:
    markdown = one.markdown_bytes if {"markdown", "rich"} & one.sends else 0
    media = one.file_bytes if {"file", "audio", "video"} & one.sends else 0
    image = one.image_bytes if "image" in one.sends else 0
    return [readable(size, words) for size in (one.text_bytes, markdown, image, media)]


def _media(one: Capabilities, words: Language) -> list[str]:
    images = ", ".join(IMAGE_NAMES[name] for name in one.images) if "image" in one.sends else ""
    if "audio" not in one.sends:
        return [images, "", ""]
    most = [readable(one.voice_bytes, words)] if one.voice_bytes else []
    most += [span(one.voice_seconds, words)] if one.voice_seconds else []
    return [images, ", ".join(VOICE_NAMES[name] for name in one.voices), ", ".join(most)]


def _actions(one: Capabilities, words: Language) -> list[str]:
    edit = _yes(one.edit) or (words.cards if one.edit_cards else "")
    if one.max_edits is not None:
        edit = words.times.format(one.max_edits)
    recall = _yes(one.recall) if one.recall_window is None else words.within.format(span(one.recall_window, words))
    window = "∞" if one.reply_window is None else span(one.reply_window, words)
    return [
        edit, recall, _yes(one.react), _yes(one.typing), _yes(one.threads), _yes(one.quote), _yes(one.idempotent_send),
        _yes(one.push), window if one.receives else "",
    ]  # fmt: skip


def _yes(there: bool) -> str:
    return _YES if there else ""


def _received() -> tuple[str, ...]:
    found = {word for _, adapter in accounts() for word in adapter.capabilities.receives}
    return tuple(sorted(found, key=lambda word: (word not in _SENDS, word != "text", word)))


def _table(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], words: Language) -> Iterator[str]:
    shown = [words.heads.get(head, head) for head in heads]
    yield f"| {words.account} | {' | '.join(shown)} |"
    yield "|---" * (len(heads) + 1) + "|"
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def _of(cells: Callable[[Capabilities, Language], list[str]], words: Language) -> Iterator[tuple[str, list[str]]]:
    return ((name, made) for name, adapter in accounts() if any(made := cells(adapter.capabilities, words)))


def _dialects(words: Language) -> Iterator[tuple[str, list[str]]]:
    for name, adapter in accounts():
        for dialect in adapter.dialects if "markdown" in adapter.capabilities.sends else ():
            yield f"{name}: {dialect.name}", [_yes(feature in dialect.shows) for feature in FEATURES]


def _nothing(words: Language) -> tuple[str, list[str]]:
    """The row of a table that has none: no adapter states it."""
    return words.none, [words.none] * len(FEATURES)


def tables(words: Language) -> dict[str, list[str]]:
    """The tables of a page by name."""
    received = _received()

    def sends(one: Capabilities, _: Language) -> list[str]:
        return [_yes(one.mention if word == "mention" else word in one.sends) for word in _SENDS]

    def receives(one: Capabilities, _: Language) -> list[str]:
        return [_yes(word in one.receives) for word in received]

    limits = ("text_bytes", "markdown_bytes", "image_bytes", "file_bytes")
    actions = ("edit", "recall", "react", "typing", "threads", "quoting", "idempotent_send", "push", "reply_window")
    return {
        "limits": list(_table(limits, _of(_limits, words), words)),
        "media": list(_table(("images", "voices", "voice_most"), _of(_media, words), words)),
        "sends": list(_table(_SENDS, _of(sends, words), words)),
        "receives": list(_table(received, _of(receives, words), words)),
        "actions": list(_table(actions, _of(_actions, words), words)),
        "markdown": list(_table(FEATURES, list(_dialects(words)) or [_nothing(words)], words)),
    }


def renewed(text: str, words: Language) -> str:
    """The page with its tables made anew."""
    return marked_tables.renewed(text, _MARKER, tables(words))


def problems() -> Iterator[tuple[Path, str]]:
    """What is stale or missing."""
    for words in LANGUAGES:
        path = DOCS / words.page
        text = path.read_text(encoding="utf-8")
        marked = {found[1] for line in text.split("\n") if (found := _MARKER.match(line)) is not None}
        named = set(tables(words))
        for name in sorted(marked ^ named):
            yield path, f"{name}: there is {'a marker but no such table' if name in marked else 'no marker for it'}"
        if marked <= named and renewed(text, words) != text:
            yield path, "the tables of capabilities are stale; run python docs/capabilities.py"


def count() -> int:
    """How many sorts of accounts there are."""
    return sum(1 for _ in accounts())


def main() -> int:
    """Write the pages."""
    for words in LANGUAGES:
        path = DOCS / words.page
        path.write_text(renewed(path.read_text(encoding="utf-8"), words), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
