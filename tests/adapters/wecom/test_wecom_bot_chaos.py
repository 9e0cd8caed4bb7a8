"""A conversation over a connection that breaks in every way there is: each answer is there, once."""

import random

import pytest
from contract import until
from wecom_bot_rig import BotRig

from imbridge import Bridge
from imbridge.adapters.wecom.bot import calls
from imbridge.protocol import DeliveryState, Message, Receipt


@pytest.mark.parametrize("seed", range(2))
async def test_every_answer_once(bots: BotRig, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams have ids of ours, so that what may have arrived can be said again without harm."""
    monkeypatch.setattr(calls, "ACK_WITHIN", 0.2)
    faults, bot = bots.platform.faults, bots.bot
    troubles = [
        lambda: faults.drop_connections(bot),
        lambda: faults.cut_after_accept("aibot_respond_msg"),
        lambda: faults.lose_acks("aibot_respond_msg"),
        lambda: faults.forget_subscription(bot),
        lambda: faults.refuse("aibot_respond_msg", -1),
        lambda: faults.refuse_handshakes(503),
        lambda: None,
    ]
    chance = random.Random(seed)
    heard: list[str] = []
    receipts: list[Receipt] = []
    bridge = Bridge([bots.config()])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        heard.append(msg.text)
        chance.choice(troubles)()
        receipts.append(await msg.reply(f"answer to {msg.text}"))

    async with bridge:
        for number in range(6):
            await until(lambda: bots.platform.subscribed(bot), "a subscription", timeout=15)
            await bots.alice.says(f"m{number}", bot=bot)
            await until(lambda number=number: len(receipts) > number, "an answer", timeout=15)
    assert [receipt.state for receipt in receipts] == [DeliveryState.SENT] * 6
    assert bots.shown() == [f"answer to m{number}" for number in range(6)]
    assert bots.platform.violations == []
