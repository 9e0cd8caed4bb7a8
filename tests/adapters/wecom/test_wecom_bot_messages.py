"""What people say to a smart bot, over the real connection: each type, groups, quotes, media."""

import asyncio
from pathlib import Path

import pytest
from contract import until
from wecom_bot_rig import PNG, BotRig, text

from imbridge.adapters.base import Verdict
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.emulators.wecom.bot import BotChat
from imbridge.protocol import (
    Audio,
    ChannelKind,
    DeliveryError,
    File,
    Image,
    Media,
    Mention,
    Message,
    NotSupportedError,
    TargetGoneError,
    Unknown,
    Video,
)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def heard(bots: BotRig, number: int = 1) -> Message:
    await until(lambda: len(bots.intake.offered) >= number, f"{number} messages")
    item = bots.intake.items[number - 1]
    assert isinstance(item, Message)
    return item


async def test_the_private_channel_is_the_person(bots: BotRig, bot: BotAdapter) -> None:
    await bots.alice.says("hello", bot=bots.bot)
    message = await heard(bots)
    assert (message.channel.kind, message.channel.id) == (ChannelKind.PRIVATE, "alice")
    assert message.sender.id == "alice"
    assert message.mentions == ()


@pytest.mark.parametrize("bot_name", ["", "Demo"])
async def test_in_a_group_the_call_of_us_is_taken_off(bots: BotRig, team: BotChat, bot_name: str) -> None:
    await bots.start(bot_name=bot_name)
    await bots.alice.says("/weather @Bob", chat=team, mentions=[bots.bot])
    message = await heard(bots)
    assert (message.channel.kind, message.channel.id) == (ChannelKind.GROUP, team.chatid)
    assert message.text == "/weather @Bob"
    assert message.raw == "@Demo /weather @Bob"
    assert message.mentions_me
    assert message.mentions == (Mention(id=bots.bot.bot_id, name="Demo", is_self=True, is_bot=True),)


async def test_somebody_elses_call_stays_when_our_name_is_known(bots: BotRig, team: BotChat) -> None:
    await bots.start(bot_name="Demo")
    await bots.alice.says("@Bob ask @Demo now", chat=team, mentions=[bots.bot])
    message = await heard(bots)
    assert message.text == message.raw == "@Bob ask @Demo now"
    assert message.mentions_me


async def test_a_group_message_that_shows_no_call_is_for_us_all_the_same(bots: BotRig, team: BotChat) -> None:
    await bots.start(bot_name="Another Name")
    await bots.alice.says("help", chat=team, mentions=[bots.bot])
    message = await heard(bots)
    assert message.mentions_me
    assert message.text == message.raw == "@Demo help"


async def test_a_voice_message_is_its_words(bots: BotRig, bot: BotAdapter) -> None:
    await bots.alice.sends_voice("what time is it", bot=bots.bot)
    message = await heard(bots)
    assert message.text == "what time is it"
    assert message.content_type == "audio"
    (audio,) = message.media
    assert audio == Audio(transcript="what time is it")
    with pytest.raises(NotSupportedError):
        await bot.read(message.id, audio)


async def test_quotes(bots: BotRig, bot: BotAdapter) -> None:
    first = await bots.alice.says("the plan", bot=bots.bot)
    await bots.alice.says("what of it?", bot=bots.bot, quoting=first)
    message = await heard(bots, 2)
    assert message.quote is not None
    assert message.quote.text == "the plan"
    assert message.text == "what of it?"


async def test_mixed_messages_keep_their_order(bots: BotRig, bot: BotAdapter, team: BotChat) -> None:
    await bots.alice.sends_mixed(["look: ", PNG, " nice?"], chat=team, mentions=[bots.bot])
    message = await heard(bots)
    assert message.content_type == "text"
    assert message.text == "look: [image] nice?"
    (image,) = message.media
    assert await bot.read(message.id, image) == PNG


@pytest.mark.parametrize("size", [1, 15, 16, 31, 32, 33, 100_000])
async def test_media_are_decrypted(bots: BotRig, bot: BotAdapter, size: int, tmp_path: Path) -> None:
    data = bytes(index % 251 for index in range(size))
    await bots.alice.sends_file("../report 1.pdf", data, bot=bots.bot)
    message = await heard(bots)
    (file,) = message.media
    assert isinstance(file, File)
    assert await bot.read(message.id, file) == data
    saved = await bot.save(message.id, file, tmp_path)
    assert saved.read_bytes() == data
    assert saved.parent == tmp_path
    assert saved.name.endswith("report 1.pdf")


async def test_images_and_videos_get_a_suffix(bots: BotRig, bot: BotAdapter, tmp_path: Path) -> None:
    await bots.alice.sends_image(PNG, bot=bots.bot)
    await bots.alice.sends_video(b"\0\0\0\x18ftypisom" + bytes(50), bot=bots.bot)
    image, video = (await heard(bots)).media[0], (await heard(bots, 2)).media[0]
    assert (type(image), type(video)) == (Image, Video)
    assert (await bot.save("m", image, tmp_path)).suffix == ".png"
    assert (await bot.save("m", video, tmp_path)).suffix == ".mp4"


