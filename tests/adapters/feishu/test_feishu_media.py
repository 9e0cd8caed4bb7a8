"""Pictures and files: what is sent arrives byte by byte, what is received can be read."""

import random

import pytest
from feishu_rig import Rig

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import (
    Audio,
    ContentRefusedError,
    DeliveryError,
    Element,
    File,
    Image,
    Media,
    Message,
    NotSupportedError,
    Sticker,
    Text,
    Video,
)
from imbridge.rendering import Part, PartKind

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(5000)


def media(element: Element) -> Part:
    return Part(PartKind.MEDIA, (element,))


def uploaded(rig: Rig, message: BotMessage) -> bytes:
    (key,) = (message.content[name] for name in ("image_key", "file_key") if name in message.content)
    upload = rig.feishu.world.uploads.get(key)
    assert upload is not None
    return upload.data


async def received(rig: Rig) -> tuple[str, Media]:
    """The id of the newest message and its media element."""
    item = rig.intake.items[-1]
    assert isinstance(item, Message)
    (element,) = item.elements
    assert isinstance(element, Media)
    return item.id, element


class TestUpload:
    async def test_image(self, rig: Rig, adapter: FeishuAdapter) -> None:
        result = await adapter.send(rig.target(), media(Image(data=PNG)), "k")
        (message,) = rig.feishu.messages
        assert (message.msg_type, result.part.kind) == ("image", "image")
        assert uploaded(rig, message) == PNG

    @pytest.mark.parametrize(
        "name",
        [
            "report.pdf",
            "季度报告（最终版）.docx",
            'a "quoted" name.txt',
            "line\nbreak.txt",
            "../../etc/passwd",
            "名" * 200,
        ],
    )
    async def test_file(self, rig: Rig, adapter: FeishuAdapter, name: str) -> None:
        data = bytes(range(256)) * 400
        await adapter.send(rig.target(), media(File(data=data, name=name)), "k")
        (message,) = rig.feishu.messages
        assert message.msg_type == "file"
        upload = rig.feishu.world.uploads.get(message.content["file_key"])
        assert upload is not None
        assert (upload.data, upload.name, upload.file_type) == (data, name, "stream")

    async def test_file_without_a_name(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await adapter.send(rig.target(), media(File(data=b"x")), "k")
        upload = rig.feishu.world.uploads.get(rig.feishu.messages[-1].content["file_key"])
        assert upload is not None
        assert upload.name == "file"

    async def test_video_goes_as_a_file(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await adapter.send(rig.target(), media(Video(data=b"\0" * 99, name="v.mp4")), "k")
        assert rig.feishu.messages[-1].msg_type == "file"

    async def test_picture_in_rich_text(self, rig: Rig, adapter: FeishuAdapter) -> None:
        part = Part(PartKind.RICH, (Text("see"), Image(data=PNG), Text("and"), Image(data=PNG[:100])))
        await adapter.send(rig.target(), part, "k")
        rows = rig.feishu.messages[-1].content["zh_cn"]["content"]
        assert [row[0]["tag"] for row in rows] == ["text", "img", "text", "img"]
        keys = [row[0]["image_key"] for row in rows if row[0]["tag"] == "img"]
        assert [rig.feishu.world.uploads.get(key).data for key in keys] == [PNG, PNG[:100]]  # type: ignore[union-attr]

    async def test_sticker_by_its_key(self, rig: Rig, adapter: FeishuAdapter) -> None:
        received = (await rig.alice.sends_sticker()).content["file_key"]  # bots can send those only that they were sent
        await adapter.send(rig.target(), media(Sticker(key=received)), "k")
        message = rig.feishu.messages[-1]
        assert (message.msg_type, message.content) == ("sticker", {"file_key": received})

    async def test_received_media_are_sent_on_by_their_key(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await rig.alice.sends_image(PNG)
        await rig.intake_has(1)
        _, image = await received(rig)
        await adapter.send(rig.target(), media(image), "k")
        assert rig.feishu.messages[-1].content == {"image_key": image.key}
        assert rig.feishu.stats.uploads == 0

    @pytest.mark.parametrize("fault", ["502", "expire", "cut"])
    async def test_an_upload_survives_trouble(self, rig: Rig, adapter: FeishuAdapter, fault: str) -> None:
        """A multipart body can be read once only: each attempt needs its own."""
        if fault == "502":
            rig.feishu.faults.http_fail("*/images", 502, times=2)
        elif fault == "expire":
            rig.feishu.faults.expire_tokens()
        else:
            rig.feishu.faults.http_fail("*/images", 429, headers={"x-ogw-ratelimit-reset": "0"})
        await adapter.send(rig.target(), media(Image(data=PNG)), "k")
        assert uploaded(rig, rig.feishu.messages[-1]) == PNG

    @pytest.mark.parametrize("element", [Image(data=b""), File(data=b"", name="empty.txt"), Video(data=b"")])
    async def test_empty_media_are_refused(self, rig: Rig, adapter: FeishuAdapter, element: Media) -> None:
        with pytest.raises(ContentRefusedError, match="empty"):
            await adapter.send(rig.target(), media(element), "k")
        assert rig.calls("/im/") == []

    @pytest.mark.parametrize(
        ("element", "limit"),
        [(Image(data=bytes((10 << 20) + 1)), 10 << 20), (File(data=bytes((30 << 20) + 1)), 30 << 20)],
        ids=["image", "file"],
    )
    async def test_too_large_media_are_refused_before_they_are_sent(
        self, rig: Rig, adapter: FeishuAdapter, element: Media, limit: int
    ) -> None:
        with pytest.raises(ContentRefusedError, match=str(limit)):
            await adapter.send(rig.target(), media(element), "k")
        assert rig.calls("/im/") == []

    async def test_the_platforms_own_limit_is_said_clearly(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.settings.file_limit = 100
        with pytest.raises(ContentRefusedError, match="too large"):
            await adapter.send(rig.target(), media(File(data=bytes(101))), "k")

    async def test_what_is_no_image(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.feishu.faults.http_fail("*/images", 400, body='{"code": 234011, "msg": "format"}')
        with pytest.raises(ContentRefusedError, match="send it as a File"):
            await adapter.send(rig.target(), media(Image(data=b"no image")), "k")

    async def test_media_with_nothing(self, rig: Rig, adapter: FeishuAdapter) -> None:
        with pytest.raises(ContentRefusedError, match="neither data nor a key"):
            await adapter.send(rig.target(), media(Image()), "k")


class TestRead:
    async def test_image(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await rig.alice.sends_image(PNG)
        await rig.intake_has(1)
        message_id, image = await received(rig)
        assert isinstance(image, Image)
        assert await adapter.read(message_id, image) == PNG

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.bin", bytes(range(256)) * 2000),
            ("数据.json", b'{"code": 99991663, "msg": "not a refusal but a file"}'),
            ("zero.json", b'{"code": 0}'),
            ("list.json", b"[]"),
        ],
    )
    async def test_file(
        self, rig: Rig, adapter: FeishuAdapter, name: str, data: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from imbridge.emulators.feishu.uploads import Uploads

        add = Uploads.add_file
        if name.endswith("json"):  # some gateways guess the type by the name

            def as_json(self: Uploads, *args: object, **facts: object) -> object:
                upload = add(self, *args, **facts)  # type: ignore[arg-type]
                object.__setattr__(upload, "media_type", "application/json; charset=utf-8")
                return upload

            monkeypatch.setattr(Uploads, "add_file", as_json)
        await rig.alice.sends_file(data, name=name)
        await rig.intake_has(1)
        message_id, file = await received(rig)
        assert isinstance(file, File)
        assert file.name == name
        assert await adapter.read(message_id, file) == data

    async def test_audio_and_video(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for number, (kind, cls) in enumerate((("audio", Audio), ("media", Video)), start=1):
            upload = rig.feishu.world.uploads.add_file(b"OggS" + kind.encode(), rig.alice, name="x", file_type="opus")
            await rig.alice.sends(kind, {"file_key": upload.key, "duration": 2500})
            await rig.intake_has(number)
            message_id, element = await received(rig)
            assert isinstance(element, cls)
            assert element.duration == 2.5
            assert await adapter.read(message_id, element) == b"OggS" + kind.encode()

    async def test_sticker(self, rig: Rig, adapter: FeishuAdapter) -> None:
        with pytest.raises(NotSupportedError, match="stickers"):
            await adapter.read("om_1", Sticker(key="k"))

    async def test_a_refusal_is_an_error_and_not_a_file(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await rig.alice.sends_image(PNG)
        await rig.intake_has(1)
        message_id, _ = await received(rig)
        with pytest.raises(DeliveryError, match="234003") as caught:
            await adapter.read(message_id, Image(key="img_other"))
        assert caught.value.log_id

    async def test_a_dead_token_while_reading(self, rig: Rig, adapter: FeishuAdapter) -> None:
        await rig.alice.sends_image(PNG)
        await rig.intake_has(1)
        message_id, image = await received(rig)
        rig.feishu.faults.expire_tokens()
        assert await adapter.read(message_id, image) == PNG

    async def test_keys_are_quoted(self, rig: Rig, adapter: FeishuAdapter) -> None:
        with pytest.raises(DeliveryError):
            await adapter.read("om/../x", Image(key="a/b?type=file#c"))
        assert rig.requests[-1]["path"] != "/open-apis/im/v1/messages/x"

    async def test_a_download_has_a_limit(self, rig: Rig) -> None:
        adapter = await rig.start(download_limit=1000)
        await rig.alice.sends_image(PNG)
        await rig.intake_has(1)
        message_id, image = await received(rig)
        with pytest.raises(DeliveryError, match="longer than 1000"):
            await adapter.read(message_id, image)
        assert rig.feishu.stats.downloads == 1
