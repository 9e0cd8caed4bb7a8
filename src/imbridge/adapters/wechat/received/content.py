"""What a message holds.

Source: developers.weixin.qq.com, doc/service/guide/product/message/Receiving_standard_messages.html.
"""

from collections.abc import Callable, Mapping

from imbridge.adapters.wechat.received.facts import Facts
from imbridge.protocol import Audio, Element, File, Image, Link, Location, Text, Video

Reader = Callable[[Facts], tuple[Element, ...]]

_VOICES = {"amr": "audio/amr", "mp3": "audio/mpeg", "speex": "audio/speex"}


def _text(told: Facts) -> tuple[Element, ...]:
    return (Text(told.text("Content")),)


def _image(told: Facts) -> tuple[Element, ...]:
    return (Image(key=told.filled("MediaId")),)


def _voice(told: Facts) -> tuple[Element, ...]:
    # MediaId16K, where there is one, is the same at 16 kHz; in which format is written nowhere.
    mime = _VOICES.get(told.text("Format").lower())
    return (Audio(key=told.filled("MediaId"), mime=mime, transcript=told.text("Recognition")),)


def _video(told: Facts) -> tuple[Element, ...]:
    return (Video(key=told.filled("MediaId"), cover=told.text("ThumbMediaId"), mime="video/mp4"),)


def _location(told: Facts) -> tuple[Element, ...]:
    # Not a mistake: the platform's X is the latitude, and its Y the longitude.
    place = Location(
        latitude=float(told.filled("Location_X")),
        longitude=float(told.filled("Location_Y")),
        name=told.text("Label"),
    )
    return (place,)


def _link(told: Facts) -> tuple[Element, ...]:
    link = Link(url=told.filled("Url"), title=told.text("Title"))
    description = told.text("Description")
    return (link, Text(f"\n{description}")) if description else (link,)


def _file(told: Facts) -> tuple[Element, ...]:
    # In no document, but followers can send files, and this is what arrives then; there is no key to fetch one by.
    size = told.text("FileTotalLen")
    return (File(name=told.filled("Title"), size=int(size) if size.isdigit() else None),)


READERS: Mapping[str, Reader] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
    "file": _file,
}
"""By `MsgType`: the elements. They raise `ValueError` for a message that lacks what its kind should have."""
