"""What files are, by their first bytes: built here from the formats' own documents."""

import pytest
from feishu_media import mp4, ogg_page, opus
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.feishu.sent.formats import document_type
from imbridge.adapters.uploads import HEAD, TAIL
from imbridge.media.formats import is_mp4, is_opus, opus_milliseconds


def milliseconds(data: bytes) -> int | None:
    return opus_milliseconds(data[:HEAD], data[-TAIL:])


@pytest.mark.parametrize("seconds", [0.02, 1, 2.5, 61.25, 3600])
def test_how_long_a_recording_is(seconds: float) -> None:
    assert is_opus(opus(seconds))
    assert milliseconds(opus(seconds)) == round(seconds * 1000)


def test_the_last_page_of_the_same_stream_counts() -> None:
    other = ogg_page(b"x", granule=48_000 * 99, serial=8)
    assert milliseconds(opus(3) + other) == 3000


def test_the_mark_of_a_page_inside_the_sound() -> None:
    assert milliseconds(opus(3, sound=b"..OggS......................OggS")) == 3000


def test_a_page_on_which_nothing_ends() -> None:
    assert milliseconds(opus(3) + ogg_page(b"x" * 200, granule=2**64 - 1)) == 3000


def test_a_long_recording_is_told_by_its_end() -> None:
    data = opus(1) + ogg_page(b"x" * 60_000, granule=48_000 * 50) * 4 + ogg_page(b"y", granule=312 + 48_000 * 100)
    assert len(data) > HEAD + TAIL
    assert milliseconds(data) == 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OggS",
        b"ID3\x04",
        ogg_page(b"\x01vorbis" + bytes(23)),
        opus(1)[:40],
        b"x" + opus(1),
        ogg_page(b"OpusHead\x01"),
    ],
)
def test_what_is_no_opus(data: bytes) -> None:
    assert not is_opus(data)
    assert milliseconds(data) is None


def test_an_opus_without_sound() -> None:
    data = opus(1)[: len(ogg_page(b"OpusHead" + bytes(11)))]
    assert is_opus(data)
    assert milliseconds(data) is None


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes(head: bytes, tail: bytes) -> None:
    assert opus_milliseconds(b"OggS" + head, tail) is None or b"OpusHead" in head


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"avc1", b"iso6", b"M4V "])
def test_films(brand: bytes) -> None:
    assert is_mp4(mp4(brand))


@pytest.mark.parametrize("data", [mp4(b"qt  "), mp4(b"M4A "), mp4(b"heic"), b"\x1aE\xdf\xa3webm", b"", b"RIFF0000AVI "])
def test_what_is_no_film(data: bytes) -> None:
    assert not is_mp4(data)


OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", b"PK\x03\x04..."


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.pdf", b"%PDF-1.7", "pdf"),
        ("no suffix", b"%PDF-1.7", "pdf"),
        ("a.pdf", b"<html>", "stream"),
        ("a.doc", OLE, "doc"),
        ("A.DOCX", ZIP, "doc"),
        ("a.xls", OLE, "xls"),
        ("a.xlsx", ZIP, "xls"),
        ("a.ppt", OLE, "ppt"),
        ("a.pptx", ZIP, "ppt"),
        ("a.docx", OLE, "stream"),
        ("a.zip", ZIP, "stream"),
        ("a.mp4", mp4(), "stream"),
        ("a.opus", opus(1), "stream"),
        ("", b"", "stream"),
    ],
)
def test_documents(name: str, head: bytes, kind: str) -> None:
    assert document_type(name, head) == kind
