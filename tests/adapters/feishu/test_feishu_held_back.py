"""A refusal for too much concerns the whole API, or the chat: the others that wait are not refused one by one."""

import asyncio

import pytest
from contract import until
from feishu_rig import Rig, text

OTHERS = 12


@pytest.mark.parametrize(("code", "status"), [(99991400, 400), (11232, 400), (99991400, 429)])
async def test_other_chats_wait_with_it(rig: Rig, code: int, status: int) -> None:
    adapter = await rig.start()
    refused = rig.feishu.faults.refuse_send(code, times=1, http_status=status)
    first = asyncio.create_task(adapter.send(rig.target(), text("first"), "k"))
    await until(lambda: adapter.caller.retries == 1)
    chats = [rig.feishu.private_chat(rig.feishu.add_user(f"U{number}"), rig.app) for number in range(OTHERS)]
    sends = [asyncio.create_task(adapter.send(rig.target(chat), text("hi"), chat.chat_id)) for chat in chats]
    await until(lambda: adapter.caller.pacer.waiting == OTHERS)
    assert len(rig.calls("/im/v1/messages")) == 1
    await asyncio.gather(first, *sends)
    assert len(rig.calls("/im/v1/messages")) == OTHERS + 2
    assert refused.hits == 1


async def test_a_chat_that_is_full_holds_up_itself_alone(rig: Rig) -> None:
    adapter = await rig.start()
    held: list[str] = []
    pause = adapter.caller.pacer.pause
    adapter.caller.pacer.pause = lambda key, seconds: (held.append(key), pause(key, seconds))[1]  # type: ignore[method-assign]
    rig.feishu.faults.refuse_send(230020)
    await adapter.send(rig.target(), text("hi"), "k")
    assert held == [f"chat:{rig.chat.chat_id}"]
    assert [message.text for message in rig.feishu.messages] == ["hi"]
