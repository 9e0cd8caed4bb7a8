"""Media at an address: fetched through the guard and sent, or a link when they cannot be had."""

from pathlib import Path
from typing import Any

import pytest
from file_server import FileServer, file_server
from media_world import HERE, MP4, PNG, answered, files_in, uploaded
from runtime_world import chat, skill, until

from imbridge import Bridge
from imbridge.config.options import BridgeOptions
from imbridge.protocol import (
    Audio,
    Button,
    ButtonClicked,
    Card,
    ConfigError,
    DeliveryState,
    File,
    Image,
    Loss,
    Receipt,
    Toast,
    Video,
)
from imbridge.skills import event_skill

pytestmark = pytest.mark.usefixtures("spool")


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
            assert len(files.asked) >= 2


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
