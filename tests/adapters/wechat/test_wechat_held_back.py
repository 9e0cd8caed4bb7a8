"""A refusal for too much holds up all messages of the account: they are not refused one by one."""

import asyncio

from contract import until
from wechat_rig import Rig, text

from imbridge.adapters.base import Target

OTHERS = 8


async def test_other_followers_wait_with_it(rig: Rig) -> None:
    adapter = await rig.start()
    followers = [rig.wechat.add_follower(f"F{number}") for number in range(OTHERS)]
    refused = rig.wechat.faults.refuse_send(-1)
    before = len(rig.calls("/custom/send"))
    first = asyncio.create_task(adapter.send(rig.target(), text("first"), "k"))
    await until(lambda: adapter.api.caller.retries == 1)
    sends = [asyncio.create_task(adapter.send(Target(rig.channel(one)), text("hi"), one.openid)) for one in followers]
    await until(lambda: adapter.api.caller.pacer.waiting == OTHERS)
    assert len(rig.calls("/custom/send")) - before == 1
    for task in (first, *sends):
        task.cancel()
    await asyncio.wait((first, *sends))
    assert refused.hits == 1
