"""Clicks that are not to be believed: no skill hears of them, and whoever clicked is told."""

import logging
from typing import Any

import pytest
from runtime_world import chat, counts, until

from imbridge import BridgeOptions, Button, ButtonClicked, Card, Toast
from imbridge.config.options import Language
from imbridge.skills import event_skill

ASKED = Card(title="Deploy?", body=[Button("Yes", action="approve", value="v1")])
FORGED = {"imbridge": "approve", "value": "v2", "seal": "forged-forged-xx"}


@pytest.mark.parametrize(
    ("language", "words"),
    [(Language.ENGLISH, "This card is no longer valid."), (Language.CHINESE, "此卡片已失效。")],
)
async def test_a_forged_click_reaches_no_skill_and_is_told(language: Language, words: str, caplog: Any) -> None:
    async def clicked(event: ButtonClicked) -> Toast:
        seen.append(event)
        return Toast("Done")

    seen: list[ButtonClicked] = []
    options = BridgeOptions(language=language)
    async with chat(event_skill(clicked, ButtonClicked, name="clicked"), options=options) as room:
        user = room.user._user
        private = room.feishu.private_chat(user, room.user._bot)
        assert await room.bridge.send(f"feishu:test/private/{private.chat_id}", ASKED)
        message = room.feishu.messages[-1]
        with caplog.at_level(logging.WARNING):
            for value in (FORGED, FORGED, {"imbridge": "secret-words"}):
                answer = await room.feishu.clicks(user, message, value)
                assert answer == {"toast": {"type": "info", "content": words}}
        assert (await room.feishu.clicks(user, message, button="Yes"))["toast"]["content"] == "Done"
        await until(lambda: seen)
        assert [(event.value, event.verified) for event in seen] == [("v1", True)]
        assert counts(room.bridge)["clicks_refused"] == 3
    told = [record.getMessage() for record in caplog.records if "a click came" in record.getMessage()]
    assert len(told) == 2  # once for each reason
    assert all(line.startswith("feishu:test: ") for line in told)
    assert not any("secret-words" in line or "forged-forged" in line for line in told)


async def test_who_leaves_our_form_away_to_forge_reaches_no_skill(caplog: Any) -> None:
    """Without its `imbridge` a click is of a card in the platform's own JSON: only who has such cards hears of it."""

    async def clicked(event: ButtonClicked) -> Toast:
        seen.append(event)
        return Toast("Done")

    seen: list[ButtonClicked] = []
    async with chat(event_skill(clicked, ButtonClicked, name="clicked")) as room:
        user = room.user._user
        private = room.feishu.private_chat(user, room.user._bot)
        assert await room.bridge.send(f"feishu:test/private/{private.chat_id}", ASKED)
        message = room.feishu.messages[-1]
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                await room.feishu.clicks(user, message, {"action": "approve", "value": "v2"})
        await until(lambda: counts(room.bridge)["clicks_unverified"] == 2)
    assert seen == []
    told = [record.getMessage() for record in caplog.records if "carries no seal" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("feishu:test: ")
    assert "v2" not in told[0]
