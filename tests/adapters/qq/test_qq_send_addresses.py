"""Addresses that are not registered: written as text, told, and remembered."""

import pytest
from qq_rig import Rig
from qq_saying import guild_channel, hears, say, target

from imbridge.adapters.notes import MemoryNotes
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.addresses import Addresses
from imbridge.protocol import DeliveryError, Markdown


@pytest.fixture
async def strict(rig: Rig) -> QQAdapter:
    rig.bot.urls = ("good.example", "*.good.example")
    adapter = await rig.start()
    await hears(rig)
    return adapter


async def test_it_is_sent_as_text(rig: Rig, strict: QQAdapter) -> None:
    kinds, changed = await say(strict, rig.target(), "see https://www.bad.com/a?b=c, or not")
    assert (kinds, changed) == (["text"], ["link"])
    assert rig.sent()[0].text == "see www。bad。com/a?b=c, or not"


async def test_links_of_markdown_and_pictures(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), Markdown("**see** [there](https://bad.com/x) ![](https://bad.com/y.png)"))
    assert rig.sent()[0].text == "**see** there (bad。com/x) bad。com/y.png"


async def test_names_of_hosts_without_a_scheme(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), "bad.com and file.txt")
    assert rig.sent()[0].text == "bad。com and file.txt"


async def test_whatever_looks_like_one(rig: Rig, strict: QQAdapter) -> None:
    rig.qq.faults.refuse("*/messages", 40054010, times=2)
    await say(strict, rig.target(), "see file.txt")
    assert rig.sent()[0].text == "see file。txt"


async def test_in_the_end_it_is_refused(rig: Rig, strict: QQAdapter) -> None:
    rig.qq.faults.refuse("*/messages", 40054010, times=None)
    with pytest.raises(DeliveryError, match="message URLs"):
        await say(strict, rig.target(), "see")


async def test_what_is_registered_stays_when_another_is_known_to_be_refused(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), "https://bad.com/1", "k1")
    calls = strict.api.caller.calls
    await say(strict, rig.target(), "https://bad.com/2 https://www.good.example/", "k2")
    assert strict.api.caller.calls == calls + 1
    assert rig.sent()[1].text == "bad。com/2 https://www.good.example/"


async def test_remembered_over_a_restart(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), "https://bad.com/1", "k1")
    again = await rig.start()
    before = again.api.caller.calls
    await say(again, rig.target(), "https://bad.com/2", "k2")
    assert again.api.caller.calls == before + 1


async def test_of_several_nobody_knows_which(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), "https://good.example https://bad.com", "k1")
    assert rig.sent()[0].text == "good。example bad。com"
    await say(strict, rig.target(), "https://good.example", "k2")
    assert rig.sent()[1].text == "https://good.example"


async def test_in_a_channel(rig: Rig, strict: QQAdapter) -> None:
    channel = guild_channel(rig)
    await hears(rig, channel, "there")
    await say(strict, target(rig, channel), "https://bad.com/?a=1&b=2")
    assert rig.sent()[0].text == "bad。com/?a=1&b=2"


async def test_one_that_is_registered_later(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), "https://bad.com/1", "k1")
    strict._addresses._now = lambda: 1e12
    rig.bot.urls = ("*",)
    await say(strict, rig.target(), "https://bad.com/2", "k2")
    assert rig.sent()[1].text == "https://bad.com/2"
    again = Addresses(rig.notes, now=lambda: 2e12)
    await again.restore()
    assert not again._refused


async def test_no_more_than_so_many_are_remembered() -> None:
    notes = MemoryNotes()
    addresses = Addresses(notes)
    for number in range(600):
        addresses.refused({"content": f"https://h{number}.com"})
    assert len(addresses._refused) == len(await notes.all("addresses")) == 500


async def test_nothing_is_remembered_where_something_else_was_the_reason(rig: Rig, strict: QQAdapter) -> None:
    rig.qq.faults.refuse("*/messages", 40054010, times=2)
    await say(strict, rig.target(), "https://www.good.example and file.txt", "k1")
    assert rig.sent()[0].text == "www。good。example and file。txt"
    await say(strict, rig.target(), "https://www.good.example", "k2")
    assert rig.sent()[1].text == "https://www.good.example"


async def test_another_one_beside_one_that_is_known_to_be_refused(rig: Rig, strict: QQAdapter) -> None:
    await say(strict, rig.target(), "https://bad.com", "k1")
    await say(strict, rig.target(), "https://bad.com https://worse.com", "k2")
    calls = strict.api.caller.calls
    await say(strict, rig.target(), "https://worse.com", "k3")
    assert strict.api.caller.calls == calls + 1
