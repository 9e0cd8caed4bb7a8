"""Downloads: bounded, encrypted, from the open network only, never whole in memory when they are saved."""

from pathlib import Path

import pytest
from contract import until
from file_server import file_server
from qq_rig import PNG, Rig

from imbridge.adapters.qq import QQAdapter, QQConfig
from imbridge.adapters.qq.received.downloads import Downloads
from imbridge.protocol import Audio, DeliveryError, File, Image, Media, Message, NotSupportedError, TargetGoneError
from imbridge.transport import Backoff, HttpPool


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def received(rig: Rig) -> Media:
    await until(lambda: rig.intake.offered, "a message")
    message = rig.intake.items[0]
    assert isinstance(message, Message)
    return message.media[0]


async def test_saved_under_its_name(rig: Rig, adapter: QQAdapter, tmp_path: Path) -> None:
    content = bytes(range(256)) * 16 * 1024
    await rig.alice.sends_file(content, "report.pdf", bot=rig.bot)
    media = (await received(rig)).model_copy(update={"name": "../../report.pdf"})
    path = await adapter.save("m", media, tmp_path)
    assert path.parent == tmp_path
    assert path.suffix == ".pdf"
    assert path.read_bytes() == content


async def test_saved_under_a_name_of_its_own(rig: Rig, adapter: QQAdapter, tmp_path: Path) -> None:
    await rig.alice.sends_image(PNG, bot=rig.bot)
    path = await adapter.save("m", await received(rig), tmp_path)
    assert (path.suffix, path.read_bytes()) == (".png", PNG)


async def test_larger_than_allowed(rig: Rig, tmp_path: Path) -> None:
    adapter = await rig.start(download_limit=100)
    await rig.alice.sends_file(bytes(101), "x.bin", bot=rig.bot)
    media = await received(rig)
    with pytest.raises(DeliveryError, match="too long"):
        await adapter.read("m", media)
    with pytest.raises(DeliveryError, match="too long"):
        await adapter.save("m", media, tmp_path)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_gone(rig: Rig, adapter: QQAdapter, status: int) -> None:
    await rig.alice.sends_image(PNG, bot=rig.bot)
    rig.qq.faults.http_fail("/download/*", status)
    with pytest.raises(TargetGoneError, match="cannot be had any more") as caught:
        await adapter.read("m", await received(rig))
    assert "/download/" not in str(caught.value)


async def test_passing_trouble(rig: Rig, adapter: QQAdapter) -> None:
    adapter.downloads.backoff = Backoff(0.01, 0.02)
    await rig.alice.sends_image(PNG, bot=rig.bot)
    rig.qq.faults.http_fail("/download/*", 503)
    rig.qq.faults.cut_before("/download/*")
    assert await adapter.read("m", await received(rig)) == PNG


async def test_trouble_that_stays(rig: Rig, adapter: QQAdapter) -> None:
    adapter.downloads.backoff = Backoff(0.01, 0.02)
    await rig.alice.sends_image(PNG, bot=rig.bot)
    rig.qq.faults.http_fail("/download/*", 503, times=None)
    with pytest.raises(DeliveryError, match="503"):
        await adapter.read("m", await received(rig))


async def test_a_redirect_is_not_followed(rig: Rig, adapter: QQAdapter) -> None:
    await rig.alice.sends_image(PNG, bot=rig.bot)
    rig.qq.faults.http_fail("/download/*", 302, headers={"Location": "http://169.254.169.254/latest"})
    with pytest.raises(DeliveryError) as caught:
        await adapter.read("m", await received(rig))
    assert "/download/" not in str(caught.value)


async def test_without_an_address(adapter: QQAdapter) -> None:
    with pytest.raises(NotSupportedError, match="no address"):
        await adapter.read("m", Image())


async def test_no_token_is_sent_along(rig: Rig, adapter: QQAdapter) -> None:
    """Files lie with a storage provider, who must not get it."""
    async with file_server(PNG) as files:
        assert await adapter.read("m", Image(key=f"{files.place}/a.png")) == PNG
    assert [asked.keys() for asked in files.asked] == [
        {"Host", "User-Agent", "Accept-Encoding", "Accept", "Connection"}
    ]


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("https://multimedia.nt.qq.com.cn/a?b=%2F&rkey=x", "https://multimedia.nt.qq.com.cn/a?b=%2F&rkey=x"),
        ("http://gchat.qpic.cn/a", "https://gchat.qpic.cn/a"),
        ("http://gchat.qpic.cn:80/a", "https://gchat.qpic.cn/a"),
        ("https://127.0.0.1/a", None),
        ("https://127.1/a", None),
        ("https://0x7f.1/a", None),
        ("https://2130706433/a", None),
        ("http://169.254.169.254/latest/meta-data", None),
        ("https://127.0.0.1./a", None),
        ("https://[::1]/a", None),
        ("https://localhost/a", None),
        ("https://intranet/a", None),
        ("https://db.internal/a", None),
        ("https://db.internal./a", None),
        ("https://printer.local/a", None),
        ("https://gchat.qpic.cn:6379/a", None),
        ("https://user:pass@gchat.qpic.cn/a", None),
        ("ftp://gchat.qpic.cn/a", None),
        ("file:///etc/passwd", None),
        ("https://[::1/a", None),
        ("https://gchat.qpic.cn:99999/a", None),
        ("", None),
    ],
)
async def test_where_a_file_may_be(url: str, fetched: str | None) -> None:
    async with HttpPool(trust_env=False) as pool:
        downloads = Downloads(QQConfig(name="work", app_id="1", secret="invented"), pool)
        found = downloads.checked(url)
        assert (str(found) if found is not None else None) == fetched
        if fetched is None:
            for kind in (File, Audio):
                with pytest.raises((DeliveryError, NotSupportedError)) as caught:
                    await downloads.read(kind(key=url))
                assert url not in str(caught.value) or not url
