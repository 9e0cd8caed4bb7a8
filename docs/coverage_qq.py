"""Write the tables of what arrives from QQ and what is sent there: `python docs/coverage_qq.py`.

They are made from the golden samples, by `sample_tables.py`. `make docs` says which are stale, and
which types the decoder knows without a sample. A table stands below its marker: `<!-- coverage: in -->` (events of the
gateway and of webhooks, which are the same), `<!-- coverage: out -->` (what is said in each kind of place),
`<!-- coverage: closes -->` (close codes of the gateway, from the adapter's own table).
"""  # noqa: INP001 - a script

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sample_tables
from sample_tables import ROOT, Got, Key, Table, degradations_by, page_problems, with_tables, without_samples, write

from imbridge.adapters.qq.hearing.close_codes import CLOSE_CODES, CloseRule
from imbridge.adapters.qq.inbound import MESSAGES
from imbridge.adapters.qq.received import clicks, events

SAMPLES = ROOT / "tests" / "samples" / "qq"
PAGES = {ROOT / "docs" / "qq.md": "en", ROOT / "docs" / "zh" / "qq.md": "zh"}
INTERACTION = "INTERACTION_CREATE"
INTERACTIONS = (clicks.BUTTON, clicks.MENU, clicks.FEEDBACK)
WAYS = ("c2c", "group", "channel", "dms")
_KINDS = ("markdown", "ark", "embed", "media", "image", "content")
"""What a body has says what it is; the first of these. Beside it, the bytes of a picture stand for the picture."""
_BYTES = "(bytes)"

_WORDS = {
    "en": {
        "in": "| On QQ | In a skill | Samples |",
        "closes": "| Code | Meaning | What imbridge does |",
        "out": "| In a skill | Single chat | Group | Channel | Guild's private chat | Degradations | Samples |",
        "message": "message",
        "event": "event",
        "click": "interaction",
        "other_message": "any other message, or one that is not of its type's shape",
        "other_event": "any other event, or one that is not of its type's shape",
        "other_click": "any other interaction, or one that is not of its type's shape",
        "c2c": "single chat",
        "group": "group",
        "channel": "channel",
        "dms": "guild's private chat",
        "refused": "refused",
        "after": "after {0:g} s",
        "stop": "stops",
        "intents": "asks for fewer events; stops where these are set, or none are left to leave out",
        "token": "a new token, resumes once, then a new session",
        "identify": "a new session",
        "resume": "resumes",
        "resume_once": "resumes once, then a new session",
    },
    "zh": {
        "in": "| QQ | 技能收到 | 样本 |",
        "closes": "| 关闭码 | 含义 | imbridge 的处理 |",
        "out": "| 技能发出 | 单聊 | 群 | 子频道 | 频道私信 | 降级 | 样本 |",
        "message": "消息",
        "event": "事件",
        "click": "互动",
        "other_message": "其他消息，或内容与类型不符的消息",
        "other_event": "其他事件，或内容与类型不符的事件",
        "other_click": "其他互动，或内容不符的互动",
        "c2c": "单聊",
        "group": "群",
        "channel": "子频道",
        "dms": "频道私信",
        "refused": "拒绝",
        "after": "等待 {0:g} 秒",
        "stop": "停止",
        "intents": "减少订阅的事件；事件是自己设置的，或没有可减的，就停止",
        "token": "换新 token，恢复一次，不行就新建会话",
        "identify": "新建会话",
        "resume": "恢复会话",
        "resume_once": "恢复一次，不行就新建会话",
    },
}

_IN_CHINESE = {
    "the connection broke": "连接断开",
    "an opcode that the platform does not know": "无效的 opcode",
    "a payload that the platform does not take": "无效的 payload",
    "the token is not valid": "token 无效",
    "the session is not valid": "会话无效",
    "the sequence number is wrong": "seq 错误",
    "too many payloads": "发送过快",
    "the connection has expired": "连接过期",
    "a shard that the platform does not take": "无效的分片",
    "too many guilds for one connection": "一条连接的频道太多",
    "a version that the platform does not know": "无效的版本",
    "intents that the platform does not know": "无效的 intent",
    "intents that the bot may not have": "没有 intent 的权限",
    "the gateway has a problem": "网关内部错误",
    "the bot is delisted: only the sandbox is open to it": "机器人已下架，只能连沙箱",
    "the bot is banned": "机器人已封禁",
}
"""What close codes mean, for the Chinese page; the hints beside them are English, and left out there."""


