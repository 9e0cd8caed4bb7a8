"""Media are looked at before they are rendered: what they are, how large they are."""

from pathlib import Path

import pytest

from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.wechat.capabilities import WECHAT
from imbridge.adapters.wecom.capabilities import APP
from imbridge.media.formats import picture_in
from imbridge.media.settling import NAMES
from imbridge.media.sources import gathered
from imbridge.protocol import Capabilities, Degradation, Element, File, Image, Link, Loss, Reply, Sticker, Text, Video
from imbridge.rendering import PartKind, render
from imbridge.transport import HttpPool

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
WEBP = b"RIFF\0\0\0\0WEBPVP8 " + bytes(64)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'


async def settled(element: Element, capabilities: Capabilities) -> tuple[Element, tuple[Degradation, ...]]:
    async with (
        HttpPool(trust_env=False) as pool,
        gathered(Reply(elements=(element,)), capabilities, pool) as (reply, lost),
    ):
        (found,) = reply.elements
        return found, lost


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (PNG, "png"), (b"\xff\xd8\xff\xe0", "jpg"), (b"GIF89a", "gif"), (b"GIF87a", "gif"), (WEBP, "webp"),
        (b"BM\0\0", "bmp"), (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"\0\0\1\0", "ico"), (SVG, "svg"),
        (b"\xef\xbb\xbf <svg>", "svg"), (b"\0\0\0\x18ftypheic", "heic"), (b"\0\0\0\x18ftypmif1", "heic"),
        (b"\0\0\0\x18ftypavif", "avif"), (b"\0\0\0\x18ftypisom", ""), (b"RIFF\0\0\0\0WAVE", ""), (b"%PDF", ""),
        (b"<?xml?><html>", ""), (b"", ""),
    ],
)  # fmt: skip
def test_what_a_picture_is(head: bytes, name: str) -> None:
    assert picture_in(head) == name
    assert not name or NAMES[name]


@pytest.mark.parametrize("kind", [Image, Sticker])
async def test_a_picture_that_is_not_shown_is_a_file(kind: type[Image | Sticker]) -> None:
    found, (lost,) = await settled(kind(data=WEBP), APP)
    word = "image" if kind is Image else "sticker"
    assert found == File(data=WEBP, name=f"{word}.webp")
    assert (lost.loss, lost.what, lost.how) == (Loss.REPLACED, word, "file")
    assert lost.why == "this account shows PNG, JPG as images, and this is WebP"
    assert (await settled(kind(data=WEBP), FEISHU)) == (kind(data=WEBP), ())


async def test_where_there_are_no_files_it_is_named_or_linked() -> None:
    found, (lost,) = await settled(Image(data=SVG, alt="chart"), WECHAT)
    assert (found, lost.loss, lost.how) == (Text("[image: chart]"), Loss.AS_TEXT, "text")
    found, (lost,) = await settled(Image(data=SVG, url="https://x.example/a.svg"), WECHAT)
    assert (found, lost.loss, lost.how) == (Link(url="https://x.example/a.svg"), Loss.REPLACED, "link")


async def test_the_first_bytes_count_and_not_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "chart.png"
    path.write_bytes(SVG)
    found, (lost,) = await settled(Image(path=str(path), mime="image/png"), FEISHU)
    assert isinstance(found, File)
    assert (found.name, found.path) == ("chart.png", str(path))
    assert "this is SVG" in lost.why


async def test_the_size_of_a_file_is_found_out(tmp_path: Path) -> None:
    """So that what is too large is told before anything is uploaded, also where nobody said its size."""
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate((20 << 20) + 1)
    found, lost = await settled(Video(path=str(path)), APP)
    assert (found.size, lost) == (path.stat().st_size, ())  # type: ignore[attr-defined]  # a video
    rendered = render(Reply(elements=(found,)), APP)
    assert rendered.parts[0].kind is PartKind.TEXT
    assert rendered.parts[0].elements[0].as_text() == "[video, 20.0 MB]"


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/dev/null", "a\0b"])
async def test_what_cannot_be_read_is_left_to_who_sends_it(path: str) -> None:
    picture = Image(path=path)
    assert await settled(picture, APP) == (picture, ())


async def test_texts_and_keys_are_not_looked_at() -> None:
    for element in (Text("x"), Image(key="k"), File(data=b"x"), Image(data=PNG)):
        assert await settled(element, APP) == (element, ())
