"""What a smart bot remembers of messages is bounded, however many come."""

import asyncio

import pytest
from contract import until
from wecom_bot_rig import BotRig
from wecom_bot_talk import echo, talking

from imbridge.adapters.base import Inbound, Verdict
from imbridge.adapters.wecom.bot import downloads, response_urls, ways, webhook
from imbridge.adapters.wecom.bot.callback_adapter import BotCallbackAdapter
from imbridge.adapters.wecom.bot.frames import MESSAGE, Frame


class Everything:
    """An inbox that takes everything and keeps nothing."""

    def offer(self, inbound: Inbound) -> "asyncio.Future[Verdict]":
        taken: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        taken.set_result(Verdict.ACCEPTED)
        return taken


async def test_over_the_long_connection(bots: BotRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_MOST", 100)
    monkeypatch.setattr(downloads, "_MOST", 50)
    bot = await bots.start(intake=Everything())
    for number in range(1000):
        image = {"url": "https://media.example/1", "aeskey": "k"}
        body = {"msgid": f"m{number}", "from": {"userid": f"u{number}"}, "msgtype": "image", "image": image}
        await bot._callback(Frame(MESSAGE, f"r{number}", body))
        await asyncio.sleep(0)
    await until(lambda: bot.counters()["accepted"] == 1000)
    assert len(bot.speaker.ways._ways) == 100
    assert bot.speaker.ways.find("m999") is not None
    assert bot.speaker.ways.find("m0") is None
    assert len(bot.downloads._places) == 50


async def test_over_callbacks(bots: BotRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_MOST_TURNS", 5)
    monkeypatch.setattr(response_urls, "_MOST", 5)
    async with talking(bots, echo) as talk:
        for number in range(12):
            await bots.alice.says(f"m{number}", bot=bots.bot)
            await bots.alice.receives(f"echo m{number}", bot=bots.bot)
        (adapter,) = talk.bridge._accounts.values()
        assert isinstance(adapter, BotCallbackAdapter)
        assert len(adapter.webhook._turns) == len(adapter.webhook._streams) == 5
        assert len(adapter.response_urls._by_item) == 5
        assert len(adapter.response_urls._newest) == 1
