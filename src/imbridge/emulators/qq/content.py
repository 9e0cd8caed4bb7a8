"""What a message of a robot says, and whether the robot may say it.

Rules: bot-docs, `server-inter/message/type/*.md`, `trans/msg-btn.md`, and the list of error codes.
"""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.qq.bot import Bot
    from imbridge.emulators.qq.world import World

URL = re.compile(r"https?://([^\s/:?#<>()\[\]\"']+)", re.IGNORECASE)
BARE = re.compile(
    r"(?<![\w@./-])((?:[a-z0-9-]+\.)+(?:com|cn|net|org|io|top|xyz|cc|me|dev|app))(?![\w-])", re.IGNORECASE
)
ROWS = 5
BUTTONS = 5
ACTIONS = (0, 1, 2)
PERMISSIONS = (0, 1, 2, 3)


@dataclass(slots=True)
class Content:
    """What a message says.

    Attributes:
        kind: text, markdown, ark, embed, media, image.
        text: What a person reads.
        keyboard: The rows of its buttons.
    """

    kind: str
    text: str
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)


def read_markdown(bot: "Bot", body: Mapping[str, Any]) -> Content:
    """The Markdown of a message, with its buttons.

    Raises:
        ApiError: It is not right, or not allowed.
    """
    markdown = body.get("markdown")
    if not isinstance(markdown, dict):
        raise ApiError(50041)
    content = markdown.get("content")
    template = markdown.get("custom_template_id") or markdown.get("template_id")
    if content and template:
        raise ApiError(50057)
    if template:
        text = _filled(bot, str(template), markdown.get("params"))
    else:
        if not isinstance(content, str) or not content.strip():
            raise ApiError(50041)
        if not bot.markdown:
            raise ApiError(50056)
        text = content
    return Content("markdown", text, read_keyboard(bot, body.get("keyboard")))


def read_keyboard(bot: "Bot", keyboard: Any) -> list[list[dict[str, Any]]]:
    """The rows of buttons; none if there is no keyboard.

    Raises:
        ApiError: They are not right, or not allowed.
    """
    if keyboard is None:
        return []
    if not isinstance(keyboard, dict):
        raise ApiError(304040)
    if keyboard.get("id"):
        content: Any = bot.keyboards.get(str(keyboard["id"]))
        if content is None:
            raise ApiError(304038)
    else:
        content = keyboard.get("content")
        if not bot.keyboard:
            raise ApiError(304037)
    rows = content.get("rows") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= ROWS:
        raise ApiError(304040, f"keyboard content error: 1 to {ROWS} rows")
    found = []
    for row in rows:
        buttons = row.get("buttons") if isinstance(row, dict) else None
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS:
            raise ApiError(304040, f"keyboard content error: 1 to {BUTTONS} buttons in a row")
        for button in buttons:
            _check_button(button)
        found.append(list(buttons))
    ids = [button["id"] for row in found for button in row if button.get("id")]
    if len(ids) != len(set(ids)):
        raise ApiError(304040, "keyboard content error: a button's id is there twice")
    return found


def read_ark(bot: "Bot", ark: Any) -> Content:
    """An ark message.

    Raises:
        ApiError: It is not right, or not allowed.
    """
    if not bot.ark:
        raise ApiError(304004)
    if not isinstance(ark, dict) or not isinstance(ark.get("template_id"), int) or not isinstance(ark.get("kv"), list):
        raise ApiError(12002, "request invalid: an ark has template_id and kv")
    texts = [str(pair.get("value") or "") for pair in _objects(ark["kv"])]
    for pair in _objects(ark["kv"]):
        texts += [_joined(item) for item in _objects(pair.get("obj"))]
    return Content("ark", "\n".join(text for text in texts if text))


def read_embed(embed: Any) -> Content:
    """An embed.

    Raises:
        ApiError: It is not right.
    """
    if not isinstance(embed, dict) or not embed.get("title"):
        raise ApiError(12002, "request invalid: an embed has a title")
    lines = [str(embed["title"]), *(str(one.get("name", "")) for one in _objects(embed.get("fields")))]
    return Content("embed", "\n".join(lines))


def check_urls(world: "World", bot: "Bot", text: str) -> None:
    """Refuses text with the address of a host that the robot has not registered.

    Raises:
        ApiError: There is one: 304003.
    """
    if "*" in bot.urls:
        return
    hosts = URL.findall(text)
    if world.settings.bare_urls:
        hosts += BARE.findall(URL.sub("", text))
    for host in hosts:
        if not any(fnmatch.fnmatchcase(host.lower(), pattern) for pattern in bot.urls):
            raise ApiError(304003, f"url not allowed: {host}")


def _objects(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _joined(item: Mapping[str, Any]) -> str:
    return " ".join(str(one.get("value", "")) for one in _objects(item.get("obj_kv")))


def _filled(bot: "Bot", template: str, params: Any) -> str:
    known = bot.templates.get(template)
    if known is None:
        raise ApiError(304036 if not bot.templates else 304011)
    values: dict[str, str] = {}
    for param in _objects(params):
        filled = param.get("values")
        if not isinstance(filled, list) or not filled or not param.get("key"):
            raise ApiError(50054)
        if any(not str(value) for value in filled):
            raise ApiError(50041)
        values[str(param["key"])] = "\n".join(str(value) for value in filled)
    return re.sub(r"\{\{\.(\w+)\}\}", lambda found: values.get(found[1], ""), known)


def _check_button(button: Any) -> None:
    action = button.get("action") if isinstance(button, dict) else None
    render = button.get("render_data") if isinstance(button, dict) else None
    label = render.get("label") if isinstance(render, dict) else None
    if not label or not isinstance(action, dict) or action.get("type") not in ACTIONS:
        raise ApiError(304040, "keyboard content error: a button has a label and an action type 0 to 2")
    permission = action.get("permission")
    if not isinstance(permission, dict) or permission.get("type") not in PERMISSIONS:
        raise ApiError(304040, "keyboard content error: a button has a permission type 0 to 3")
    if not isinstance(action.get("data"), str):
        raise ApiError(304040, "keyboard content error: a button has data")
