"""Rich text: texts, pictures and calls in their order.

Source: open.dingtalk.com, "receive messages of a robot". What is quoted has other names for the same: `msgType` and
`content` for `type` and `text` (as clients have seen it).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.adapters.dingtalk.received.facts import seconds, text_of, whole
from imbridge.protocol import Audio, Element, File, Image, Mention, Text, Unknown, Video

_AUDIO_SCALE = 1000


def rich_text(items: Any) -> tuple[Element, ...]:
    """The elements of a list of items; an item of a kind that is not known is kept whole.

    Raises:
        TypeError: it is no list.
    """
    if not isinstance(items, list):
        raise TypeError("rich text is no list")
    return tuple(element for item in items for element in _item(item))


def _item(item: Any) -> Iterator[Element]:
    if not isinstance(item, Mapping):
        yield Unknown(kind="richText", payload=item)
        return
    kind = text_of(item, "type") or text_of(item, "msgType")
    text = text_of(item, "text") or text_of(item, "content")
    code = download_code(item)
    if kind == "at" and (text_of(item, "atName") or text):
        name = (text_of(item, "atName") or text).strip().lstrip("@")
        yield Mention(id=text_of(item, "atUserId"), name=name)
    elif kind in ("", "text", "emoji") and (text or code or "text" in item or "content" in item):
        if text:
            yield Text(text)
        if code:
            yield Image(key=code)
    elif kind in READERS and code:
        yield READERS[kind](item)
    else:
        yield Unknown(kind=kind or "richText", payload=dict(item))


def download_code(content: Mapping[str, Any]) -> str:
    """What the content can be fetched by: of a picture there may be a second code, of a smaller one."""
    return text_of(content, "downloadCode") or text_of(content, "pictureDownloadCode")


def image(content: Mapping[str, Any]) -> Image:
    """A picture.

    Raises:
        ValueError: it cannot be fetched by anything. The same holds for the others.
    """
    return Image(key=_needed(content))


def audio(content: Mapping[str, Any]) -> Audio:
    """A voice message, with what was said where the platform has recognised it; `duration` in milliseconds."""
    duration = seconds(content.get("duration"), per=_AUDIO_SCALE)
    return Audio(key=_needed(content), duration=duration, transcript=text_of(content, "recognition"))


def video(content: Mapping[str, Any]) -> Video:
    """A video; `duration` in seconds."""
    kind = text_of(content, "videoType")
    mime = f"video/{kind}" if kind.isalnum() and kind.isascii() else None
    name, duration = text_of(content, "fileName"), seconds(content.get("duration"))
    return Video(key=_needed(content), name=name, duration=duration, mime=mime)


def file(content: Mapping[str, Any]) -> File:
    """A file."""
    return File(key=_needed(content), name=text_of(content, "fileName"), size=whole(content.get("fileSize")))


def _needed(content: Mapping[str, Any]) -> str:
    code = download_code(content)
    if not code:
        raise ValueError("no downloadCode")
    return code


READERS = {"picture": image, "audio": audio, "video": video, "file": file}
"""Media by the platform's names of their kinds."""