def known() -> list[Key]:
    """Every type the decoder knows, in the order of the table."""
    return [
        *(("message", kind) for kind in sorted(MESSAGES, key=_place)),
        *(("event", kind) for kind in events.READERS if kind != INTERACTION),
        *(("click", f"{INTERACTION} {number}") for number in INTERACTIONS),
    ]


def _place(kind: str) -> tuple[int, str]:
    """Single chats, then groups, then guilds."""
    return (0 if kind.startswith("C2C_") else 1 if kind.startswith("GROUP_") else 2), kind


def type_of(payload: Mapping[str, Any]) -> Key:
    """Which type a sample is."""
    kind = str(payload.get("t"))
    if kind == INTERACTION:
        data = payload.get("d") or {}
        return "click", f"{INTERACTION} {data.get('type')}"
    return ("message" if kind in MESSAGES else "event"), kind


def incoming() -> tuple[dict[Key, Got], list[str]]:
    """What arrives by type, and the types without a sample."""
    return sample_tables.incoming(SAMPLES / "in", known(), type_of)


def table_in(language: str) -> list[str]:
    """The table of what arrives."""
    words = _WORDS[language]
    order = [*known(), ("message", ""), ("event", ""), ("click", "")]
    return sample_tables.table_in(words["in"], incoming()[0], order, words)


def table_out(language: str) -> list[str]:
    """The table of what is said, in each kind of place."""
    words = _WORDS[language]

    def cells(sample: Mapping[str, Any]) -> Iterable[str]:
        ways = [way for way in WAYS if way in sample]
        return *(_sent(sample.get(way), words) for way in WAYS), degradations_by(sample, ways, words)

    return sample_tables.table_out(SAMPLES / "out", words["out"], cells)


def _sent(result: Mapping[str, Any] | None, words: Mapping[str, str]) -> str:
    """The kinds of its messages."""
    if result is None:
        return words["refused"]
    return ", ".join(dict.fromkeys(f"`{_kind(body)}`" for body in result["messages"]))


def _kind(body: Mapping[str, Any]) -> str:
    kind = next((name for name in _KINDS if name in body), "")
    if _BYTES in body and kind in ("", "content"):
        kind = "image"
    kind = "text" if kind == "content" else kind
    return f"{kind}+keyboard" if "keyboard" in body else kind


def table_closes(language: str) -> list[str]:
    """The table of the gateway's close codes; what means the same is one row."""
    words = _WORDS[language]
    codes: dict[str, list[int]] = defaultdict(list)
    for code, rule in CLOSE_CODES.items():
        codes[_closed(rule, words, language)].append(code)
    rows = [f"| {_spans(numbers)} | {said} |" for said, numbers in codes.items()]
    return sample_tables.table(words["closes"], rows)


def _closed(rule: CloseRule, words: Mapping[str, str], language: str) -> str:
    meaning = rule.meaning[:1].upper() + rule.meaning[1:] if language == "en" else _IN_CHINESE[rule.meaning]
    done = [words["after"].format(rule.delay)] if rule.delay else []
    hint = f"; {rule.hint}" if rule.hint and language == "en" else ""
    comma = ", " if language == "en" else "，"
    return f"{meaning} | {comma.join([*done, words[rule.reaction.value]])}{hint}"


def _spans(numbers: list[int]) -> str:
    """`4900-4913` where there are many in a row."""
    if len(numbers) > 3 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}-{numbers[-1]}"
    return ", ".join(map(str, numbers))


TABLES: Mapping[str, Table] = {"in": table_in, "out": table_out, "closes": table_closes}


def renewed(page: str, language: str) -> str:
    """A page with its tables as they should be."""
    return with_tables(page, TABLES, language)


def problems() -> Iterator[tuple[Path, str]]:
    """Pages that are stale, and types without a sample."""
    for path, language in PAGES.items():
        yield from page_problems(path, language, TABLES, Path(__file__).name)
    yield from without_samples(SAMPLES, incoming()[1])


def main() -> int:
    """Write the tables into the pages; gives the exit status."""
    return write(PAGES, renewed, problems)


if __name__ == "__main__":
    sys.exit(main())
