"""What identifies rows, and texts that every database takes."""

import hashlib
import secrets


def digest(*parts: str) -> str:
    """One id of several texts: 32 characters. Parts cannot run into each other."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(8, "big"))
        hashed.update(data)
    return hashed.hexdigest()


def new_uid() -> int:
    """An id that no other entry has, on whatever machine: 63 random bits."""
    return secrets.randbits(62) + 1


def plain(text: str, length: int | None = None) -> str:
    """The text without what a database refuses: NUL (PostgreSQL) and halves of surrogate pairs; cut to a length."""
    cut = text if length is None else text[:length]
    if "\0" in cut:
        cut = cut.replace("\0", "\ufffd")
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()
