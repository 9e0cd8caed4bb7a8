"""What a platform reads in a request: whom it calls, and what in it is a tag to it. By the rules of the emulators."""

import json
import re
from collections.abc import Iterator
from typing import Any

from imbridge.emulators.feishu.card_text import _AT as CARD_AT
from imbridge.emulators.feishu.readable import _AT_TAG as TEXT_AT
from imbridge.emulators.feishu.readable import at_ids
from imbridge.emulators.wecom.api_webhook import AT as WECOM_AT
from imbridge.rendering.markdown import parse, tree

QQ_AT = re.compile(r'<qqbot-at-user id="([^"]*)" />|<(qqbot-at-everyone) />|<@!?([^<>]*)>')
QQ_EVERYONE = re.compile(r"@(everyone)")
_COLOURED = re.compile(r"<font\s+color=\"(?:info|comment|warning)\"", re.IGNORECASE)
_LINKED = re.compile(r"<\s*a\s(?!href=\"https://a\.example)", re.IGNORECASE)
_QQ = re.compile(r"<(?:@|#|/?qqbot-|emoji:|faceType=)", re.IGNORECASE)
_TAGS = {
    ("feishu", "text"): re.compile(r"<\s*at\b|\[[^\[\]\n]*\]\(https://evil", re.IGNORECASE),
    ("feishu", "markdown"): re.compile(r"<\s*(?:at|person|link_card|font|a|text_tag)\b", re.IGNORECASE),
    ("wecom-app", "text"): _LINKED,
    ("wecom-app", "markdown"): _COLOURED,
    ("wecom-app_text", "text"): _LINKED,
    ("wecom-group_robot", "text"): re.compile(r"<@[^<>]+>"),
    ("wecom-group_robot", "markdown"): _COLOURED,
    ("wecom-bot", "markdown"): re.compile(r"<@[^<>]+>|</?think>", re.IGNORECASE),
    ("wecom-bot_callback", "markdown"): re.compile(r"<@[^<>]+>|</?think>", re.IGNORECASE),
    ("dingtalk", "markdown"): re.compile(r"<[A-Za-z/!?]"),
    ("qq", "text"): _QQ,
    ("qq", "markdown"): _QQ,
    ("wechat", "text"): _LINKED,
}
"""What is a tag to whom, in messages of which kind."""


def tags(mode: str, body: Any) -> list[str]:
    """The tags that the platform finds, but for those that call: see `called`."""
    platform = mode.partition("-")[0]
    found = []
    for kind, text in _marked_up(platform, body):
        rules = _TAGS.get((mode, kind)) or _TAGS.get((platform, kind))
        if rules is not None:
            found += [match[0] for match in rules.finditer(_without_calls(platform, text))]
    return found


def called(mode: str, body: Any) -> list[str]:
    """Ids of those who are called, `all` for everybody; each once."""
    platform = mode.partition("-")[0]
    found: dict[str, None] = {}
    if platform == "feishu":
        kind, content = _feishu(body)
        found.update(dict.fromkeys(at_ids(kind, content)))
        for text in _strings(content, {"md", "markdown"}):
            for match in (*CARD_AT.finditer(text), *TEXT_AT.finditer(text)):
                found[match["ids"] if "ids" in match.groupdict() else match["id"]] = None
    elif platform == "wecom" and mode.endswith("group_robot"):
        content = body[body["msgtype"]]
        found.update(
            dict.fromkeys(WECOM_AT.findall(content.get("content", "")) if body["msgtype"] != "markdown_v2" else ())
        )
        found.update(dict.fromkeys((*content.get("mentioned_list", ()), *content.get("mentioned_mobile_list", ()))))
    elif platform == "dingtalk":
        at = body.get("at", {})
        found.update(dict.fromkeys((*at.get("atUserIds", ()), *at.get("atMobiles", ()), *at.get("atDingtalkIds", ()))))
        if at.get("isAtAll"):
            found["all"] = None
    elif platform == "qq":
        rules = (QQ_AT, QQ_EVERYONE) if mode.endswith("guild") else (QQ_AT,)
        for _, text in _marked_up(platform, body):
            found.update((next(filter(None, match.groups())), None) for rule in rules for match in rule.finditer(text))
    everybody = {"all", "@all", "everyone", "qqbot-at-everyone"}
    return list(dict.fromkeys("all" if one in everybody else one for one in found))


