"""People press the buttons of cards; the app is told and answers.

Source: open.dingtalk.com, "事件回调" (event-callback-card): the request, its two ways (STREAM, HTTP), the signature
of the second one, the answer, and the two seconds for it; the fields beside the documented ones are those that
"卡片回调" in the tutorial of the Python SDK shows. Over the stream the answer stands in `response`.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import aiohttp

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.dingtalk.card_fields import UNION_IDS
from imbridge.emulators.dingtalk.cards import Card
from imbridge.emulators.dingtalk.frame import CARD_TOPIC, now_ms
from imbridge.emulators.dingtalk.message import BotMessage

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

ANSWER_FIELDS = frozenset({"cardData", "userPrivateData", "cardUpdateOptions"})


class CardClicks:
    """Clicks of all people."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def click(
        self, user: "User", message: BotMessage, action_id: str, values: Mapping[str, Any], timeout: float
    ) -> dict[str, Any]:
        """Somebody presses a button; returns what the app answered, `{}` for nothing.

        Args:
            user: Who.
            message: A card that they see.
            action_id: The button's id.
            values: Its parameters (`params`).
            timeout: Seconds to wait for the answer; the platform itself waits `settings.card_callback_timeout`, and
                what comes later changes nothing.

        Raises:
            ValueError: It is no card, or they do not see it.
            TimeoutError: No answer came within `timeout` seconds.
        """
        card = message.card
        if card is None or user not in message.recipients:
            raise ValueError(f"{user!r} sees no such card: {message!r}")
        world = self._world
        if not card.callback_type:
            world.violation("card_without_callback", f"{card.out_track_id} was created without callbackType")
            return {}
        world.stats.card_clicks += 1
        data = self._data(user, message, card, action_id, values)
        started = asyncio.get_running_loop().time()
        async with asyncio.timeout(timeout):
            ask = self._by_stream if card.callback_type == "STREAM" else self._by_http
            answer = await ask(card, data)
        if answer is None:
            world.stats.card_clicks_unheard += 1
            return {}
        took = asyncio.get_running_loop().time() - started
        if took > world.settings.card_callback_timeout:
            limit = world.settings.card_callback_timeout
            world.violation("card_callback_late", f"{card.out_track_id}: answered after {took:.1f} s, not {limit:g} s")
            return answer
        self._apply(user, card, answer)
        return answer

    def _data(
        self, user: "User", message: BotMessage, card: Card, action_id: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        content = dump({"cardPrivateData": {"actionIds": [action_id], "params": dict(values)}})
        chat = message.chat
        return {
            "extension": "{}",
            "corpId": self._world.corp_id,
            "spaceType": "im",
            "userIdType": card.user_id_type,
            "type": "actionCallback",
            "userId": key_of(card, user),
            "content": content,
            "spaceId": chat.open_conversation_id if chat is not None else self._world.single_chat(card.app, user),
            "outTrackId": card.out_track_id,
            "value": content,
        }

    async def _by_stream(self, card: Card, data: dict[str, Any]) -> dict[str, Any] | None:
        push = self._world.pushes.callback(card.app, CARD_TOPIC, data)
        if push is None:
            self._world.violation("card_callback_unheard", f"no connection has subscribed to {CARD_TOPIC}")
            return None
        ack = await asyncio.shield(push.answer)
        if ack is None or ack.code != 200:
            return None
        if not ack.data:
            return {}
        answer = ack.data.get("response")
        if "response" not in ack.data or not isinstance(answer, dict | str | None):
            self._world.violation("card_answer", f"{card.out_track_id}: the answer has no object in `response`")
            return {}
        return answer if isinstance(answer, dict) else {}

    async def _by_http(self, card: Card, data: dict[str, Any]) -> dict[str, Any] | None:
        route = self._world.cards.routes.get((card.app.client_id, card.route_key))
        if route is None:
            self._world.violation("card_route_unknown", f"{card.out_track_id}: callbackRouteKey is not registered")
            return None
        url, secret = route
        timestamp = str(now_ms())
        headers = {"Content-Type": "application/json"}
        if secret:
            digest = hmac.new(secret.encode(), timestamp.encode(), hashlib.sha256).digest()
            headers["x-ddpaas-signature-timestamp"] = timestamp
            headers["x-ddpaas-signature"] = base64.b64encode(digest).decode()
        known = {"type", "outTrackId", "corpId", "userId", "content"}
        body = dump({name: value for name, value in data.items() if name in known})
        if self._world.wire:
            self._world.wire.tell("out", "callback", {"clientId": card.app.client_id, "data": data})
        timeout = aiohttp.ClientTimeout(total=self._world.settings.card_callback_timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=body.encode(), headers=headers, allow_redirects=False) as response,
            ):
                text = await response.text()
                answer = json.loads(text or "{}") if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def _apply(self, user: "User", card: Card, answer: Mapping[str, Any]) -> None:
        """Changes the card as the answer says."""
        world = self._world
        unknown = sorted(set(answer) - ANSWER_FIELDS)
        if unknown:
            world.violation(
                "card_answer", f"{card.out_track_id}: the answer has {', '.join(unknown)}, which do nothing"
            )
        options = answer.get("cardUpdateOptions") or {}
        public, private = self._map(card, answer, "cardData"), self._map(card, answer, "userPrivateData")
        if public is not None:
            card.put(public, by_key=options.get("updateCardDataByKey") is True)
        if private is not None:
            by_key = options.get("updatePrivateDataByKey") is True
            card.put_private(key_of(card, user), private, by_key=by_key)
        if public is not None or private is not None:
            card.note()

    def _map(self, card: Card, answer: Mapping[str, Any], name: str) -> dict[str, str] | None:
        holder = answer.get(name)
        values = holder.get("cardParamMap") if isinstance(holder, Mapping) else None
        if holder is None or values is None:
            return None
        if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
            self._world.violation("card_value_no_string", f"{card.out_track_id}: {name} of the answer to a click")
            return None
        return dict(values)


def key_of(card: Card, user: "User") -> str:
    """The id of somebody as the card uses them."""
    return user.union_id if card.user_id_type == UNION_IDS else user.userid or user.dingtalk_id
