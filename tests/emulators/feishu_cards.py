"""Cards and CardKit calls that several test files use."""

import json
from typing import Any

from feishu_raw_client import Answer, Bot


def markdown(content: str, element_id: str = "md") -> dict[str, Any]:
    return {"tag": "markdown", "content": content, "element_id": element_id}


def card(*elements: dict[str, Any], title: str = "", streaming: bool = False, **config: Any) -> dict[str, Any]:
    """A 2.0 card."""
    made: dict[str, Any] = {"schema": "2.0", "config": {"streaming_mode": streaming, **config}}
    if title:
        made["header"] = {"title": {"tag": "plain_text", "content": title}}
    return {**made, "body": {"elements": list(elements)}}


def button(text: str, value: Any = None, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"tag": "button", "text": {"tag": "plain_text", "content": text}, **fields}
    if value is not None:
        made["behaviors"] = [{"type": "callback", "value": value}]
    return made


class CardBot:
    """A bot that works on one card entity and counts its sequence."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.card_id = ""
        self.sequence = 0

    async def create(self, content: dict[str, Any]) -> str:
        answer = await self.bot.call(
            "POST", "cardkit/v1/cards", {"type": "card_json", "data": json.dumps(content, ensure_ascii=False)}
        )
        assert answer.code == 0, answer.body
        self.card_id = answer.data["card_id"]
        return self.card_id

    async def send(self, chat_id: str, **fields: Any) -> Answer:
        return await self.bot.send(chat_id, reference(self.card_id), msg_type="interactive", **fields)

    async def change(self, method: str, path: str, **body: Any) -> Answer:
        """One operation below `cards/:card_id`, with the next sequence unless one is given."""
        if "sequence" not in body:
            self.sequence += 1
            body["sequence"] = self.sequence
        return await self.bot.call(method, f"cardkit/v1/cards/{self.card_id}{path}", body)

    async def text(self, content: str, element_id: str = "md", **body: Any) -> Answer:
        return await self.change("PUT", f"/elements/{element_id}/content", content=content, **body)

    async def settings(self, **config: Any) -> Answer:
        return await self.change("PATCH", "/settings", settings=json.dumps({"config": config}))

    async def replace(self, content: dict[str, Any]) -> Answer:
        return await self.change("PUT", "", card={"type": "card_json", "data": json.dumps(content)})


def reference(card_id: str) -> dict[str, Any]:
    return {"type": "card", "data": {"card_id": card_id}}