async def test_no_address_and_no_key_is_in_what_is_shown(bots: BotRig, bot: BotAdapter) -> None:
    await bots.alice.sends_image(PNG, bot=bots.bot)
    message = await heard(bots)
    shown = repr(message) + repr(message.media[0]) + str(message.media[0].model_dump())
    assert message.payload["image"]["url"] not in shown
    assert message.payload["image"]["aeskey"] not in shown
    assert message.payload["response_url"] not in shown


async def received_image(bots: BotRig) -> Media:
    await bots.alice.sends_image(PNG, bot=bots.bot)
    return (await heard(bots)).media[0]


async def test_a_download_is_tried_again(bots: BotRig, bot: BotAdapter) -> None:
    image = await received_image(bots)
    bot.downloads.backoff = bot.caller.backoff
    bots.platform.faults.fail_downloads(503, times=2)
    assert await bot.read("m", image) == PNG


async def test_a_download_that_is_over(bots: BotRig, bot: BotAdapter) -> None:
    image = await received_image(bots)
    bots.platform.faults.fail_downloads(403)
    with pytest.raises(TargetGoneError, match="5 minutes"):
        await bot.read("m", image)
    with pytest.raises(TargetGoneError, match="5 minutes"):
        await bot.read("m", Image(key="never#0"))


async def test_a_damaged_download_is_no_file(bots: BotRig, bot: BotAdapter, tmp_path: Path) -> None:
    image = await received_image(bots)
    bots.platform.faults.garble_downloads()
    with pytest.raises(DeliveryError, match="decrypted") as caught:
        await bot.save("m", image, tmp_path)
    assert "/media/" not in str(caught.value)
    assert files_in(tmp_path) == []


async def test_the_limit_of_downloads(bots: BotRig, tmp_path: Path) -> None:
    bot = await bots.start(download_limit=100)
    image = await received_image(bots)
    with pytest.raises(DeliveryError):
        await bot.save("m", image, tmp_path)
    assert files_in(tmp_path) == []


async def test_only_safe_addresses_are_fetched(bots: BotRig, bot: BotAdapter) -> None:
    key = "A" * 43 + "="
    for url in (
        "http://10.0.0.1/x",
        "http://[fd00::1]/x",
        "http://intranet/x",
        "file:///etc/passwd",
        "https://",
        "//x",
        "http://[::1",
    ):
        bot.downloads.remember({"m#0": (url, key)})
        with pytest.raises(DeliveryError, match="none that is fetched from"):
            await bot.read("m", Image(key="m#0"))
    bot.downloads.remember({"m#1": (f"{bots.platform.base_url}/media/x", "not a key")})
    with pytest.raises(DeliveryError, match="no AES-256 key"):
        await bot.read("m", Image(key="m#1"))


async def test_what_is_not_known_is_kept_whole(bots: BotRig, bot: BotAdapter) -> None:
    await bots.alice.sends("hologram", {"depth": 3}, bot=bots.bot)
    message = await heard(bots)
    (element,) = message.elements
    assert isinstance(element, Unknown)
    assert element.kind == "hologram"
    assert message.payload["hologram"] == {"depth": 3}


async def test_a_duplicate_callback_is_offered_with_the_same_key(bots: BotRig, bot: BotAdapter) -> None:
    bots.platform.faults.duplicate_callbacks(1)
    await bots.alice.says("twice", bot=bots.bot)
    await until(lambda: len(bots.intake.offered) == 2)
    first, second = bots.intake.offered
    assert first.dedup_keys == second.dedup_keys


async def test_nothing_is_taken_after_the_stop_and_sending_works(bots: BotRig, bot: BotAdapter) -> None:
    target = await bots.asked("before")
    await bot.stop_reading()
    await bots.alice.says("after", bot=bots.bot)
    await until(lambda: bot.counters().get("after_stop") == 1)
    assert bots.intake.texts == ["before"]
    assert target.answers


async def test_a_full_inbox_delays_and_loses_nothing(bots: BotRig, bot: BotAdapter) -> None:
    """Acknowledgements go on being read meanwhile: what skills send must not wait behind what they cannot take."""
    bots.intake.answers.extend([Verdict.OVERLOADED] * 3)
    bots.chat.open_to.add(bots.bot)
    for number in range(5):
        await bots.alice.says(f"m{number}", bot=bots.bot)
    await asyncio.wait_for(bot.send(bots.target(), text("still talking"), "k"), 4)
    await bots.intake.has("m4")
    assert [said for index, said in enumerate(bots.intake.texts) if said not in bots.intake.texts[:index]] == [
        "m0", "m1", "m2", "m3", "m4",
    ]  # fmt: skip
    assert bot.counters()["overloaded"] == 3
