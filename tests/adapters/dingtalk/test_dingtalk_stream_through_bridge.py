"""Growing answers through a whole bridge, over all that can happen to them: what was written is shown once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import pytest
from contract import until
from dingtalk_cards import CREATE, STREAM, UPDATE, card_calls, card_of, seen, texts
from dingtalk_rig import Rig

from imbridge import Bridge
from imbridge.emulators.dingtalk import User
from imbridge.protocol import DeliveryState, Message, Receipt

PIECES = [f"{number} " for number in range(12)]
WHOLE = "".join(PIECES)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imbridge.adapters.dingtalk.sent.ai_card.FASTEST", 0.02)


async def talk(
    rig: Rig,
    pieces: Iterable[str] = PIECES,
    *,
    who: User | None = None,
    trouble: dict[int, Callable[[], object]] | None = None,
    **settings: object,
) -> Receipt:
    """A skill streams these pieces as its answer; before some of them trouble comes."""
    done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    bridge = Bridge([rig.config(monthly_calls=0, **settings)])

    @bridge.on_message
    async def answer(msg: Message) -> None:
        async def parts() -> AsyncIterator[str]:
            for number, piece in enumerate(pieces):
                if trouble and number in trouble:
                    trouble[number]()
                yield piece
                await asyncio.sleep(0.05)

        done.set_result(await msg.reply(parts()))

    async with bridge:
        await (who or rig.alice).says("go", app=rig.app)
        return await asyncio.wait_for(done, 30)


def said(rig: Rig) -> str:
    """All that people read, in order."""
    return "".join(texts(rig)).replace(" ", "")


async def test_it_grows_in_one_card(rig: Rig) -> None:
    receipt = await talk(rig)
    assert receipt.state is DeliveryState.SENT
    assert receipt.degradations == ()
    assert texts(rig) == [WHOLE.strip()] or texts(rig) == [WHOLE]
    assert seen(rig).finished
    assert len(seen(rig).states) > 3
    assert receipt.message_id == seen(rig).out_track_id
    assert rig.ding.violations == []


async def test_where_there_is_no_card_it_is_one_message_at_the_end(rig: Rig) -> None:
    receipt = await talk(rig, stream_by="message")
    assert texts(rig) == [WHOLE] or texts(rig) == [WHOLE.strip()]
    assert rig.sent()[0].way == "session"
    assert receipt.state is DeliveryState.SENT
    assert [one.what for one in receipt.degradations] == ["stream"]


async def test_people_outside_get_one_message_at_the_end(rig: Rig) -> None:
    guest = rig.ding.add_user("Guest", external=True)
    calls = card_calls(rig)
    receipt = await talk(rig, who=guest)
    assert receipt.state is DeliveryState.SENT
    assert said(rig) == WHOLE.replace(" ", "")
    assert calls == []


async def test_an_answer_that_one_card_cannot_hold(rig: Rig) -> None:
    pieces = [f"{number:06} " for number in range(3000)]
    receipt = await talk(rig, ["".join(pieces[at : at + 500]) for at in range(0, len(pieces), 500)])
    assert receipt.state is DeliveryState.SENT
    assert len(texts(rig)) == 3
    assert said(rig) == "".join(pieces).replace(" ", "")
    assert all(card_of(message).finished for message in rig.sent())
    assert rig.ding.violations == []


class TestTrouble:
    """Before a piece; the text is shown whole, once, and its card does not stay open."""

    async def survives(self, rig: Rig, receipt: Receipt, *, messages: int = 1) -> None:
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == WHOLE.replace(" ", "")
        assert len(texts(rig)) == messages
        assert all(message.card is None or message.card.finished for message in rig.sent())

    async def test_the_answer_to_a_state_gets_lost(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={3: lambda: rig.ding.faults.cut_after_accept(STREAM)}))
        assert rig.ding.violations == []

    async def test_a_state_gets_lost(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={3: lambda: rig.ding.faults.cut_before(STREAM)}))

    async def test_the_answer_to_the_first_state_gets_lost(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={0: lambda: rig.ding.faults.cut_after_accept(CREATE)}))

    async def test_the_platform_has_a_bad_moment(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={3: lambda: rig.ding.faults.http_fail(STREAM, 503, 2)}))

    async def test_too_many_calls(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={3: lambda: rig.ding.faults.over_qps(STREAM, 2)}))

    async def test_too_many_calls_from_the_first_on(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={0: lambda: rig.ding.faults.over_qps("*", 2)}))

    async def test_the_token_expires(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={3: rig.ding.faults.expire_tokens}))

    async def test_the_connection_breaks(self, rig: Rig) -> None:
        await self.survives(rig, await talk(rig, trouble={3: lambda: rig.ding.faults.drop_connections(rig.app)}))

    async def test_somebody_else_finishes_the_card(self, rig: Rig) -> None:
        """What is left is said in a message of its own."""

        def finish() -> None:
            seen(rig).data["flowStatus"] = "3"

        receipt = await talk(rig, trouble={4: finish})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == WHOLE.replace(" ", "")

    async def test_the_months_calls_run_out(self, rig: Rig) -> None:
        """The rest goes by the session webhook, which counts against nothing."""
        receipt = await talk(rig, trouble={4: lambda: rig.ding.faults.over_month("/v1.0/*", None)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == WHOLE.replace(" ", "")
        assert [message.way for message in rig.sent()] == ["card", "session"]

    async def test_the_month_ran_out_before(self, rig: Rig) -> None:
        receipt = await talk(rig, trouble={0: lambda: rig.ding.faults.over_month("/v1.0/card/*", None)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == WHOLE.replace(" ", "")
        assert {message.way for message in rig.sent()} == {"session"}

    async def test_the_streaming_is_refused_and_the_rest_is_not(self, rig: Rig) -> None:
        receipt = await talk(rig, trouble={0: lambda: rig.ding.faults.refuse(STREAM, "param.invalid", None)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == WHOLE.replace(" ", "")
        await until(lambda: all(m.card is None or m.card.finished for m in rig.sent()), "the end of the card")

    async def test_cards_are_not_allowed(self, rig: Rig) -> None:
        code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
        receipt = await talk(rig, trouble={0: lambda: rig.ding.faults.refuse("/v1.0/card/*", code, None, status=403)})
        assert receipt.state is DeliveryState.SENT
        assert said(rig) == WHOLE.replace(" ", "")

    async def test_nobody_knows_whether_the_last_state_is_shown(self, rig: Rig) -> None:
        """It is not said a second time: the receipt says that it may be missing."""

        def lose() -> None:
            rig.ding.faults.cut_after_accept(STREAM, None)
            rig.ding.faults.cut_before(UPDATE, None)

        receipt = await talk(rig, trouble={11: lose}, send_timeout=0.5)
        assert receipt.state is DeliveryState.PARTIAL
        assert "may have arrived" in (receipt.error or "")
        assert len(texts(rig)) == 1


async def test_a_skill_that_fails_leaves_no_open_card(rig: Rig) -> None:
    bridge = Bridge([rig.config(monthly_calls=0)])

    @bridge.on_message
    async def answer(msg: Message) -> AsyncIterator[str]:
        yield "half a "
        raise RuntimeError("no more")

    async with bridge:
        await rig.alice.says("go", app=rig.app)
        await until(lambda: len(rig.sent()) == 2, "an apology")
        assert seen(rig).finished


async def test_a_stop_in_the_middle_says_that_it_stopped_there(rig: Rig) -> None:
    bridge = Bridge([rig.config(monthly_calls=0)])
    forever = asyncio.Event()

    @bridge.on_message
    async def answer(msg: Message) -> None:
        async with msg.stream() as stream:
            await stream.write("half of it")
            await forever.wait()

    await bridge.start()
    await rig.alice.says("go", app=rig.app)
    await until(lambda: texts(rig) == ["half of it"], "the first state")
    await bridge.stop(grace=0.1)
    assert seen(rig).finished
    assert texts(rig) == ["half of it\n\n⏹ 已中断 (interrupted)"]
