"""Media that an account cannot send, or not in that size."""

import pytest

from imbridge.protocol import Audio, Capabilities, File, Image, Link, Loss, Media, Sticker, Text, Video, to_reply
from imbridge.rendering import PartKind, Rendered, render
from imbridge.rendering.media import suffix_for

PNG = b"\x89PNG" + bytes(3000)
SMALL = Capabilities(sends=frozenset({"text", "image", "file"}), image_bytes=1024, file_bytes=4096)


def only(rendered: Rendered) -> Media | Text:
    (part,) = rendered.parts
    (element,) = part.elements
    assert isinstance(element, Media | Text)
    assert part.kind is (PartKind.TEXT if isinstance(element, Text) else PartKind.MEDIA)
    return element


def test_an_image_too_large_goes_as_a_file() -> None:
    rendered = render(to_reply(Image(data=PNG)), SMALL)
    assert only(rendered) == File(data=PNG, name="image.png")
    (degradation,) = rendered.degradations
    assert (degradation.what, degradation.how) == ("image", "file")
    assert degradation.why == "its 2.9 KB are more than the 1.0 KB allowed"


@pytest.mark.parametrize(
    ("media", "note"),
    [
        (Image(data=bytes(5000), alt="a cat"), "[image: a cat, 4.9 KB]"),
        (File(data=bytes(5000), name="报告.pdf"), "[file: 报告.pdf, 4.9 KB]"),
        (File(key="k", size=2_500_000), "[file, 2.4 MB]"),
        (Video(data=bytes(5000), name="v.mp4"), "[video: v.mp4, 4.9 KB]"),
        (Audio(data=bytes(5000), transcript="hello"), "hello"),
        (Audio(key="k"), "[audio]"),
        (Sticker(key="k"), "[sticker]"),
        (Image(key="k", size=2000), "[image, 2.0 KB]"),
    ],
)
def test_what_cannot_be_sent_is_named(media: Media, note: str) -> None:
    rendered = render(to_reply(media), SMALL)
    assert only(rendered) == Text(note)
    assert [(d.what, d.how) for d in rendered.degradations] == [(media.type, "text")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("media", "stand_in"),
    [
        (Sticker(data=b"GIF89a"), Image(data=b"GIF89a")),
        (Audio(data=b"OggS"), File(data=b"OggS", name="audio.ogg")),
        (Video(data=b"1", mime="video/mp4"), File(data=b"1", mime="video/mp4", name="video.mp4")),
        (Video(data=b"1", name="clip.mov"), File(data=b"1", name="clip.mov")),
        (Image(data=bytes(2000)), File(data=bytes(2000), name="image")),
    ],
)
def test_the_same_bytes_in_another_form(media: Media, stand_in: Media) -> None:
    rendered = render(to_reply(media), SMALL)
    assert only(rendered) == stand_in
    assert [d.how for d in rendered.degradations] == [stand_in.type]  # type: ignore[attr-defined]


@pytest.mark.parametrize("media", [Image(data=bytes(1024)), File(data=bytes(4096)), File(key="k"), Image(key="k")])
def test_what_fits_or_has_no_known_size_is_left_alone(media: Media) -> None:
    rendered = render(to_reply(media), SMALL)
    assert only(rendered) is media
    assert not rendered.degradations


def test_no_limit_is_known() -> None:
    open_ended = Capabilities(sends=frozenset({"text", "file"}))
    assert not render(to_reply(File(data=bytes(100_000))), open_ended).degradations


def test_the_bytes_count_and_not_what_is_said_of_them() -> None:
    assert render(to_reply(File(data=bytes(5000), size=1)), SMALL).degradations


def test_a_note_stands_on_a_line_of_its_own() -> None:
    rendered = render(to_reply(["see", File(name="f", data=bytes(5000)), "ok"]), SMALL)
    assert only(rendered) == Text("see\n[file: f, 4.9 KB]\nok")


@pytest.mark.parametrize(
    ("media", "stand_in"),
    [
        (Image(path="photos/cat.png", size=2000), File(path="photos/cat.png", size=2000, name="cat.png")),
        (Audio(path="memo.mp3", size=9), File(path="memo.mp3", size=9, name="memo.mp3")),
        (Video(path="v.mp4", name="trip.mp4", size=9), File(path="v.mp4", name="trip.mp4", size=9)),
        (Sticker(path="s.webp", size=9), Image(path="s.webp", size=9)),
    ],
)
def test_the_same_file_in_another_form(media: Media, stand_in: Media) -> None:
    rendered = render(to_reply(media), SMALL)
    assert only(rendered) == stand_in
    assert len(rendered.degradations) == 1


@pytest.mark.parametrize(
    ("head", "suffix"),
    [
        (PNG, ".png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", ".webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", ".wav"),
        (b"\0\0\0\x20ftypM4A \0\0", ".m4a"),
        (b"\0\0\0\x20ftypisom", ".mp4"),
        (b"%PDF-1.7", ".pdf"),
        (b"what is it", ""),
        (b"", ""),
    ],
)
def test_a_suffix_by_the_first_bytes(head: bytes, suffix: str) -> None:
    assert suffix_for(None, head) == suffix
    assert suffix_for("image/gif", head) == ".gif", "what is said counts first"


@pytest.mark.parametrize(
    ("media", "said"),
    [
        (Image(path="/a.png", url="https://x.example/a.png", size=5000), "https://x.example/a.png"),
        (File(path="/a.pdf", url="https://x.example/a", size=5000, name="may.pdf"), "may.pdf (https://x.example/a)"),
        (Video(url="https://x.example/v.mp4", size=9999, name="trip"), "trip (https://x.example/v.mp4)"),
    ],
)
def test_what_came_by_address_and_cannot_be_sent_is_a_link(media: Media, said: str) -> None:
    rendered = render(to_reply(["look", media, "there"]), SMALL)
    (part,) = rendered.parts
    assert "".join(element.as_text() for element in part.elements) == f"look\n{said}\nthere"
    assert [(lost.loss, lost.how) for lost in rendered.degradations if lost.what == media.type] == [  # type: ignore[attr-defined]
        (Loss.REPLACED, "link")
    ]


def test_such_a_link_keeps_its_title_where_there_are_titles() -> None:
    links = SMALL.model_copy(update={"sends": SMALL.sends | {"link"}})
    (part,) = render(to_reply(File(url="https://x.example/a", size=5000, name="may.pdf")), links).parts
    assert part.elements == (Link(url="https://x.example/a", title="may.pdf"),)
