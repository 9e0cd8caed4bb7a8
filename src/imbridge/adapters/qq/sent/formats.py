"""As which kind of file something can go, by its first bytes. Pure.

Source: bot.q.qq.com, "rich media": images PNG and JPG (20 MB), videos MP4 (30 MB), voices Silk (20 MB), files (200 MB).
GIF as an image, and MP3, WAV and FLAC as voices are what clients send as well.
"""

from imbridge.media.formats import is_mp4, is_picture
from imbridge.protocol import Audio, Image, Media, Sticker, Video

IMAGE, VIDEO, VOICE, FILE = 1, 2, 3, 4
WORDS = {IMAGE: "image", VIDEO: "video", VOICE: "audio", FILE: "file"}
IMAGE_BYTES, VOICE_BYTES, VIDEO_BYTES, FILE_BYTES = 20 << 20, 20 << 20, 30 << 20, 200 << 20
INLINE_BYTES = 720 << 10
"""What is sent inside a JSON body, which is written in one go; larger files go in parts."""
_LIMITS = {IMAGE: IMAGE_BYTES, VIDEO: VIDEO_BYTES, VOICE: VOICE_BYTES, FILE: FILE_BYTES}
_SOUND = (b"\x02#!SILK", b"#!SILK", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"fLaC")


def file_type(media: Media) -> int:
    """The platform's number for it."""
    if isinstance(media, Image | Sticker):
        return IMAGE
    if isinstance(media, Video):
        return VIDEO
    return VOICE if isinstance(media, Audio) else FILE


def refusal(media: Media, head: bytes, size: int) -> str | None:
    """Why this cannot be shown as what it is, and goes as a file."""
    limit = _LIMITS[file_type(media)]
    if size > limit:
        return f"QQ takes at most {limit >> 20} MB of this kind"
    if isinstance(media, Image | Sticker):
        return None if is_picture(head) or head.startswith(b"GIF8") else "QQ shows PNG, JPG and GIF as images"
    if isinstance(media, Video):
        return None if is_mp4(head) else "QQ shows MP4 as a video"
    if isinstance(media, Audio):
        plays = head.startswith(_SOUND) or (head.startswith(b"RIFF") and head[8:12] == b"WAVE")
        return None if plays else "QQ plays Silk, MP3, WAV and FLAC as voice messages"
    return None


def address_of(media: Media) -> str:
    """Where the platform is to fetch it: its address, or a key that is one; empty when it is at hand, or is neither."""
    if media.is_at_hand:
        return ""
    place = media.url or media.key
    return place if place.startswith(("https://", "http://")) else ""
