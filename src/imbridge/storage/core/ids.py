"""What identifies rows, and texts that every database takes."""

import hashlib
import os
import random
import secrets

_numbers = random.Random(secrets.randbits(256))  # noqa: S311 - nobody must not guess them
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _numbers.seed(secrets.randbits(256)))


def digest(*parts: str) -> str:
    """One id of several texts: 32 characters. Parts cannot run into each other."""
    whole = b""
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        whole += len(data).to_bytes(8, "big") + data
    return hashlib.blake2b(whole, digest_size=16).hexdigest()


def new_uid() -> int:
    """An id that no other entry has, on whatever machine: 62 random bits.

    The system is asked for chance once, not for each: that takes a call of it, and gives the interpreter away to the
    thread of the storage in the middle of the loop's work.
    """
    return _numbers.getrandbits(62) + 1


def plain(text: str, length: int | None = None) -> str:
    """The text without what a database refuses: NUL (PostgreSQL) and halves of surrogate pairs; cut to a length."""
    cut = text if length is None else text[:length]
    if "\0" in cut:
        cut = cut.replace("\0", "\ufffd")
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()
