"""The outTrackIds of the cards that are made here: all that a click, or a change after a restart, has to know.

Source: open.dingtalk.com, "create and deliver cards": the id of a card is the app's own choice, and makes it once.
"""

import hashlib

from imbridge.protocol import Channel, ChannelKind

STREAM_CARD, MODEL_CARD, OWN_CARD, RAW_CARD = "s", "m", "o", "x"
"""What kind of card it is: a text that grows; a card of the model, on the platform's template or on one of one's own;
the platform's own JSON."""
_OURS, _IN_GROUP, _PRIVATE = "imb", "g", "p"


def track_of(kind: str, account: str, channel: Channel, key: str) -> str:
    """The id of what is sent with this key: the same when it is sent again, another one in every account."""
    where = _IN_GROUP if channel.kind is ChannelKind.GROUP else _PRIVATE
    digest = hashlib.blake2b(f"{account} {channel.address} {key}".encode(), digest_size=16).hexdigest()
    return f"{_OURS}-{kind}{where}-{digest}"


def kind_of(track: str) -> str:
    """What kind of card it is; empty when it is none of ours."""
    return _read(track)[:1]


def is_private(track: str) -> bool:
    """Whether it is one of ours, in a private chat."""
    return _read(track)[1:] == _PRIVATE


def _read(track: str) -> str:
    parts = track.split("-")
    return parts[1] if len(parts) == 3 and parts[0] == _OURS and len(parts[1]) == 2 else ""
