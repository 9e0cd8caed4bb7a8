"""Numbered choices of a card that is taken back or changed: nobody answers what is not there."""

from typing import Any

import pytest
from runtime_world import account, emulated, until

from imbridge import Bridge, Button, ButtonClicked, Card, Message, Receipt

ASKED = Card(title="t", body=["x" * 40_000, Button("Yes", value=1), Button("No")])
"""Too long for a card: a text with numbers."""


@pytest.mark.parametrize("by", ["skill", "bridge"])
@pytest.mark.parametrize("how", ["recall", "edit", "neither"])
async def test_a_number_after_the_card_is_gone_is_a_message(by: str, how: str) -> None:
    told: list[Any] = []
    asked: list[Receipt] = []
    async with emulated() as feishu:
        alice, app = feishu.add_user("Alice"), feishu.add_app(name="Ann")
        bridge = Bridge([account(feishu, app, "ann")])

        @bridge.on_event(ButtonClicked)
        async def clicked(event: ButtonClicked) -> None:
            told.append(event.value)

        @bridge.on_message
        async def heard(msg: Message) -> None:
            if msg.text == "ask":
                asked.append(await msg.reply(ASKED))
            elif msg.text == "change":
                one = msg if by == "skill" else bridge
                if how == "recall":
                    assert await one.recall(asked[0])
                elif how == "edit":
                    assert await one.edit(asked[0], "Too late")
            told.append(msg.text)

        async with bridge:
            chat = feishu.private_chat(alice, app)
            for number, text in enumerate(("ask", "change", "1"), start=1):
                await alice.says(text, chat=chat)
                await until(lambda: len(told) == number)  # noqa: B023 - awaited in the turn
    assert asked[0].parts[-1].choices == ("Yes", "No")
    assert told == ["ask", "change", 1 if how == "neither" else "1"]
