"""Many answers grow at once while everything goes wrong: each ends with all of its text, shown exactly once.

The seed is printed; CHAOS_SEED repeats a run, CHAOS_SECONDS makes it longer.
"""

import asyncio
import os
import random
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from runtime_world import account, counts, emulated, skill, until
from stream_writer import show_quickly

from imbridge import Bridge, Button, Card
from imbridge.adapters.feishu.sent import streaming
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.protocol import DeliveryState, Receipt

SECONDS = float(os.environ.get("CHAOS_SECONDS", "5"))
PEOPLE = 12
CARDS = "*/cardkit/v1/cards"
CONTENT, SETTINGS = f"{CARDS}/*/content", f"{CARDS}/*/settings"
MESSAGES, EDITS = "*/im/v1/messages*", "*/im/v1/messages/*"
ENDS = "(end)"
FRAMES = ("{} ", "{}\n", "\n\n{}\n", "```py\n{}\n```\n", "\n\na | b\n--|--\n{} | x\n\n")


@pytest.fixture
def chance(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    show_quickly(monkeypatch)
    monkeypatch.setattr(streaming, "_PATIENCE", 3.0)
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % (1 << 32))
    print(f"CHAOS_SEED={seed}")
    return random.Random(seed)


def _faults(feishu: FeishuEmulator, chance: random.Random) -> tuple[Callable[[], Any], ...]:
    faults = feishu.faults
    some = chance.randrange(1, 3)

    def one_card() -> Any:
        shown = [message for message in feishu.messages if message.entity is not None and message.entity.streaming]
        return chance.choice(shown) if shown else None

    def strike(act: Callable[[Any], Any]) -> Callable[[], Any]:
        return lambda: act(card) if (card := one_card()) is not None else None

    def forget_before_it_is_sent() -> None:
        cards = feishu.world.cards
        for card_id in [card_id for card_id, entity in cards._kept.items() if entity.message is None][-1:]:
            cards.forget(card_id)

    return (
        lambda: faults.lose_answer(CONTENT, some),
        lambda: faults.lose_answer(SETTINGS, some),
        lambda: faults.lose_answer(CARDS, some),
        lambda: faults.lose_answer(EDITS, some, method="PUT"),
        lambda: faults.cut_after_accept(some),
        lambda: faults.http_fail(
            chance.choice((CONTENT, SETTINGS, CARDS, MESSAGES)), chance.choice((500, 502, 504)), some
        ),
        lambda: faults.http_fail(CONTENT, 429, body='{"code":99991400,"msg":"too fast"}'),
        lambda: faults.refuse(CONTENT, chance.choice((300309, 300317, 200850, 200810)), some),
        lambda: (faults.refuse(CONTENT, 300309), faults.refuse(SETTINGS, 300317)),
        lambda: faults.refuse(CONTENT, chance.choice((200740, 200750, 200860, 300313))),
        lambda: faults.refuse(SETTINGS, chance.choice((200740, 300311))),
        lambda: faults.refuse(CARDS, chance.choice((200220, 230099))),
        forget_before_it_is_sent,
        lambda: faults.refuse(EDITS, 230072, method="PUT"),
        lambda: faults.http_delay(CONTENT, 0.2, some),
        faults.expire_tokens,
        strike(faults.stop_streaming),
        strike(lambda card: faults.stop_streaming(card, timed_out=True)),
        strike(faults.age_card),
        strike(faults.forget_card),
        strike(lambda card: faults.card_interacting(card, 0.2)),
    )


def words(text: str) -> list[str]:
    """What was said, whatever marks of code and tables stand around it."""
    return re.findall(r"\d+\.\d+|\(end\)|again \d+", text)


async def test_streams_and_cards_while_everything_fails(chance: random.Random) -> None:
    said: list[tuple[Receipt, list[str]]] = []

    async def answer(msg: Any) -> None:
        for turn in range(2):
            written = []
            async with msg.stream(markdown=chance.random() < 0.6) as out:
                for number in range(chance.randrange(5, 40)):
                    written.append(f"{turn}.{number}")
                    frame = chance.choice(FRAMES)
                    await out.write(frame.format(written[-1]) + "x" * chance.choice((0, 0, 5, 8_000)) + "\n")
                    await asyncio.sleep(chance.uniform(0, SECONDS / 40))
                written.append(ENDS)
                await out.write(ENDS)
            said.append((await out.finish(), written))
            card = await msg.reply(Card(title=f"again {turn}", body=[Button("ok")]))
            said.append((card, [f"again {turn}"]))

    async with emulated(history=50_000) as feishu:
        app = feishu.add_app()
        people = [feishu.add_user(f"U{number}") for number in range(PEOPLE)]
        async with Bridge([account(feishu, app)], skills=[skill(answer)]) as bridge:
            for who in people:
                await who.says("go")

            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                await asyncio.sleep(chance.uniform(0.01, 0.1))
                chance.choice(_faults(feishu, chance))()
            feishu.faults.clear()
            await until(lambda: len(said) == 4 * PEOPLE, timeout=30, what="every stream and card ends")
            assert counts(bridge)["failed"] == 0
        messages = {message.message_id: message for message in feishu.messages}
        told = [message_id for receipt, _ in said for message_id in receipt.message_ids]
        doubtful = 0
        for receipt, written in said:
            shown = [word for message_id in receipt.message_ids for word in words(messages[message_id].text)]
            if receipt.state in (DeliveryState.PARTIAL, DeliveryState.UNKNOWN):
                doubtful += 1
                assert receipt.error
                assert shown == written[: len(shown)]
            else:
                assert (receipt.state, receipt.error) == (DeliveryState.SENT, "")
                assert shown == written
        assert doubtful <= PEOPLE, "so many faults meet in one change only now and then"
        assert len(set(told)) == len(told)
        assert len(messages) - len(told) <= doubtful, "messages that nobody knows of are those in doubt"
        assert feishu.violations == []
        print(
            f"{len(messages)} messages for {2 * PEOPLE} streams, {doubtful} doubtful, {feishu.stats.refused} refusals"
        )
