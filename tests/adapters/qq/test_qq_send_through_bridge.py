"""What a skill says, through a whole bridge: plans, receipts, and a process that dies between two answers."""

import asyncio
from typing import Any

import pytest
from contract import until
from qq_rig import Rig

from imbridge import Bridge
from imbridge.emulators.qq import Group
from imbridge.protocol import DeliveryState, Image, Message, Receipt

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


def chapters(count: int) -> list[Any]:
    """So many texts, each with a picture of its own."""
    return [one for number in range(count) for one in (f"# {number}\n{'x' * 300}", Image(data=PNG + bytes([number])))]


async def answered(rig: Rig, reply: Any, chat: Group | None = None, **settings: Any) -> Receipt:
    """A skill answers so; the receipt."""
    done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    bridge = Bridge([rig.config(**settings)])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        done.set_result(await msg.reply(reply))

    async with bridge:
        await rig.alice.says("go", bot=rig.bot, chat=chat, mentions=() if chat is None else (rig.bot,))
        return await asyncio.wait_for(done, 30)


async def test_a_reply_of_eight_parts_fits_into_four_answers(rig: Rig) -> None:
    receipt = await answered(rig, chapters(4))
    assert receipt.state is DeliveryState.SENT
    assert len(receipt.message_ids) == 4
    assert [(one.what, one.how) for one in receipt.degradations] == [("parts", "8 as 4 messages")]
    said = "\n".join(message.text for message in rig.sent())
    assert [line for line in said.splitlines() if line.startswith("#")] == [f"# {number}" for number in range(4)]
    assert rig.qq.violations == []


async def test_in_a_group_it_quotes_and_fits_into_five(rig: Rig, team: Group) -> None:
    receipt = await answered(rig, [f"{number}" if number else "first" for number in range(9)], team)
    assert receipt.state is DeliveryState.SENT  # texts side by side are one message
    assert rig.sent()[0].quotes.startswith("REFIDX_")
    receipt = await answered(rig, chapters(5), team)
    assert len(receipt.message_ids) == 5


async def test_several_replies_use_up_the_answers_and_the_last_one_is_told(rig: Rig, team: Group) -> None:
    receipts: list[Receipt] = []
    bridge = Bridge([rig.config()])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        receipts.extend([await msg.reply(f"{number}") for number in range(6)])

    async with bridge:
        await rig.alice.says("go", chat=team, mentions=[rig.bot])
        await until(lambda: len(receipts) == 6)
    assert [receipt.state for receipt in receipts] == [DeliveryState.SENT] * 5 + [DeliveryState.FAILED]
    assert receipts[-1].code == 40034102
    assert "on_missed_window: push_or_wait" in receipts[-1].error


@pytest.mark.parametrize("passed", [True, False])
async def test_the_receipt_says_what_came_of_an_audit(rig: Rig, passed: bool) -> None:
    rig.bot.audit = True
    channel = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel("talk")
    done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    bridge = Bridge([rig.config()])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        done.set_result(await msg.reply("hello"))

    async with bridge:
        await rig.alice.says("go", chat=channel, mentions=[rig.bot])
        await until(lambda: rig.qq.pending_audits)
        message = rig.qq.pending_audits[0]
        (rig.qq.happenings.audit_passed if passed else rig.qq.happenings.audit_rejected)(message)
        receipt = await asyncio.wait_for(done, 30)
    assert receipt.state is (DeliveryState.SENT if passed else DeliveryState.FAILED)
    assert receipt.message_ids == ((message.id,) if passed else ())
