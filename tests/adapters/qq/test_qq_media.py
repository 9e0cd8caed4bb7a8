"""Media: by bytes, by address, in parts; what goes as a file or as text instead; and what is reused."""

from pathlib import Path
from typing import Any

import pytest
from qq_rig import Rig
from qq_saying import AMR, GIF, MP4, PDF, PNG, SILK, WEBP, guild_channel, hears, say, say_all, target

from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.formats import INLINE_BYTES
from imbridge.emulators.qq import Group
from imbridge.protocol import Audio, ContentRefusedError, DeliveryError, File, Image, Link, Media, Reply, Video


class TestKinds:
    @pytest.mark.parametrize(
        ("media", "kind", "number"),
        [
            (Image(data=PNG), "image", 1),
            (Image(data=GIF), "image", 1),
            (Video(data=MP4), "video", 2),
            (Audio(data=SILK), "audio", 3),
            (File(data=PDF, name="report.pdf"), "file", 4),
        ],
    )
    async def test_as_what_it_is(self, rig: Rig, adapter: QQAdapter, media: Media, kind: str, number: int) -> None:
        await hears(rig)
        assert await say(adapter, rig.target(), media) == ([kind], [])
        message = rig.sent()[0]
        assert (message.file_type, message.data) == (number, media.data)
        assert message.body["content"] == " "  # nothing at all is refused

    @pytest.mark.parametrize("media", [Image(data=WEBP), Video(data=PDF), Audio(data=AMR)])
    async def test_what_it_cannot_show_goes_as_a_file(self, rig: Rig, adapter: QQAdapter, media: Media) -> None:
        await hears(rig)
        kinds, changed = await say(adapter, rig.target(), media)
        assert (kinds, changed) == (["file"], [media.type])  # type: ignore[attr-defined]
        assert rig.sent()[0].file_type == 4

    async def test_what_cannot_be_converted_goes_as_a_file(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        adapter.api.caller.backoff = _none()
        rig.qq.faults.refuse("*/files", 850019, times=3)
        assert await say(adapter, rig.target(), Audio(data=SILK)) == (["file"], ["audio"])

    async def test_a_film_that_is_too_long_goes_as_a_file(
        self, rig: Rig, adapter: QQAdapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(_limits(), 2, 10)
        await hears(rig)
        assert await say(adapter, rig.target(), Video(data=MP4)) == (["file"], ["video"])

    async def test_a_file_on_this_machine(self, rig: Rig, adapter: QQAdapter, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(b"notes")
        await hears(rig)
        await say(adapter, rig.target(), File.from_path(path))
        assert (rig.sent()[0].filename, rig.sent()[0].data) == ("notes.txt", b"notes")

    @pytest.mark.parametrize("media", [File(data=b"", name="x"), File(path="/nowhere/at/all"), Image()])
    async def test_nothing(self, rig: Rig, adapter: QQAdapter, media: Media) -> None:
        await hears(rig)
        with pytest.raises(ContentRefusedError):
            await say(adapter, rig.target(), media)
        assert rig.sent() == []


class TestAddresses:
    async def test_the_platform_fetches_it(self, rig: Rig, adapter: QQAdapter) -> None:
        url = rig.qq.world.uploads.offer(PNG, "a.png", "image/png")
        await hears(rig)
        assert await say(adapter, rig.target(), Image(key=url)) == (["image"], [])
        assert rig.sent()[0].data == PNG

    async def test_handed_over_where_the_settings_say_so(self, rig: Rig) -> None:
        url = rig.qq.world.uploads.offer(PNG, "a.png", "image/png")
        adapter = await rig.start(media_urls="hand_over")
        await hears(rig)
        assert adapter.hands_over(Image(url=url))
        async with adapter.gathered(Reply(elements=(Image(url=url),))) as (reply, lost):
            assert (reply.elements, lost) == ((Image(url=url),), ())
            assert await say(adapter, rig.target(), *reply.elements) == (["image"], [])
        assert rig.sent()[0].data == PNG
        assert rig.qq.stats.downloads == 1

    async def test_fetched_here_where_they_do_not(self, rig: Rig, adapter: QQAdapter) -> None:
        url = rig.qq.world.uploads.offer(PNG, "a.png", "image/png")
        async with adapter.gathered(Reply(elements=(Image(url=url, alt="a chart"),))) as (reply, lost):
            assert reply.elements == (Link(url=url, title="a chart"),)  # the emulator is in no open network
            assert [degradation.how for degradation in lost] == ["link"]
        assert rig.qq.stats.downloads == 0

    async def test_each_time_for_what_is_there_may_change(self, rig: Rig, adapter: QQAdapter) -> None:
        url = rig.qq.world.uploads.offer(PNG, "a.png", "image/png")
        await hears(rig)
        for number in range(2):
            await say(adapter, rig.target(), Image(key=url), f"k{number}")
        assert rig.qq.stats.uploads == 2

    async def test_what_cannot_be_fetched(self, rig: Rig, adapter: QQAdapter) -> None:
        adapter.api.caller.backoff = _none()
        url = f"{rig.qq.base_url}/download/gone/a.png"
        for place in (None, guild_channel(rig)):
            await hears(rig, place, f"in {place!r}")
            _, changed = await say(adapter, target(rig, place), ["see", Image(key=url)], f"{place!r}")
            assert changed == ["image"]
        assert [message.text for message in rig.sent()] == ["see", f"[image] {url}", f"see\n[image] {url}"]

    async def test_a_picture_whose_address_is_not_registered(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        rig.qq.faults.refuse("*/messages", 304003, times=3)
        kinds, changed = await say(adapter, target(rig, channel), Image(key="https://bad.com/a.png", alt="a cat"))
        assert (kinds, changed) == (["text"], ["image", "link"])
        assert rig.sent()[0].text == "[image: a cat] bad。com/a.png"

    async def test_what_is_there_and_cannot_be_converted_goes_as_a_file(self, rig: Rig, adapter: QQAdapter) -> None:
        adapter.api.caller.backoff = _none()
        url = rig.qq.world.uploads.offer(WEBP, "a.webp", "image/webp")
        await hears(rig)
        rig.qq.faults.refuse("*/files", 850019, times=3)
        assert await say(adapter, rig.target(), Image(key=url)) == (["file"], ["image"])
        assert (rig.sent()[0].file_type, rig.sent()[0].data) == (4, WEBP)

    async def test_too_large_is_named(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.faults.refuse("*/files", 850031)
        await hears(rig)
        url = f"{rig.qq.base_url}/film.mp4"
        assert await say(adapter, rig.target(), Video(key=url, name="film")) == (["text"], ["video"])
        assert rig.sent()[0].text == f"[video: film] {url}"


class TestReuse:
    async def test_uploaded_once_while_it_lives(self, rig: Rig, adapter: QQAdapter) -> None:
        bob = rig.qq.add_user("Bob")
        for user in (rig.alice, bob):
            await hears(rig, user, user.name, by=user)
            await say(adapter, rig.target(user), Image(data=PNG))
        assert (rig.qq.stats.uploads, adapter.counters()["uploads_saved"]) == (1, 1)
        adapter.media.uploads.now = lambda: 1e12
        await say(adapter, rig.target(), Image(data=PNG), "later")
        assert rig.qq.stats.uploads == 2

    async def test_not_for_people_and_groups_at_once(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        for place in (None, team):
            await hears(rig, place, f"in {place!r}")
            sent, _ = await say_all(adapter, rig.target(place), Image(data=PNG))
            assert [one.attempts for one in sent] == [1]
        calls = adapter.api.caller.calls
        for place in (None, team):
            await say(adapter, rig.target(place), Image(data=PNG), "again")
        assert adapter.api.caller.calls == calls + 2
        assert rig.qq.stats.uploads == 2

    async def test_not_for_a_file_of_another_name(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        for name in ("a.pdf", "b.pdf", "a.pdf"):
            await say(adapter, rig.target(), File(data=PDF, name=name), f"as {name}, {len(rig.sent())}")
        assert [message.filename for message in rig.sent()] == ["a.pdf", "b.pdf", "a.pdf"]
        assert rig.qq.stats.uploads == 2

    async def test_one_that_the_platform_has_forgotten(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        await say(adapter, rig.target(), Image(data=PNG), "k1")
        rig.qq.world.uploads._stored.clear()
        await say(adapter, rig.target(), Image(data=PNG), "k2")
        assert [message.data for message in rig.sent()] == [PNG, PNG]
        assert rig.qq.stats.uploads == 2

    async def test_its_own_key_is_sent_as_it_is(self, rig: Rig, adapter: QQAdapter) -> None:
        await hears(rig)
        up = await adapter.media.uploaded(rig.target().channel, Image(data=PNG))
        await say(adapter, rig.target(), Image(key=up.file_info))
        assert rig.sent()[0].data == PNG
        assert rig.qq.stats.uploads == 1


class TestParts:
    async def test_a_large_file(self, rig: Rig, adapter: QQAdapter, tmp_path: Path) -> None:
        data = bytes(range(256)) * (48 << 10)  # 12 MiB: longer than what md5_10m covers
        path = tmp_path / "large.bin"
        path.write_bytes(data)
        rig.qq.faults.part_not_ready()
        await hears(rig)
        assert await say(adapter, rig.target(), File.from_path(path)) == (["file"], [])
        assert rig.sent()[0].data == data
        assert rig.qq.stats.upload_parts == 3
        assert rig.qq.violations == []

    async def test_as_bytes_and_to_a_group(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await hears(rig, team)
        data = b"x" * (INLINE_BYTES + 1)
        await say(adapter, rig.target(team), File(data=data, name="x.bin"))
        assert (rig.sent()[0].data, rig.sent()[0].filename) == (data, "x.bin")

    @pytest.mark.parametrize("times", [1, 5])
    async def test_a_part_that_is_not_taken(
        self, rig: Rig, adapter: QQAdapter, times: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imbridge.adapters.qq.sent.chunks.Backoff", lambda *_: _none())
        rig.qq.faults.http_fail("/upload/*", 503, times)
        await hears(rig)
        sending = say(adapter, rig.target(), File(data=b"x" * (INLINE_BYTES + 1), name="x.bin"))
        if times == 1:
            assert (await sending)[0] == ["file"]
            return
        with pytest.raises(DeliveryError, match="503"):
            await sending
        assert rig.sent() == []

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"upload_id": "u", "parts": [{}]},
            {"upload_id": "u", "parts": []},
            {"upload_id": "u", "parts": [{"block_size": "-1"}]},
            {"upload_id": "u", "parts": ["x"]},
        ],
    )
    async def test_an_answer_that_makes_no_sense(
        self, rig: Rig, adapter: QQAdapter, answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def prepared(*_: Any) -> dict[str, Any]:
            return answer

        monkeypatch.setattr(adapter.api, "prepare_upload", prepared)
        await hears(rig)
        with pytest.raises(DeliveryError, match="qq upload_prepare"):
            await say(adapter, rig.target(), File(data=b"x" * (INLINE_BYTES + 1), name="x.bin"))

    async def test_the_files_of_the_day_are_used_up(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.qq.faults.refuse("*/upload_prepare", 40093002)
        await hears(rig)
        media = File(data=b"x" * (INLINE_BYTES + 1), name="x.bin")
        assert await say(adapter, rig.target(), media) == (["text"], ["file"])
        assert rig.sent()[0].text == "[file: x.bin]"


class TestGuilds:
    async def test_a_picture_beside_its_text(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        message_id = await hears(rig, channel)
        kinds, changed = await say(adapter, target(rig, channel), ["look < here", Image(data=PNG)])
        assert (kinds, changed) == (["image"], [])
        message = rig.sent()[0]
        assert (message.text, message.data, message.reply_to) == ("look < here", PNG, message_id)

    async def test_a_picture_by_its_address_in_a_private_chat(self, rig: Rig, adapter: QQAdapter) -> None:
        direct = guild_channel(rig).guild.direct(rig.alice, rig.bot)
        url = rig.qq.world.uploads.offer(PNG, "a.png", "image/png")
        await hears(rig, direct)
        assert await say(adapter, target(rig, direct), Image(key=url)) == (["image"], [])
        assert rig.sent()[0].data == PNG

    async def test_a_picture_that_is_too_large_is_named(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        rig.qq.faults.refuse("/channels/*/messages", 304020)
        kinds, changed = await say(adapter, target(rig, channel), ["look", Image(data=PNG, alt="chart")])
        assert (kinds, changed, rig.sent()[0].text) == (["text"], ["image"], "look\n[image: chart]")

    @pytest.mark.parametrize(
        ("media", "said"),
        [
            (File(data=PDF, name="report.pdf"), "[file: report.pdf]"),
            (Audio(data=SILK, transcript="hello"), "hello"),
            (Video(key="https://x.example/a.mp4"), "[video] https://x.example/a.mp4"),
            (Image(data=WEBP, alt="chart"), "[image: chart]"),
            (Image(key="some-file-info"), "[image]"),
        ],
    )
    async def test_what_there_is_not(self, rig: Rig, adapter: QQAdapter, media: Media, said: str) -> None:
        channel = guild_channel(rig)
        await hears(rig, channel)
        kinds, changed = await say(adapter, target(rig, channel), media)
        assert (kinds, changed) == (["text"], [media.type])  # type: ignore[attr-defined]
        assert rig.sent()[0].text == said


def _none() -> Any:
    class Never:
        def delay(self, attempt: int) -> float:
            return 0.0

    return Never()


def _limits() -> dict[int, int]:
    from imbridge.adapters.qq.sent import formats

    return formats._LIMITS
