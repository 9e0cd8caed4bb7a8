"""People who use template cards.

Rule: https://developer.work.weixin.qq.com/document/path/90376 (`template_card_event`, `template_card_menu_event`).
Every click has a `ResponseCode` of its own, good for one change of the card in 72 hours.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.wecom.message import AppMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World


@dataclass(slots=True)
class ResponseCode:
    """A code for one change of a card."""

    message: AppMessage
    expires: float
    used: bool = False


class CardClicks:
    """The codes, and the clicks that make them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.codes: Newest[str, ResponseCode] = Newest(world.settings.history)

    def new_code(self, message: AppMessage) -> str:
        """A `response_code` for a card."""
        world = self._world
        code = world.ids.text("response_code", 48)
        self.codes[code] = ResponseCode(message, time.monotonic() + world.settings.response_code_lifetime)
        return code

    def click(self, user: "User", message: AppMessage, key: str, selected: Mapping[str, Sequence[str]]) -> SentMessage:
        """`template_card_event`."""
        card = _shown(user, message)
        questions = _questions(card)
        items = []
        for question, options in selected.items():
            known = questions.get(question)
            if known is None:
                raise ValueError(f"the card asks nothing with the key {question!r}, but {sorted(questions)}")
            ids = [known.get(option, option) for option in options]
            wrong = [option for option in ids if option not in known.values()]
            if wrong:
                raise ValueError(f"{question!r} has no options {wrong}, but {known}")
            items.append({"QuestionKey": question, "OptionIds": {"OptionId": ids}})
        buttons = _buttons(card)
        keys = [own for own, _ in buttons]
        key = key or (keys[0] if len(keys) == 1 else "")
        if key not in keys:
            key = next((own for own, text in buttons if text == key), key)
        if key not in keys:
            raise ValueError(f"the card has no button {key!r}, but {buttons}")
        extra = {"SelectedItems": {"SelectedItem": items}} if items else {}
        return self._push(user, message, card, "template_card_event", key, extra)

    def click_menu(self, user: "User", message: AppMessage, key: str) -> SentMessage:
        """`template_card_menu_event`."""
        card = _shown(user, message)
        keys = [item.get("key") for item in (card.get("action_menu") or {}).get("action_list", ())]
        if key not in keys:
            raise ValueError(f"the card's menu has no item {key!r}, but {keys}")
        return self._push(user, message, card, "template_card_menu_event", key, {})

    def _push(
        self, user: "User", message: AppMessage, card: dict[str, Any], event: str, key: str, extra: dict[str, Any]
    ) -> SentMessage:
        app = self._world.the_app(message.app)
        code = self.new_code(message)
        self._world.clicked[code] = message
        fields = {
            "ToUserName": app.corp_id,
            "FromUserName": user.userid,
            "CreateTime": int(time.time()),
            "MsgType": "event",
            "Event": event,
            "EventKey": key,
            # A card that took another one's place has none of its own: that it keeps the first one's is unverified.
            "TaskId": card.get("task_id") or message.content.get("task_id", ""),
            "CardType": card.get("card_type", ""),
            "ResponseCode": code,
            "AgentID": app.agent_id,
            **extra,
        }
        return self._world.callbacks.push(app, fields, user=user)


def _shown(user: "User", message: AppMessage) -> dict[str, Any]:
    if message.kind != "template_card" or user not in message.recipients:
        raise ValueError(f"{user!r} sees no card in {message!r}")
    if message.recalled:
        raise ValueError("the card was recalled")
    if user.userid in message.replaced:
        raise ValueError(f"the card's buttons are {message.replaced[user.userid]!r} now")
    return message.card_of(user.userid)


def _buttons(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The key of each, and what stands on it."""
    buttons = [button for button in card.get("button_list") or () if button.get("type", 0) == 0]
    buttons += [submit] if (submit := card.get("submit_button")) else []
    return [(button["key"], button.get("text", "")) for button in buttons]


def _questions(card: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The ids of the options by their texts, by the key of their question."""
    asked = [*(card.get("select_list") or ())]
    asked += [card[name] for name in ("button_selection", "checkbox") if card.get(name)]
    return {one["question_key"]: {each["text"]: each["id"] for each in one.get("option_list") or ()} for one in asked}
