"""Media, both ways: as what they go up, when they are uploaded again, and what comes down, within bounds."""

from pathlib import Path
from typing import Any

import pytest
from contract import until
from dingtalk_rig import Rig
from dingtalk_saying import GIF, MP3, PDF, PNG, WEBP, amr, heard, mp4, say, say_all
from sounds import wav

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.received.downloads import PATH, Downloads
from imbridge.adapters.uploads import HEAD
from imbridge.emulators.dingtalk import Group
from imbridge.media.formats import mp4_seconds
from imbridge.protocol import (
    Audio,
    Button,
    Card,
    ContentRefusedError,
    DeliveryError,
    File,
    Image,
    Media,
    Message,
    NotSupportedError,
    Reply,
    Video,
)
from imbridge.transport import Backoff

UPLOAD = "/media/upload"
MEBI = 1 << 20


def ogg(seconds: float) -> bytes:
    """The first and the last page of an Ogg Opus recording (RFC 3533, RFC 7845)."""

    def page(position: int, content: bytes) -> bytes:
        return b"OggS\0\0" + position.to_bytes(8, "little") + b"strm" + bytes(8) + bytes((1, len(content))) + content

    return page(0, b"OpusHead\x01\x01\0\0" + bytes(9)) + page(round(seconds * 48_000), b"x" * 40)


def kinds(rig: Rig) -> list[str]:
    return [upload.kind for upload in rig.ding.world.uploads._uploads.values()]


async def test_any_sound_is_a_voice_message(rig: Rig, adapter: DingTalkAdapter) -> None:
    """Through the bridge's preparation, which makes Ogg Opus of it; its length is told."""
    async with adapter.gathered(Reply(elements=(Audio(data=wav(2.0)),))) as (reply, lost):
        assert await say(adapter, rig.target(), *reply.elements) == (["sampleAudio"], [])
    assert (kinds(rig), lost) == (["voice"], ())
    assert int(param(rig)["duration"]) == pytest.approx(2000, abs=100)


