"""An answer that grows, while the platform takes nothing: it is kept, and said whole, once."""

import pytest
from outbox_world import hurried, soon_tired
from runtime_world import account, texts, until

from imbridge.protocol import DeliveryState, Receipt

PENDING, SENT, UNKNOWN = DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.UNKNOWN


@pytest.mark.parametrize("status", [429, 503])
async def test_what_cannot_begin_is_said_whole_and_later(feishu, status: int) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    receipts: list[Receipt] = []
    bridge, ends = hurried(account(feishu, app, send_timeout=0.2))

    @bridge.on_message
    async def answer(msg) -> None:
        stream = msg.stream()
        for number in range(5):
            await stream.write(f"{number} ")
            if number == 0:
                await until(lambda: failing.hits)
        receipts.append(await stream.finish())
        await msg.reply("done")

    failing = feishu.faults.http_fail("*/im/v1/messages*", status, times=None)
    async with bridge:
        await alice.says("go")
        await until(lambda: receipts)
        assert receipts[0].state is PENDING
        failing.clear()
        await until(lambda: len(ends) == 2)
    assert [text.strip() for text in texts(feishu)] == ["0 1 2 3 4", "done"]
    assert [end.state for end in ends] == [SENT] * 2
    assert {one.what for one in receipts[0].degradations} == {"stream"}  # a card that took too long is one more reason


async def test_what_may_have_begun_is_not_said_again_where_nobody_wants_that(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    receipts: list[Receipt] = []
    bridge, _ = hurried(account(feishu, app), on_unclear="at_most_once")

    @bridge.on_message
    async def answer(msg) -> None:
        stream = msg.stream()
        await stream.write("beginning")
        await until(lambda: failing.hits)
        receipts.append(await stream.finish())

    failing = feishu.faults.http_fail("*/im/v1/messages*", 503, times=None)
    async with bridge:
        soon_tired(bridge, "feishu:work")
        await alice.says("go")
        await until(lambda: receipts)
    assert receipts[0].state is UNKNOWN
    assert texts(feishu) == []