def titled_links(mode: str, body: Any) -> list[str]:
    """Where titles lead that the platform's Markdown shows."""
    found: list[str] = []
    for kind, text in _marked_up(mode.partition("-")[0], body):
        if kind == "markdown":
            found += _links(parse(text).blocks)
    return found


def _marked_up(platform: str, body: Any) -> Iterator[tuple[str, str]]:
    """The texts in which the platform reads markup: `markdown` or `text`."""
    if platform == "feishu":
        kind, content = _feishu(body)
        if kind == "text":
            yield "text", content["text"]
        else:
            yield from (("markdown", text) for text in _strings(content, {"md", "markdown", "lark_md"}))
    elif platform == "dingtalk" and "msgParam" in body:
        param = json.loads(body["msgParam"])
        yield ("markdown", param["text"]) if "text" in param else ("text", str(param.get("content", "")))
    elif platform == "qq":
        markdown = body.get("markdown")
        yield ("markdown", markdown["content"]) if markdown else ("text", str(body.get("content", "")))
    else:
        kind = str(body.get("msgtype") or body.get("MsgType") or "text")
        inner = body.get(kind) or body
        text = inner.get("content") or inner.get("Content") or inner.get("text") or ""
        yield "markdown" if "markdown" in kind or kind in ("stream", "actionCard") else "text", str(text)
        yield from (("text", text) for text in _leaves(body) if kind in ("msgmenu", "template_card", "news"))


def _feishu(body: Any) -> tuple[str, Any]:
    content = body.get("card") or body["content"]
    content = json.loads(content) if isinstance(content, str) else content
    return str(body["msg_type"]), content.get("post", content)


def _strings(value: Any, kinds: set[str]) -> Iterator[str]:
    """The texts of components of these kinds."""
    if isinstance(value, dict):
        if value.get("tag") in kinds:
            yield str(value.get("text") or value.get("content") or "")
        for one in value.values():
            yield from _strings(one, kinds)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, kinds)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)


def _without_calls(platform: str, text: str) -> str:
    rules = {"feishu": (TEXT_AT, CARD_AT), "wecom": (WECOM_AT,), "qq": (QQ_AT,)}.get(platform, ())
    for rule in rules:
        text = rule.sub("", text)
    return text


def _links(node: Any) -> list[str]:
    if isinstance(node, tree.Link) and not node.bare:
        return [node.url]
    if isinstance(node, tuple):
        return [url for one in node for url in _links(one)]
    fields = getattr(node, "__dataclass_fields__", ())
    return [url for name in fields for url in _links(getattr(node, name)) if not isinstance(getattr(node, name), str)]


def room(mode: str, body: Any) -> int:
    """Bytes that a message has left, by the platform's own count; negative where it would be refused."""
    platform = mode.partition("-")[0]
    if platform == "feishu" and mode.endswith("custom_bot"):
        signed = {"timestamp": "1" * 10, "sign": "x" * 44, **body}
        return 20 * 1024 - len(json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode())
    if platform == "feishu":
        return (150 if body["msg_type"] == "text" else 30) * 1024 - len(body["content"].encode())
    if platform == "dingtalk":
        if "msgParam" in body:
            return 15_000 - len(body["msgParam"].encode())
        return 20_000 - len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    if platform == "qq":
        return 4000 - len((body.get("markdown") or body)["content"].encode())
    kind = str(body.get("msgtype") or body.get("MsgType"))
    content = str(body["Content"] if "Content" in body else body[kind]["content"])
    most = {"wecom-bot": 20_480, "wecom-bot_callback": 20_480}.get(mode, 2048)
    return (4096 if mode == "wecom-group_robot" and "markdown" in kind else most) - len(content.encode())


def markdown_in(mode: str, body: Any) -> list[str]:
    """The texts that the platform reads as Markdown."""
    return [text for kind, text in _marked_up(mode.partition("-")[0], body) if kind == "markdown"]
