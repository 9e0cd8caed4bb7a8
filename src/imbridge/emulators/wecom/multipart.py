"""Reading the one file of a multipart upload: the part `media`, with its file name."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imbridge.emulators.common.form import read_parts
from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call

SMALLEST = 5
"""Every file must have more bytes than this."""
MAGIC = {
    "image": (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"),
    "voice": (b"#!AMR",),
    "video": (b"ftyp",),
}
TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"#!AM": "audio/amr"}


@dataclass(frozen=True, slots=True)
class Posted:
    """A file that was posted."""

    name: str
    data: bytes = field(repr=False)
    media_type: str


async def posted_file(call: "Call") -> Posted:
    """The file of the request.

    Raises:
        ApiError: 41005 there is none, 44001 it is empty, 40006 it is too small.
    """
    try:
        parts = await read_parts(call.request)
    except ValueError:
        raise ApiError(41005) from None
    found = next((Posted(part.filename, part.data, part.media_type) for part in parts if part.name == "media"), None)
    if found is None or not found.name:
        # Without a file name the platform does not see a file.
        raise ApiError(41005)
    if not found.data:
        raise ApiError(44001)
    if len(found.data) <= SMALLEST:
        raise ApiError(40006)
    return found


def check_format(kind: str, posted: Posted) -> str:
    """The MIME type of a file of a kind.

    Raises:
        ApiError: 40004, the bytes are none of the kind's formats: JPG or PNG, AMR, MP4.
    """
    data = posted.data
    magic = MAGIC.get(kind)
    if kind == "video":
        data = data[4:]
    if magic and not data.startswith(magic):
        raise ApiError(40004)
    if kind == "video":
        return "video/mp4"
    return next((name for start, name in TYPES.items() if posted.data.startswith(start)), "application/octet-stream")
