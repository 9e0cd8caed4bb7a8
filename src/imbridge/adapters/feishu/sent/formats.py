"""What a file is, by its first bytes and its name: that decides how the platform shows it. Pure.

Types of upload: open.feishu.cn, im-v1/file/create.
"""

from pathlib import PurePath
from typing import Literal

FileType = Literal["opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"]

_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_DOCUMENTS: dict[str, tuple[FileType, bytes]] = {
    ".pdf": ("pdf", b"%PDF"),
    ".doc": ("doc", _OLE), ".docx": ("doc", _ZIP),
    ".xls": ("xls", _OLE), ".xlsx": ("xls", _ZIP),
    ".ppt": ("ppt", _OLE), ".pptx": ("ppt", _ZIP),
}  # fmt: skip


def document_type(name: str, head: bytes) -> FileType:
    """The type of upload for something that is sent as a file: what its name says, if it begins like that.

    Never `opus` or `mp4`: the platform does not send those as files (code 230055).
    """
    found = _DOCUMENTS.get(PurePath(name).suffix.lower())
    if found is not None and head.startswith(found[1]):
        return found[0]
    return "pdf" if found is None and head.startswith(b"%PDF") else "stream"
