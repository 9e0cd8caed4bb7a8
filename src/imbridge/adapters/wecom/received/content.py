"""What a message holds. Source: developer.work.weixin.qq.com, "message format" (path/90239).

That page has text, image, voice, video, location and link. Files arrive too, with fields that are not documented:
`MediaId` or `FileKey`, `FileName` or `Title`, `FileSize` or `FileTotalLen` are those that clients have seen.
"""

from collections.abc import Callable, Mapping
from typing import Any

from imbridge.adapters.wecom.received.facts import Facts
from imbridge.protocol import Audio, Element, File, Image, Link, Location, Text, Video

Reader = Callable[[Facts], tuple[Element, ...]]

_POLE, _DATE_LINE = 90.0, 180.0
_AUDIO_TYPES = {"amr": "audio/amr", "speex": "audio/speex", "mp3": "audio/mpeg"}


def _text(told: Facts) -> tuple[Element, ...]:
    text = told.needed("Content")
    return (Text(text),) if text else ()


def _image(told: Facts) -> tuple[Element, ...]:
    return (Image(key=told.filled("MediaId")),)


def _voice(told: Facts) -> tuple[Element, ...]:
    """`Recognition` is there when the app's speech recognition is switched on."""
    mime = _AUDIO_TYPES.get(told.text("Format").lower())
    return (Audio(key=told.filled("MediaId"), mime=mime, transcript=told.text("Recognition")),)


def _video(told: Facts) -> tuple[Element, ...]:
    return (Video(key=told.filled("MediaId"), cover=told.text("ThumbMediaId")),)


def _location(told: Facts) -> tuple[Element, ...]:
    return (place(told.fields, "Location_X", "Location_Y"),)


def place(fields: Mapping[str, Any], latitude: str, longitude: str) -> Location:
    """A place by the names of its fields. `Location_X` is the latitude, whatever X looks like.

    Raises:
        KeyError: one of them is missing.
        ValueError: it is none on this earth.
    """
    north, east = on_earth(fields[latitude], fields[longitude])
    name = fields.get("Label") or fields.get("Poiname") or ""
    return Location(latitude=north, longitude=east, name=name if isinstance(name, str) else "")


def on_earth(latitude: Any, longitude: Any) -> tuple[float, float]:
    """Degrees north and east.

    Raises:
        TypeError: they are no texts.
        ValueError: there is no such place.
    """
    north, east = float(latitude), float(longitude)
    if not (abs(north) <= _POLE and abs(east) <= _DATE_LINE):  # nor is `nan`
        raise ValueError("no place on earth")
    return north, east


def _link(told: Facts) -> tuple[Element, ...]:
    """A page that somebody shared, and what is said of it; its picture is in the message's payload."""
    link, description = Link(url=told.filled("Url"), title=told.text("Title")), told.text("Description")
    return (link, Text(f"\n{description}")) if description else (link,)


def _file(told: Facts) -> tuple[Element, ...]:
    key = told.text("MediaId") or told.filled("FileKey")
    size = told.text("FileSize") or told.text("FileTotalLen")
    return (
        File(
            key=key,
            name=told.text("FileName") or told.text("Title"),
            size=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None,
        ),
    )


READERS: Mapping[str, Reader] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "location": _location,
    "link": _link,
    "file": _file,
}
"""By `MsgType`: the elements. They raise `ValueError`, `TypeError` or `KeyError` where something is missing."""
