"""Pictures, recordings, films and files.

Source: bot.q.qq.com, "message events" (attachments). `voice_wav_url`, the same recording as WAV, and `asr_refer_text`,
what was heard in it, are as clients have seen them; in guilds addresses have no scheme, and some no `content_type`.
"""

from collections.abc import Iterator, Mapping
from mimetypes import guess_type
from typing import Any

from imbridge.adapters.qq.received.facts import text_of, whole
from imbridge.protocol import Audio, Element, File, Image, Unknown, Video

_WAV = "audio/wav"


def media(attachments: Any) -> Iterator[Element]:
    """The elements of a list of attachments; one without an address is kept whole."""
    for one in attachments if isinstance(attachments, list) else ():
        yield _media(one) if isinstance(one, Mapping) else Unknown(kind="attachment", payload=one)


def _media(one: Mapping[str, Any]) -> Element:
    url, name = address(text_of(one, "url")), text_of(one, "filename")
    kind = text_of(one, "content_type").lower() or guess_type(name)[0] or ""
    sort, mime = kind.partition("/")[0], kind if "/" in kind else None
    size = whole(one.get("size")) or None
    if sort in ("voice", "audio"):
        # What the platform made of it anybody can play; QQ's own format (SILK) nearly nobody.
        wav = address(text_of(one, "voice_wav_url"))
        if wav or url:
            heard = text_of(one, "asr_refer_text")
            return Audio(key=wav or url, mime=_WAV if wav else mime, size=None if wav else size, transcript=heard)
    if not url:
        return Unknown(kind=kind or "attachment", payload=dict(one))
    if sort == "image":
        return Image(key=url, mime=mime, size=size)
    if sort == "video":
        return Video(key=url, mime=mime, size=size, name=name)
    return File(key=url, mime=mime, size=size, name=name)


def address(url: str) -> str:
    """An address with its scheme."""
    url = url.strip()
    return url if not url or "://" in url else f"https://{url.lstrip('/')}"
