"""Numbered choices over an inbox that takes its time."""

import asyncio
from typing import Any

from runtime_world import account, emulated, until

from imbridge import Bridge, Button, ButtonClicked, Card, Message
from imbridge.storage import InboxEntry, MemoryStorage

ASKED = Card(title="t", body=["x" * 40_000, Button("Yes", value=1), Button("No")])
"""Too long for a card: a text with numbers."""


class Slow(MemoryStorage):
    """Takes in nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[InboxEntry, asyncio.Future[bool]]] = []

    def add_inbound(self, entry: InboxEntry) -> asyncio.Future[bool]:
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append((entry, stored))
        return stored

    def take(self) -> None:
        waiting, self.waiting = self.waiting, []
        for entry, stored in waiting:
            stored.set_result(super().add_inbound(entry).result())


async def test_two_numbers_at_once_are_one_choice() -> None:
    told: list[Any] = []
    storage = Slow()
    async with emulated() as feishu:
        alice, app = feishu.add_user("Alice"), feishu.add_app(name="Ann")
        bridge = Bridge([account(feishu, app, "ann")], storage=storage)

        @bridge.on_event(ButtonClicked)
        async def clicked(event: ButtonClicked) -> None:
            told.append(event.value)

        @bridge.on_message
        async def heard(msg: Message) -> None:
            told.append(msg.text)

        async with bridge:
            chat = feishu.private_chat(alice, app)
            assert await bridge.send(f"feishu:ann/private/{chat.chat_id}", ASKED)
            for text in ("1", "2"):
                await alice.says(text, chat=chat)
            await until(lambda: len(storage.waiting) == 2)
            storage.take()
            await until(lambda: len(told) == 2)
    assert sorted(told, key=str) == [1, "2"]
