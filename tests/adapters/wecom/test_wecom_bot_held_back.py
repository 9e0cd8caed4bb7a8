"""A refusal for too much holds up its conversation: what waits there is not refused one by one, and no other waits."""

import asyncio

from contract import until
from wecom_bot_rig import BotRig, text

from imbridge.adapters.wecom.bot.adapter import BotAdapter


async def test_its_conversation_waits_with_it(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked()
    await bot.send(target, text("answer"), "key")
    bots.platform.faults.refuse("aibot_send_msg", 45009)
    first = asyncio.create_task(bot.send(target, text("one"), "k1"))
    pacer = bot.speaker._caller._pacer
    await until(lambda: pacer.paused(f"minute:{target.channel.id}") > 0)
    behind = asyncio.create_task(bot.send(target, text("two"), "k2"))
    await until(lambda: pacer.waiting == 1)
    assert len(bots.bodies("aibot_send_msg")) == 1
    for task in (first, behind):
        task.cancel()
    await asyncio.wait((first, behind))