def param(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.sent()[-1].body["msgParam"]
    return found


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


class TestAsWhatTheyGo:
    @pytest.mark.parametrize(
        ("media", "kind", "key"),
        [
            (Image(data=PNG), "image", "sampleImageMsg"),
            (Image(data=GIF), "image", "sampleImageMsg"),
            (Image(data=b"BM" + bytes(60)), "image", "sampleImageMsg"),
            (Audio(data=amr(2)), "voice", "sampleAudio"),
            (Audio(data=ogg(2)), "voice", "sampleAudio"),
            (File(data=PDF, name="report.pdf"), "file", "sampleFile"),
        ],
    )
    async def test_as_what_they_are(
        self, rig: Rig, adapter: DingTalkAdapter, media: Media, kind: str, key: str
    ) -> None:
        assert await say(adapter, rig.target(), media) == ([key], [])
        assert kinds(rig) == [kind]
        assert rig.ding.violations == []

    @pytest.mark.parametrize(
        ("media", "why"),
        [
            (Image(data=WEBP), "JPG, PNG, GIF and BMP"),
            (Audio(data=MP3, duration=3), "AMR and Ogg Opus"),
            (Audio(data=b"#!AMR\n\x48"), "duration"),
            (Audio(data=amr(1) + bytes(2 * MEBI)), "2 MB"),
            (Video(data=PNG, name="x.png"), "MP4"),
            (Video(data=mp4(4), name="x.mp4"), "cover"),
            (Video(data=mp4(None), name="x.mp4", cover_image=Image(data=PNG)), "duration"),
        ],
    )
    async def test_as_a_file(self, rig: Rig, adapter: DingTalkAdapter, media: Media, why: str) -> None:
        sent, degradations = await say_all(adapter, rig.target(), media)
        assert [one.part.kind for one in sent] == ["sampleFile"]
        assert [one.how for one in degradations] == ["file"]
        assert why in degradations[0].why
        assert kinds(rig) == ["file"]

    @pytest.mark.parametrize(("data", "milliseconds"), [(amr(2), "2000"), (ogg(1.5), "1500")])
    async def test_a_voice_says_how_long_it_is(
        self, rig: Rig, adapter: DingTalkAdapter, data: bytes, milliseconds: str
    ) -> None:
        await say(adapter, rig.target(), Audio(data=data))
        assert param(rig)["duration"] == milliseconds
        await say(adapter, rig.target(), Audio(data=data, duration=7), "other")
        assert param(rig)["duration"] == "7000"

    async def test_a_video_has_a_cover(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        video = Video(data=mp4(4.4), name="film.mp4", cover_image=Image(data=PNG))
        assert await say(adapter, rig.target(), video) == (["sampleVideo"], [])
        assert sorted(kinds(rig)) == ["image", "video"]
        assert param(rig)["duration"] == "4"

    async def test_a_cover_that_is_no_picture(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        video = Video(data=mp4(4), name="film.mp4", cover_image=Image(data=PDF))
        assert await say(adapter, rig.target(), video) == (["sampleFile"], ["cover", "video"])

    @pytest.mark.parametrize("wide", [False, True])
    def test_how_long_a_film_is(self, wide: bool) -> None:
        film = mp4(90.5, wide=wide)
        assert mp4_seconds(film[:HEAD], film[-64:]) == 90.5
        assert mp4_seconds(b"", film) == 90.5
        assert mp4_seconds(mp4(None), b"mvhd") is None

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("a.PDF", "pdf"), ("LICENSE", "file"), (".env", "file"), ("a.tar.gz", "gz"), ("灾.docx", "docx")],
    )
    async def test_a_file_says_what_it_is(self, rig: Rig, adapter: DingTalkAdapter, name: str, kind: str) -> None:
        await say(adapter, rig.target(), File(data=PDF, name=name))
        assert (param(rig)["fileName"], param(rig)["fileType"]) == (name, kind)

    async def test_an_address_of_a_picture_is_not_uploaded(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        assert await say(adapter, rig.target(), Image(key="https://x.example/c.png")) == (["sampleImageMsg"], [])
        assert kinds(rig) == []


class TestReceived:
    """What was received has a code that fetches it: it is no id of something to send."""

    @pytest.mark.parametrize("kind", [Image, File, Audio])
    async def test_says_what_to_do(self, rig: Rig, adapter: DingTalkAdapter, kind: type[Media]) -> None:
        with pytest.raises(ContentRefusedError, match="read it with") as caught:
            await say(adapter, rig.target(), kind(key="canaryQWxpY2U=/x"))
        assert "canary" not in str(caught.value)
        assert rig.sent() == []

    async def test_is_no_broken_picture(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        oscar = rig.ding.add_user("Oscar", external=True)
        await heard(rig, oscar)
        with pytest.raises(ContentRefusedError, match="read it with"):
            await say(adapter, rig.target(oscar), Image(key="QWxpY2U=/x"))
        assert rig.sent() == []


class TestUploads:
    async def test_the_same_content_is_uploaded_once(
        self, rig: Rig, adapter: DingTalkAdapter, team: Group, tmp_path: Path
    ) -> None:
        path = tmp_path / "chart.png"
        path.write_bytes(PNG)
        for number, image in enumerate([Image(data=PNG), Image(data=PNG), Image(path=str(path))]):
            await say(adapter, rig.target(team), image, str(number))
        card = Card(title="c", body=[Image(data=PNG), Button("Open", url="https://x.example")])
        await say(adapter, rig.target(team), card, "card")
        assert len(rig.sent()) == 4
        assert rig.ding.stats.uploads == 1
        assert adapter.counters()["uploads_saved"] == 3

    async def test_but_anew_as_something_else(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await say(adapter, rig.target(), Image(data=PNG))
        await say(adapter, rig.target(), File(data=PNG, name="c.png"), "other")
        assert kinds(rig) == ["image", "file"]

    async def test_a_file_is_streamed(self, rig: Rig, adapter: DingTalkAdapter, tmp_path: Path) -> None:
        path = tmp_path / "large.bin"
        with path.open("wb") as file:
            file.truncate(19 * MEBI)
        await say(adapter, rig.target(), File.from_path(path))
        upload = next(iter(rig.ding.world.uploads._uploads.values()))
        assert (upload.name, len(upload.data)) == ("large.bin", 19 * MEBI)

    @pytest.mark.parametrize(
        ("media", "why"),
        [
            (File(data=b"", name="empty.txt"), "empty"),
            (File(path="/nonexistent/file.pdf", name="f.pdf"), "cannot be read"),
            (Image(data=b""), "empty"),
        ],
    )
    async def test_what_cannot_go(self, rig: Rig, adapter: DingTalkAdapter, media: Media, why: str) -> None:
        with pytest.raises(ContentRefusedError, match=why):
            await say(adapter, rig.target(), media)
        assert rig.ding.stats.uploads == 0
        assert rig.sent() == []

    async def test_too_large_is_told_in_words(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        assert await say(adapter, rig.target(), File(data=bytes(20 * MEBI + 1), name="x.bin")) == (
            ["sampleText"], ["file"]
        )  # fmt: skip

    @pytest.mark.parametrize("code", [40004, 40005, 45001])
    async def test_what_the_platform_refuses(self, rig: Rig, adapter: DingTalkAdapter, code: int) -> None:
        rig.ding.faults.refuse(UPLOAD, code)
        with pytest.raises(ContentRefusedError):
            await say(adapter, rig.target(), File(data=PDF, name="report.pdf"))
        assert rig.sent() == []

    async def test_passing_trouble(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.http_fail(UPLOAD, 502)
        rig.ding.faults.expire_tokens()
        assert await say(adapter, rig.target(), File(data=PDF, name="report.pdf")) == (["sampleFile"], [])

    async def test_an_answer_without_an_id(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        rig.ding.faults.http_fail(UPLOAD, 200, 1, '{"errcode": 0}', {"Content-Type": "application/json"})
        with pytest.raises(DeliveryError, match="no media_id"):
            await say(adapter, rig.target(), File(data=PDF, name="report.pdf"))

    async def test_the_token_is_in_no_error(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        token = await adapter.api.caller.token(patience=5)
        rig.ding.faults.refuse(UPLOAD, 40035, message=f"bad token {token}")
        with pytest.raises(DeliveryError) as caught:
            await say(adapter, rig.target(), File(data=PDF, name="report.pdf"))
        assert token not in str(caught.value)

    async def test_a_card_shows_its_pictures(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        body = [Image(data=PNG, alt="c"), Image(data=WEBP, alt="w"), Button("Open", url="https://x.example")]
        assert await say(adapter, rig.target(), Card(title="Chart", body=body)) == (
            ["sampleActionCard"], ["image", "image"]
        )  # fmt: skip
        media_id = next(iter(rig.ding.world.uploads._uploads))
        assert param(rig)["text"] == f"### Chart\n\n![c]({media_id})\n\n[image: w]"


class TestDownloads:
    async def received(self, rig: Rig) -> Media:
        await until(lambda: len(rig.intake.offered) > 0, "a message")
        item = rig.intake.offered[-1].item
        assert isinstance(item, Message)
        media = item.elements[0]
        assert isinstance(media, Media)
        return media

    async def test_is_read(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        await rig.alice.sends_image(PNG, app=rig.app)
        media = await self.received(rig)
        assert await adapter.read("m", media) == PNG
        assert rig.ding.violations == []

    @pytest.mark.parametrize(
        ("sent", "saved"), [("report.pdf", "report.pdf"), ("../../etc/passwd", "etc_passwd"), ("con.txt", "_con.txt")]
    )
    async def test_is_saved_under_a_safe_name(
        self, rig: Rig, adapter: DingTalkAdapter, tmp_path: Path, sent: str, saved: str
    ) -> None:
        await rig.alice.sends_file(PDF, sent, app=rig.app)
        path = await adapter.save("m", await self.received(rig), tmp_path)
        assert (path.name, path.read_bytes()) == (saved, PDF)
        assert names_in(tmp_path) == [saved]

    async def test_a_picture_gets_a_name_of_its_own(self, rig: Rig, adapter: DingTalkAdapter, tmp_path: Path) -> None:
        await rig.alice.sends_image(PNG, app=rig.app)
        assert (await adapter.save("m", await self.received(rig), tmp_path)).name == "image.png"

    async def test_there_is_a_limit(self, rig: Rig, tmp_path: Path) -> None:
        adapter = await rig.start(download_limit=100)
        await rig.alice.sends_file(bytes(101), "x.bin", app=rig.app)
        media = await self.received(rig)
        with pytest.raises(DeliveryError, match=r"too long: more than 100 bytes \(download_limit\)"):
            await adapter.read("m", media)
        with pytest.raises(DeliveryError, match=r"too long: more than 100 bytes \(download_limit\)"):
            await adapter.save("m", media, tmp_path)
        assert names_in(tmp_path) == []

    @pytest.mark.parametrize("status", [403, 404, 410])
    async def test_is_gone(self, rig: Rig, adapter: DingTalkAdapter, status: int) -> None:
        await rig.alice.sends_image(PNG, app=rig.app)
        rig.ding.faults.http_fail("/files/*", status)
        with pytest.raises(DeliveryError, match="cannot be had any more") as caught:
            await adapter.read("m", await self.received(rig))
        assert "/files/" not in str(caught.value)

    async def test_passing_trouble(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        adapter.downloads.backoff = Backoff(0.01, 0.02)
        await rig.alice.sends_image(PNG, app=rig.app)
        rig.ding.faults.http_fail("/files/*", 503)
        rig.ding.faults.cut_before("/files/*")
        assert await adapter.read("m", await self.received(rig)) == PNG

    async def test_trouble_that_stays(self, rig: Rig, adapter: DingTalkAdapter) -> None:
        adapter.downloads.backoff = Backoff(0.01, 0.02)
        await rig.alice.sends_image(PNG, app=rig.app)
        media = await self.received(rig)
        rig.ding.faults.http_fail("/files/*", 503, times=None)
        with pytest.raises(DeliveryError, match="503"):
            await adapter.read("m", media)
        rig.ding.faults.clear()
        rig.ding.faults.cut_before("/files/*", times=None)
        with pytest.raises(DeliveryError, match="the download broke off") as caught:
            await adapter.read("m", media)
        assert "/files/" not in str(caught.value)

    async def test_an_unknown_code(self, adapter: DingTalkAdapter) -> None:
        with pytest.raises(DeliveryError):
            await adapter.read("m", Image(key="unknown"))

    async def test_without_a_code(self, adapter: DingTalkAdapter) -> None:
        with pytest.raises(NotSupportedError, match="downloadCode"):
            await adapter.read("m", Image())

    @pytest.mark.parametrize("answer", ["{}", '{"downloadUrl": 5}', '{"downloadUrl": "file:///etc/passwd"}'])
    async def test_a_strange_answer(self, rig: Rig, adapter: DingTalkAdapter, answer: str) -> None:
        rig.ding.faults.http_fail(PATH, 200, None, answer, {"Content-Type": "application/json"})
        with pytest.raises(DeliveryError):
            await adapter.read("m", Image(key="code"))


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("https://down.dingtalk.com/a?b=%2F", "https://down.dingtalk.com/a?b=%2F"),
        ("http://zjk.oss-cn-zhangjiakou.aliyuncs.com/a?x=1%2B2", "https://zjk.oss-cn-zhangjiakou.aliyuncs.com/a?x=1%2B2"),
        ("http://down.dingtalk.com:80/a", "https://down.dingtalk.com/a"),
        ("https://127.0.0.1/a", None),
        ("http://169.254.169.254/latest/meta-data", None),
        ("https://[::1]/a", None),
        ("https://localhost/a", None),
        ("https://intranet/a", None),
        ("https://db.internal/a", None),
        ("https://printer.local/a", None),
        ("https://down.dingtalk.com:6379/a", None),
        ("https://user:pass@down.dingtalk.com/a", None),
        ("ftp://down.dingtalk.com/a", None),
        ("gopher://x.example", None),
        ("https://[::1/a", None),
        ("", None),
    ],
)  # fmt: skip
def test_where_a_file_may_be(rig: Rig, url: str, fetched: str | None) -> None:
    api = rig.make().api
    api.config = api.config.model_copy(
        update={"base_url": "https://api.dingtalk.com", "oapi_url": "https://oapi.dingtalk.com"}
    )
    found = Downloads(api, rig.pool).checked(url)
    assert (None if found is None else str(found)) == fetched
