"""Messages that the platform writes into one text, because they were forwarded together, or quoted → `Forwarded`.

In no document; as several clients have seen it in 2026:

    [title]
    === 消息 1 ===
    [消息内容] what was said, which may go on in further lines
    [发送者] who said it
    [附件1] 类型:图片 文件名:a.jpg 尺寸:811x922 大小:78.8KB URL:https://...
    [消息类型] 合并转发消息
    [关联消息]
    --- 第1条 ---
        [消息内容] what is in it, or what it quotes, further in

People can type this, too: it is for reading, and tells of nobody for certain who they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from imbridge.adapters.qq.received.tags import elements
from imbridge.protocol import Forward, Forwarded

_MOST, _DEEPEST = 200, 3
_TOP = re.compile(r"=== 消息 \d{1,6} ===")
_INNER = re.compile(r"--- 第\d{1,6}条 ---")
_FIELD = re.compile(r"\[(消息内容|发送者|消息类型|关联消息|卡片消息|附件\d{1,4})\] ?(.*)", re.DOTALL)
_PART = re.compile(r"(?:^| )(类型|文件名):(.*?)(?= (?:类型|文件名|尺寸|大小|时长|URL):|$)")
_TITLE = re.compile(r"\[([^\n]{1,200})\]")
_RECORD = re.compile(r"\[[^\n]{0,200}聊天记录\]")
_FORWARDED = "合并转发消息"
_KINDS = {"图片": "image", "动图": "image", "视频": "video", "语音": "audio", "音频": "audio"}


@dataclass(slots=True)
class Written:
    """One message, as it is written."""

    indent: int
    lines: list[str] = field(default_factory=list)
    sender: str = ""
    kind: str = ""
    attachments: list[tuple[str, str]] = field(default_factory=list)
    inner: "list[Written]" = field(default_factory=list)

    @property
    def said(self) -> str:
        """Its own text."""
        text = "\n".join(self.lines).strip()
        return "".join(element.as_text() for element in elements(text))

    @property
    def is_record(self) -> bool:
        """Whether it is a bundle, rather than quoting what is in it."""
        return bool(self.inner) and (self.kind == _FORWARDED or bool(_RECORD.fullmatch(self.said)))

    @property
    def text(self) -> str:
        """As a person reads it: what it says, then what it holds."""
        held = (f"[{kind}: {name}]" if name and kind != "image" else f"[{kind}]" for kind, name in self.attachments)
        return "\n".join(part for part in (self.said, *held) if part) or ("[forwarded messages]" if self.inner else "")


class Rendered:
    """A text of that form.

    Attributes:
        title: What the bundle is called.
        messages: The messages in it, as they are written.
        complete: False once something was left out.
    """

    def __init__(self, text: str) -> None:
        """Read it; a text of another form has no messages."""
        self.title = ""
        self.messages: list[Written] = []
        self.complete = True
        self._open: list[Written] = []
        self._left = _MOST
        if "=== 消息 " not in text:
            return
        first, *rest = text.replace("\r\n", "\n").split("\n")
        title = _TITLE.fullmatch(first)
        if title is not None and rest and _TOP.fullmatch(rest[0]):
            self.title = title[1]
        elif _TOP.fullmatch(first):
            rest = [first, *rest]
        else:
            return
        for line in rest:
            self._take(line)

    @property
    def quoted(self) -> str:
        """What was said of a quoted message: of one that quotes another, its own words."""
        if len(self.messages) == 1 and not self.messages[0].is_record:
            return self.messages[0].text
        return self.forward().text

    def forward(self) -> Forward:
        """The bundle."""
        messages, title = self.messages, self.title
        if len(messages) == 1 and messages[0].is_record and not title:
            title, messages = messages[0].said.strip("[]"), messages[0].inner
        found = tuple(_forwarded(message) for message in messages)
        return Forward(title=title, text="\n".join(lines(found)), messages=found, complete=self.complete)

    def _take(self, line: str) -> None:
        inside = line.lstrip(" ")
        indent = len(line) - len(inside)
        if not indent and _TOP.fullmatch(line):
            self._open = []
            self._begin(-1)
        elif self._open and _INNER.fullmatch(inside):
            while self._open[-1].indent >= indent:
                self._open.pop()
            self._begin(indent)
        elif self._open:
            self._fill(line, inside, indent)

    def _begin(self, indent: int) -> None:
        """A message begins, inside the one that is open; what is too deep or too much is read into nothing."""
        message = Written(indent)
        if self._left <= 0 or len(self._open) >= _DEEPEST:
            self.complete = False
        else:
            self._left -= 1
            (self._open[-1].inner if self._open else self.messages).append(message)
        self._open.append(message)

    def _fill(self, line: str, inside: str, indent: int) -> None:
        match = _FIELD.fullmatch(inside)
        if match is None:
            self._open[-1].lines.append(line[min(indent, self._open[-1].indent + 4) :])
            return
        while self._open[-1].indent > indent:
            self._open.pop()
        message, name, value = self._open[-1], match[1], match[2]
        if name == "消息内容":
            message.lines.append(value)
        elif name == "发送者":
            message.sender = value.strip()
        elif name == "消息类型":
            message.kind = value.strip()
        elif name == "卡片消息":
            message.lines.append(inside)
        elif name.startswith("附件"):
            told = {part[1]: part[2].strip() for part in _PART.finditer(value)}
            message.attachments.append((_KINDS.get(told.get("类型", ""), "file"), told.get("文件名", "")))


def _forwarded(message: Written) -> Forwarded:
    record = message.is_record
    kind = "forward" if record else message.attachments[0][0] if message.attachments and not message.said else "text"
    return Forwarded(
        sender_name=message.sender or None,
        content_type=kind,
        text=message.text,
        messages=tuple(_forwarded(one) for one in message.inner) if record else (),
    )


def lines(messages: tuple[Forwarded, ...], indent: str = "") -> Iterator[str]:
    """`Alice: what she said`, what is inside a bundle further in."""
    for message in messages:
        who = message.sender_name or message.sender_id
        said = message.text.replace("\n", f"\n{indent}  ")
        yield f"{indent}{who}: {said}" if who else f"{indent}{said}"
        yield from lines(message.messages, f"{indent}  ")
