"""Media that skills send: from where they come, and what becomes of what cannot be had."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from file_server import FileServer, file_server
from runtime_world import account, chat, emulated, skill, until
from sounds import wav
from storage_double import Disk, GroupCommitStorage

from imbridge import Bridge
from imbridge.config.options import BridgeOptions
from imbridge.media.formats import is_opus
from imbridge.media.spool import remove
from imbridge.protocol import (
    Audio,
    Button,
    ButtonClicked,
    Card,
    Channel,
    ChannelKind,
    ConfigError,
    Degradation,
    DeliveryState,
    File,
    Image,
    Loss,
    Receipt,
    Reply,
    SkillError,
    Toast,
    Video,
)
from imbridge.skills import event_skill
from imbridge.storage import OutboxEntry
from imbridge.testing import Chat

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
MP4 = (20).to_bytes(4, "big") + b"ftypisom" + bytes(8) + (16).to_bytes(4, "big") + b"mdat" + b"pictures"
HERE = BridgeOptions(media_hosts=("127.0.0.1",))


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are made: a folder of the test's own."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_hosts_of_our_own_are_an_option() -> None:
    environ = {
        "IMBRIDGE_MEDIA_HOSTS": "files.corp, 10.1.0.0/16",
        "FEISHU_APP_ID": "cli_a",
        "FEISHU_APP_SECRET": "invented",
    }
    bridge = Bridge.from_env(environ=environ)
    assert bridge.options.media_hosts == ("files.corp", "10.1.0.0/16")
    with pytest.raises(ConfigError, match="'http://files' is no host") as caught:
        Bridge(options=BridgeOptions(media_hosts=("http://files",)))
    assert caught.value.key == "bridge.media_hosts"


async def answered(content: Any, *, options: BridgeOptions = HERE) -> tuple[Receipt, Any, Chat]:
    """What became of an answer, and the message that the person got."""
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> None:
        receipts.append(await msg.reply(content() if callable(content) else content))

    async with chat(skill(answer), options=options) as room:
        room.user.says("please")
        message = await room.user.receives()
        await until(lambda: receipts, what="a receipt")
        return receipts[0], message, room


def uploaded(room: Chat, message: Any, key: str = "file_key") -> Any:
    upload = room.feishu.world.uploads.get(message.content[key])
    assert upload is not None
    return upload


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(0)


# -- streams -----------------------------------------------------------------------------------------------------------


async def test_a_stream_is_sent_whole_and_leaves_nothing_behind(spool: Path) -> None:
    data = os.urandom(700_000)
    receipt, message, room = await answered(lambda: File.from_stream(pieces(data, 9_999), name="../reports/may.pdf"))
    assert receipt.state is DeliveryState.SENT
    upload = uploaded(room, message)
    assert (upload.data, upload.name) == (data, "../reports/may.pdf")
    assert files_in(spool) == []


async def test_a_stream_of_a_picture(spool: Path) -> None:
    receipt, message, room = await answered(lambda: Image.from_stream(pieces(PNG), alt="a chart"))
    assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
    assert uploaded(room, message, "image_key").data == PNG
    assert files_in(spool) == []


async def test_a_stream_that_stands_in_a_reply_twice_is_read_once(spool: Path) -> None:
    picture = Image.from_stream(pieces(PNG))
    receipt, message, room = await answered(Reply(elements=(picture, picture)))
    assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
    assert uploaded(room, message, "image_key").data == PNG
    assert files_in(spool) == []


async def test_a_stream_is_read_again_when_an_upload_is_tried_again(spool: Path) -> None:
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> None:
        receipts.append(await msg.reply(File.from_stream(pieces(PNG), name="a.png")))

    async with chat(skill(answer)) as room:
        room.feishu.faults.http_fail("/open-apis/im/v1/files", 503)
        room.user.says("please")
        message = await room.user.receives()
        assert uploaded(room, message).data == PNG
        await until(lambda: receipts)
        assert receipts[0].state is DeliveryState.SENT
    assert files_in(spool) == []


async def test_a_stream_that_is_too_long_is_not_read_on(spool: Path) -> None:
    read: list[int] = []
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                read.append(1 << 20)
                yield bytes(1 << 20)
        finally:
            closed.set()

    receipt, message, _ = await answered(lambda: File.from_stream(endless(), name="all.bin"))
    assert message.text == "[file: all.bin]"
    (lost,) = receipt.degradations
    assert (lost.loss, lost.what, lost.how) == (Loss.AS_TEXT, "file", "text")
    assert "larger than 30.0 MB" in lost.why
    assert sum(read) == 31 << 20
    assert closed.is_set()
    assert files_in(spool) == []


async def test_what_a_stream_raises_is_raised_where_it_is_sent(spool: Path) -> None:
    caught: list[BaseException] = []

    async def breaks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError("the other side went away")

    async def text() -> AsyncIterator[Any]:
        yield "text"

    async def answer(msg: Any) -> str:
        for stream in (breaks(), text()):
            try:
                await msg.reply(File.from_stream(stream, name="a"))
            except (ConnectionResetError, SkillError) as error:
                caught.append(error)
        return "done"

    async with chat(skill(answer)) as room:
        room.user.says("please")
        await room.user.receives("done")
    assert [type(error) for error in caught] == [ConnectionResetError, SkillError]
    assert files_in(spool) == []


async def test_a_stop_in_the_middle_leaves_nothing_behind(spool: Path) -> None:
    begun = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"half"
        begun.set()
        await asyncio.Event().wait()

    async def answer(msg: Any) -> Any:
        return File.from_stream(stuck(), name="a")

    async with chat(skill(answer), options=BridgeOptions(grace=0)) as room:
        room.user.says("please")
        await begun.wait()
        assert len(files_in(spool)) == 1
    assert files_in(spool) == []


# -- addresses ---------------------------------------------------------------------------------------------------------


async def test_what_is_at_an_address_is_fetched_and_sent(spool: Path) -> None:
    async with file_server(PNG, Content_Type="text/html") as files:
        receipt, message, room = await answered(Image.from_url(f"{files.place}/charts/may.png?size=2"))
        assert uploaded(room, message, "image_key").data == PNG
    assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
    assert files_in(spool) == []


@pytest.mark.parametrize(
    ("disposition", "path", "name"),
    [
        ("attachment; filename*=UTF-8''%E5%AD%A3%E5%BA%A6%2Fq1.pdf", "/x", "季度_q1.pdf"),
        ("", "/files/..%2f..%2fetc%2fpasswd", "passwd"),
        ("", "/files/q1.pdf", "q1.pdf"),
        ("", "/", "file.pdf"),
    ],
)
async def test_a_file_is_called_as_the_server_calls_it(disposition: str, path: str, name: str) -> None:
    async with file_server(b"%PDF-1.7 ...") as files:
        files.headers = {"Content-Disposition": disposition} if disposition else {}
        receipt, message, room = await answered(File.from_url(files.place + path))
        assert uploaded(room, message).name == name
    assert receipt


async def test_pictures_in_a_card_and_of_a_video() -> None:
    async with file_server(PNG) as files:
        card = Card(title="May", body=["Sales", Image(url=f"{files.place}/a.png"), Image(url=f"{files.place}/b.png")])
        receipt, _, _ = await answered(card)
        assert (receipt.state, receipt.degradations) == (DeliveryState.SENT, ())
        assert len(files.asked) == 2
        video = Video(data=MP4, name="trip.mp4", cover_image=Image(url=f"{files.place}/c.png"))
        receipt, message, room = await answered(video)
        assert receipt.degradations == ()
        assert uploaded(room, message, "image_key").data == PNG


def _gone(files: FileServer) -> None:
    files.status = 404


def _page(files: FileServer) -> None:
    files.body = b"\n<!DOCTYPE html><title>Please sign in</title>"


def _empty(files: FileServer) -> None:
    files.body = b""


def _large(files: FileServer) -> None:
    files.body, files.how = bytes((30 << 20) + 1), "chunked"


def _cut(files: FileServer) -> None:
    files.how = "cut"


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (_gone, "HTTP 404"),
        (_page, "it is a page, and no image"),
        (_empty, "it is empty"),
        (_large, "larger than 30.0 MB"),
        (_cut, "it cannot be had"),
    ],
)
async def test_what_cannot_be_had_is_a_link(trouble: Any, why: str, spool: Path) -> None:
    async with file_server(PNG) as files:
        trouble(files)
        url = f"{files.place}/may.png"
        receipt, message, _ = await answered(Image(url=url, alt="May"))
    assert url in str(message.content)
    (lost,) = receipt.degradations
    assert (lost.loss, lost.what, lost.how) == (Loss.REPLACED, "image", "link")
    assert why in lost.why
    assert files_in(spool) == []


async def test_too_large_for_an_image_goes_as_a_file() -> None:
    large = PNG + bytes(11 << 20)
    async with file_server(large) as files:
        receipt, message, room = await answered(Image(url=f"{files.place}/large.png"))
        assert message.msg_type == "file"
        assert (uploaded(room, message).name, len(uploaded(room, message).data)) == ("large.png", len(large))
    assert [(lost.what, lost.how) for lost in receipt.degradations] == [("image", "file")]


async def test_a_network_of_ours_is_not_fetched_from() -> None:
    async with file_server(PNG) as files:
        receipt, message, _ = await answered(Image(url=f"{files.place}/secret.png"), options=BridgeOptions())
        assert files.asked == []
    assert "secret.png" in str(message.content)
    assert "media_hosts" in receipt.degradations[0].why or "open network" in receipt.degradations[0].why


async def test_what_is_no_address_is_a_link() -> None:
    receipt, message, _ = await answered(Image(url="http://files.example:99999/may.png"))
    assert "http://files.example:99999/may.png" in str(message.content)
    assert receipt.state is DeliveryState.SENT
    (lost,) = receipt.degradations
    assert (lost.how, lost.why) == ("link", "this is no address that can be fetched from")


async def test_a_card_without_its_picture_has_its_address() -> None:
    async with file_server(PNG) as files:
        files.status = 404
        url = f"{files.place}/may.png"
        receipt, message, _ = await answered(Card(title="May", body=["Sales", Image(url=url, alt="chart")]))
        video = Video(data=MP4, name="trip.mp4", cover_image=Image(url=url))
        second, _, _ = await answered(video)
    assert url in str(message.content)
    assert [(lost.what, lost.how) for lost in receipt.degradations] == [("image", "link")]
    assert [lost.what for lost in second.degradations] == ["image"]


async def test_passing_trouble_is_tried_again() -> None:
    async with file_server(PNG) as files:
        files.status = 503
        receipts: list[Receipt] = []

        async def answer(msg: Any) -> None:
            receipts.append(await msg.reply(Image(url=f"{files.place}/a.png")))

        async with chat(skill(answer), options=HERE) as room:
            room.user.says("please")
            await until(lambda: files.asked)
            files.status = 200
            message = await room.user.receives()
            assert uploaded(room, message, "image_key").data == PNG
            assert len(files.asked) == 2


async def test_an_edit_fetches_too(spool: Path) -> None:
    async with file_server(PNG) as files:
        edited: list[Receipt] = []

        async def answer(msg: Any) -> None:
            receipt = await msg.reply(Card(body=["first"]))
            edited.append(await msg.edit(receipt, Card(body=["second", Image(url=f"{files.place}/a.png")])))

        async with chat(skill(answer), options=HERE) as room:
            room.user.says("please")
            await until(lambda: edited)
        assert (edited[0].state, edited[0].degradations) == (DeliveryState.SENT, ())
        assert len(files.asked) == 1
    assert files_in(spool) == []


async def test_an_answer_to_a_click_fetches_too(spool: Path) -> None:
    async with file_server(PNG) as files:

        async def clicked(event: ButtonClicked) -> Any:
            return Toast("here"), Card(body=["second", Image(url=f"{files.place}/a.png", alt="a chart")])

        async def answer(msg: Any) -> Any:
            return Card(body=["first", Button("More", action="more")])

        more = event_skill(clicked, ButtonClicked, name="more")
        async with chat(skill(answer), more, options=HERE) as room:
            room.user.says("please")
            message = await room.user.receives()
            assert await room.user.clicks(message, button="More") == "here"
            await until(lambda: "second" in str(message.card) and "img_key" in str(message.card), what="the other card")
        assert len(files.asked) == 1
    assert files_in(spool) == []


async def test_an_audio_by_address_keeps_its_kind() -> None:
    async with file_server(b"ID3\x04sound") as files:
        receipt, message, room = await answered(Audio(url=f"{files.place}/song.mp3"))
        assert message.msg_type == "file"
        assert uploaded(room, message).name == "song.mp3"
    assert [(lost.what, lost.how) for lost in receipt.degradations] == [("audio", "file")]


async def test_any_sound_is_a_voice_message(spool: Path) -> None:
    receipt, message, room = await answered(Audio(data=wav(2.0)))
    assert (receipt.state, receipt.degradations, message.msg_type) == (DeliveryState.SENT, (), "audio")
    upload = uploaded(room, message)
    assert is_opus(upload.data[:4096])
    assert upload.duration == pytest.approx(2000, abs=100)
    assert files_in(spool) == []


async def test_an_empty_file_is_refused_by_its_name() -> None:
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> str:
        receipts.append(await msg.reply(File(data=b"", name="may.pdf")))
        return "done"

    async with chat(skill(answer)) as room:
        room.user.says("please")
        await room.user.receives("done")
    assert receipts[0].state is DeliveryState.FAILED
    assert "this File 'may.pdf' is empty" in receipts[0].error


async def test_a_picture_that_is_not_shown_goes_as_a_file() -> None:
    receipt, message, room = await answered(Image(data=b"<svg></svg>", alt="chart"))
    assert (message.msg_type, uploaded(room, message).data) == ("file", b"<svg></svg>")
    assert [(lost.what, lost.how) for lost in receipt.degradations] == [("image", "file")]


async def test_what_a_killed_process_had_ready_is_sent_by_the_next_and_removed(spool: Path) -> None:
    """A stream is a file before its message is kept, so the message can be said from it."""
    folder = spool / "imbridge-left" / "0"
    folder.mkdir(parents=True)
    path = folder / "may.pdf"
    path.write_bytes(b"%PDF-1.7 ...")
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        private = Channel(
            platform="feishu", account="work", kind=ChannelKind.PRIVATE, id=feishu.private_chat(alice, app).chat_id
        )
        lost = Degradation(loss=Loss.AS_TEXT, what="audio", how="text", why="too large")
        disk = Disk()
        disk.outbox[0] = OutboxEntry(
            key="k",
            channel=private,
            reply=Reply(elements=(File(path=str(path), size=12, name="may.pdf"),)),
            degradations=(lost,),
            spool=str(folder.parent),
        )
        async with Bridge([account(feishu, app)], storage=GroupCommitStorage(disk)):
            message = await alice.receives()
            upload = feishu.world.uploads.get(message.content["file_key"])
            assert upload is not None
            assert upload.data == b"%PDF-1.7 ..."
            await until(lambda: files_in(spool) == [], what="the folder to be gone")
        assert disk.outbox == {}


async def test_a_folder_that_is_none_of_ours_is_not_removed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder that was made for media"):
        await remove(tmp_path)
    assert tmp_path.exists()  # noqa: ASYNC240 - a look
