"""The long connection: heartbeats, half-dead connections, acknowledgements that come late or not at all."""

import asyncio

import pytest
from contract import until
from wecom_bot_rig import BotRig, alone, text

from imbridge.adapters.base import Health
from imbridge.adapters.wecom.bot import calls, link, uploads
from imbridge.adapters.wecom.bot.adapter import _OPTIONS, BotAdapter
from imbridge.protocol import DeliveryError, File
from imbridge.rendering import PartKind
from imbridge.transport import HttpError, LinkOptions
from leap import Leap

QUICK = LinkOptions(ping_interval=0.1, ping_timeout=0.3)


async def beating(bots: BotRig, **settings: object) -> BotAdapter:
    """An adapter whose heart beats quickly."""
    bot = bots.make(options=QUICK, **settings)
    bot.driver.heartbeat_interval = 0.1
    await bot.start()
    return bot


async def test_it_pings(bots: BotRig) -> None:
    bot = await beating(bots)
    await until(lambda: bots.platform.stats.pings >= 3)
    assert bot.counters()["pongs"] >= 2
    assert bot.health is Health.UP
    assert bots.platform.stats.subscribes == 1


async def test_dead_after_two_missed_pings(bots: BotRig) -> None:
    """Although the network answers: the server has forgotten us."""
    bot = await beating(bots)
    bots.platform.faults.mute_pings(times=5)
    await until(lambda: bots.platform.stats.subscribes == 2, "a new connection")
    assert bot.counters()["watchdog_kills"] == 1
    assert any("heartbeat" in why for health, why in bots.health if health is Health.DOWN)


async def test_a_connection_on_which_nothing_comes_is_given_up(bots: BotRig) -> None:
    await beating(bots)
    with bots.platform.faults.half_open(bots.bot):
        await until(lambda: bots.platform.stats.subscribes == 2, "a new connection")
        await bots.asked("alive again")


def test_the_heartbeat_is_the_official_sdks() -> None:
    """A ping every 30 s; the second one that is missed ends it."""
    assert link.PING_INTERVAL == 30.0
    assert link.PING_INTERVAL < _OPTIONS.ping_timeout < 2 * link.PING_INTERVAL


async def test_a_slow_line_takes_a_chunk(bots: BotRig, leap: Leap) -> None:
    """700 KB take their time to leave: that is no broken connection."""
    assert _OPTIONS.send_timeout >= uploads._CHUNK_WITHIN
    bot = await bots.start()
    target = await bots.asked()
    bots.platform.faults.delay_acks(calls.ACK_WITHIN + 1, "aibot_upload_media_chunk")
    part = alone(PartKind.MEDIA, File(data=b"x" * 600_000, name="x.bin"))
    sending = asyncio.create_task(bot.send(target, part, "key"))
    for number in (1, 2):
        await until(lambda number=number: len(bots.bodies("aibot_upload_media_chunk")) == number, "a chunk")
        leap(calls.ACK_WITHIN + 1)
    await sending
    assert bots.shown() == ["[file: x.bin]"]
    assert bot.counters().get("acks_lost", 0) == 0


async def test_an_acknowledgement_that_does_not_come(bots: BotRig, leap: Leap) -> None:
    """The connection stays: what is lost is this one's answer."""
    bot = await bots.start()
    bots.chat.open_to.add(bots.bot)
    lost = bots.platform.faults.lose_acks("aibot_send_msg")
    with pytest.raises(DeliveryError, match="not acknowledged within") as caught:
        await leap.over(calls.ACK_WITHIN, bot.send(bots.target(), text("hi"), "key"), lambda: lost.hits)
    assert caught.value.ambiguous
    await bot.send(bots.target(), text("again"), "key")
    assert bots.platform.stats.subscribes == 1
    assert bot.counters()["acks_lost"] == 1


async def test_what_is_to_be_said_before_the_start_waits_for_it(bots: BotRig) -> None:
    """What the last process left: when it was refused instead, it was put off for longer after each kill."""
    bot = bots.make()
    bots.chat.open_to.add(bots.bot)
    sending = asyncio.create_task(bot.send(bots.target(), text("left over"), "key"))
    await asyncio.sleep(0.05)
    assert not sending.done()
    await bot.start()
    await sending
    assert bots.shown() == ["left over"]


async def test_what_is_to_be_said_without_any_start_is_told(bots: BotRig, leap: Leap) -> None:
    bot = bots.make()
    sending = asyncio.create_task(bot.send(bots.target(), text("hi"), "key"))
    await asyncio.sleep(0)
    with pytest.raises(DeliveryError, match=r"not begun \(the adapter is not started\) within send_timeout") as caught:
        await leap.over(bot.settings.send_timeout, sending, lambda: True)
    assert not caught.value.ambiguous


async def test_after_the_end_nothing_waits(bots: BotRig) -> None:
    bot = await bots.start()
    await bot.close()
    with pytest.raises(DeliveryError, match="there is no connection: it is closed"):
        await bot.send(bots.target(), text("too late"), "key")


async def test_an_answer_without_acknowledgement_is_given_again(bots: BotRig, leap: Leap) -> None:
    bot = await bots.start()
    target = await bots.asked()
    stream = bot.grow(markdown=True)
    await bot.send(target, alone(PartKind.CARD, await stream.open("one")), "key")
    lost = bots.platform.faults.lose_acks("aibot_respond_msg")
    await leap.over(calls.ACK_WITHIN, stream.show("one two"), lambda: lost.hits)
    await stream.close("one two three")
    (message,) = bots.platform.messages
    assert message.states == ["one", "one two", "one two three"]


async def test_many_conversations_at_once(bots: BotRig, bot: BotAdapter) -> None:
    """Each has its own commands on its way; nobody waits for somebody else's acknowledgement."""
    people = [bots.platform.add_user(f"P{number}") for number in range(30)]
    for person in people:
        await person.says(f"hi from {person.userid}", bot=bots.bot)
    await until(lambda: len(bots.intake.offered) == 30)
    bots.platform.faults.delay_acks(0.2)
    targets = [
        bots.target(bots.platform.single_chat(person, bots.bot), answers=inbound.item.id)
        for person, inbound in zip(people, bots.intake.offered, strict=True)
    ]
    sending = asyncio.gather(*(bot.send(target, text("answer"), target.channel.id) for target in targets))
    await until(lambda: len(bots.bodies("aibot_respond_msg")) == 30, "all of them, before the first acknowledgement")
    assert not sending.done()
    await sending
    assert bots.shown() == ["answer"] * 30
    assert bots.platform.violations == []


async def test_a_refused_handshake_is_tried_again(bots: BotRig) -> None:
    bots.platform.faults.refuse_handshakes(503)
    bot = await bots.start()
    assert bot.health is Health.UP
    assert not bot.driver.classify(HttpError("x", sent=True, status=503)).fatal


async def test_a_probe_does_not_take_the_bot_from_who_has_it(bots: BotRig, bot: BotAdapter) -> None:
    probe = await bots.make().probe()
    assert probe.ok
    assert "not checked" in probe.problems[0]
    assert bots.platform.stats.subscribes == 1
