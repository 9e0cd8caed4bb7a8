"""As which kind of message a file can go, by its first bytes. Pure.

Source: open.dingtalk.com, "upload media files": images JPG, PNG, GIF, BMP (20 MB), voices of 2 MB, videos MP4 (20 MB),
files of 20 MB; "types of robot messages": voices are Ogg or AMR.
"""

from imbridge.adapters.uploads import Content
from imbridge.media.formats import (
    amr_seconds,
    is_amr,
    is_mp4,
    is_opus,
    is_picture,
    mp4_seconds,
    opus_milliseconds,
)
from imbridge.protocol import Audio, Image, Media, Sticker, Video

IMAGE_BYTES, VOICE_BYTES, VIDEO_BYTES, FILE_BYTES = 20 << 20, 2 << 20, 20 << 20, 20 << 20


def refusal(media: Media, content: Content) -> str | None:
    """Why this cannot be shown as what it is, and goes as a file."""
    head = content.head
    if isinstance(media, Image | Sticker):
        shown = is_picture(head) or head.startswith((b"GIF8", b"BM"))
        return None if shown else "DingTalk shows JPG, PNG, GIF and BMP as images"
    if isinstance(media, Audio):
        if not (is_amr(head) or is_opus(head)):
            return "DingTalk plays AMR and Ogg Opus as voice messages"
        if content.size > VOICE_BYTES:
            return f"DingTalk takes voice messages of at most {VOICE_BYTES >> 20} MB"
        return None if seconds_of(media, content) else "a voice message needs its duration, which it does not tell"
    if isinstance(media, Video):
        if not is_mp4(head):
            return "DingTalk shows MP4 as a video"
        if not media.cover and media.cover_image is None:
            return "DingTalk shows no video without a cover"
        return None if seconds_of(media, content) else "a video needs its duration, which it does not tell"
    return None


def seconds_of(media: Audio | Video, content: Content) -> float | None:
    """How long it plays, by what is said of it or by what is in it."""
    if media.duration:
        return media.duration
    if isinstance(media, Video):
        return mp4_seconds(content.head, content.tail)
    if is_amr(content.head):
        return amr_seconds(content.head, content.size)
    milliseconds = opus_milliseconds(content.head, content.tail)
    return None if milliseconds is None else milliseconds / 1000
