"""Cards of others: ark messages, and the embeds of guilds.

Source: bot.q.qq.com, "message objects" (`ark`, `embeds`). `ark_data` (a shared page, a place, a contact), which single
chats and groups have, is as clients have seen it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.adapters.qq.received.facts import fields, items, text_of
from imbridge.protocol import Element, Notice

_TITLES = ("#PROMPT#", "#TITLE#", "#METATITLE#", "title", "prompt")


def shared(data: Mapping[str, Any]) -> Iterator[Element]:
    """What was shared with `ark_data`."""
    ark = data.get("ark_data")
    if not isinstance(ark, Mapping) or not ark:
        return
    own, prompt = fields(ark, "fields"), text_of(ark, "prompt")
    title = text_of(own, "title") or prompt
    head = (prompt,) if title in prompt else (prompt, title)
    lines = dict.fromkeys(line for line in (*head, text_of(own, "desc"), text_of(own, "url")) if line)
    kind = text_of(ark, "ark_type") or "ark"
    yield Notice(kind=kind, title=title, text="\n".join(lines), details=dict(ark))


def arks(data: Mapping[str, Any]) -> Iterator[Element]:
    """A card of a template."""
    ark = data.get("ark")
    if not isinstance(ark, Mapping) or not isinstance(ark.get("kv"), list):
        return
    values = {}
    lines: dict[str, None] = {}
    for pair in items(ark, "kv"):
        if isinstance(pair, Mapping):
            if value := text_of(pair, "value"):
                values[text_of(pair, "key")] = value
                lines[value] = None
            lines |= dict.fromkeys(_listed(pair))
    title = next((values[name] for name in _TITLES if name in values), "")
    yield Notice(kind="ark", title=title, text="\n".join(lines), details=dict(ark))


def _listed(pair: Mapping[str, Any]) -> Iterator[str]:
    """The entries of a list in a card, one line each."""
    for entry in items(pair, "obj"):
        if isinstance(entry, Mapping):
            parts = [text_of(one, "value") for one in items(entry, "obj_kv") if isinstance(one, Mapping)]
            if line := " ".join(part for part in parts if part):
                yield line


def embeds(data: Mapping[str, Any]) -> Iterator[Element]:
    """Embeds, whose fields are lines."""
    for embed in items(data, "embeds"):
        if not isinstance(embed, Mapping) or not embed:
            continue
        title = text_of(embed, "title") or text_of(embed, "prompt")
        rows = [one for one in items(embed, "fields") if isinstance(one, Mapping)]
        named = [": ".join(part for part in (text_of(row, "name"), text_of(row, "value")) if part) for row in rows]
        lines = [line for line in (title, text_of(embed, "description"), *named) if line]
        yield Notice(kind="embed", title=title, text="\n".join(lines), details=dict(embed))
