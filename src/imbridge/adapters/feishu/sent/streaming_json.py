"""The JSON of a card that text grows in, and of what changes in it.

Source: open.feishu.cn, card JSON 2.0: `collapsible_panel`, `button`, `plain_text` and `markdown`; cardkit-v1,
"batch update". A text may be empty when the card is made (Feishu's own plugin for agents makes such cards). Pure.
"""

from typing import Any

from pydantic_core import to_json

from imbridge.adapters.card_seals import Seal
from imbridge.protocol import Button
from imbridge.rendering.cards.carried import button_params

ANSWER, THINKING = "answer", "thinking"
_PANEL, _STOP = "thinking_panel", "stop"
_SUMMARY_LENGTH = 60


def card(text: str, *, markdown: bool, thinking: str, stop: Button | None, seal: Seal) -> dict[str, Any]:
    """A card that grows.

    Args:
        text: As prepared for Feishu; may be empty.
        markdown: It is Markdown.
        thinking: What is shown apart from it; empty for no place.
        stop: The button below it, if there is one.
        seal: What seals that.
    """
    elements = [_answer(text, markdown=markdown)]
    if thinking:
        elements.insert(0, panel(thinking))
    if stop is not None:
        elements.append(_button(stop, seal))
    return {
        "schema": "2.0",
        "config": {"streaming_mode": True, "update_multi": True},
        "body": {"elements": elements},
    }


def panel(thinking: str) -> dict[str, Any]:
    """The place for what is thought: open while the card grows."""
    title = {"zh_cn": "💭 思考过程", "en_us": "💭 Thinking"}
    inner = {"tag": "plain_text", "element_id": THINKING, "content": thinking, "text_size": "notation"}
    return {
        "tag": "collapsible_panel",
        "element_id": _PANEL,
        "expanded": True,
        "header": {"title": {"tag": "plain_text", "content": title["zh_cn"], "i18n_content": title}},
        "border": {"color": "grey", "corner_radius": "5px"},
        "elements": [{"tag": "div", "text": {**inner, "text_color": "grey"}}],
    }


def ending(text: str) -> dict[str, Any]:
    """The settings of a card that is finished; the chat's list shows the text instead of "generating"."""
    return {"config": {"streaming_mode": False, "summary": {"content": _summary(text)}}}


def last_changes(text: str, *, thinking: bool, stop: bool) -> list[dict[str, Any]]:
    """All that changes in a card when it is finished: the panel is shut, the button is gone."""
    changes: list[dict[str, Any]] = [{"action": "partial_update_setting", "params": {"settings": ending(text)}}]
    if thinking:
        shut = {"element_id": _PANEL, "partial_element": {"expanded": False}}
        changes.append({"action": "partial_update_element", "params": shut})
    if stop:
        changes.append({"action": "delete_elements", "params": {"element_ids": [_STOP]}})
    return changes


def dumped(value: Any) -> str:
    """As JSON, which CardKit takes as text inside of JSON."""
    return to_json(value).decode()


def _answer(text: str, *, markdown: bool) -> dict[str, Any]:
    if markdown:
        return {"tag": "markdown", "element_id": ANSWER, "content": text}
    return {"tag": "div", "text": {"tag": "plain_text", "element_id": ANSWER, "content": text}}


def _button(stop: Button, seal: Seal) -> dict[str, Any]:
    return {
        "tag": "button",
        "element_id": _STOP,
        "text": {"tag": "plain_text", "content": stop.text},
        "type": "default",
        "size": "small",
        "behaviors": [{"type": "callback", "value": seal.on(button_params(stop.action, stop.value))}],
    }


def _summary(text: str) -> str:
    """The first line with something in it, shortened: what the list of chats shows."""
    line = next((line.strip() for line in text.splitlines() if line.strip(" #>*-`|")), "")
    return line if len(line) <= _SUMMARY_LENGTH else f"{line[: _SUMMARY_LENGTH - 1]}…"
