"""Received media are decrypted piece by piece, whatever the pieces; what is damaged is refused."""

import base64
import io

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.wecom.bot.cipher import Decrypting, NotDecryptedError, media_key

KEY = bytes(range(32))


def encrypted(plain: bytes, *, block: int = 32, key: bytes = KEY, padding: bytes | None = None) -> bytes:
    """As the platform does it, or otherwise."""
    length = block - len(plain) % block
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(plain + (bytes((length,)) * length if padding is None else padding)) + encryptor.finalize()


def decrypted(data: bytes, pieces: int = 7) -> bytes:
    file = io.BytesIO()
    into = Decrypting(file, KEY)
    for start in range(0, len(data), pieces):
        into.write(data[start : start + pieces])
    into.finish()
    return file.getvalue()


@given(st.binary(max_size=200), st.integers(1, 64), st.sampled_from([16, 32]))
def test_any_content_in_any_pieces(plain: bytes, pieces: int, block: int) -> None:
    """Padded to 32 as documented, or to 16 as some files were seen to be."""
    assert decrypted(encrypted(plain, block=block), pieces) == plain


@pytest.mark.parametrize("last", [0, 33, 255])
def test_a_padding_of_a_length_that_cannot_be(last: int) -> None:
    with pytest.raises(NotDecryptedError):
        decrypted(encrypted(b"x" * 63, padding=bytes((last,))))


@pytest.mark.parametrize("place", range(1, 32))
def test_a_padding_that_is_wrong_anywhere(place: int) -> None:
    padding = bytearray(b"\x20" * 32)
    padding[31 - place] ^= 1
    with pytest.raises(NotDecryptedError):
        decrypted(encrypted(b"x" * 32, padding=bytes(padding)))


@pytest.mark.parametrize("cut", [1, 15, 17, 31])
def test_a_length_that_cannot_be(cut: int) -> None:
    with pytest.raises(NotDecryptedError):
        decrypted(encrypted(b"x" * 100)[:-cut])


def test_nothing_is_no_file() -> None:
    with pytest.raises(NotDecryptedError):
        decrypted(b"")


def test_keys() -> None:
    text = base64.b64encode(KEY).decode()
    assert media_key(text) == media_key(text.rstrip("=")) == KEY
    for wrong in ("", "short", "A" * 42, "ü" * 43, "!" * 43, text + "AAAA"):
        with pytest.raises(NotDecryptedError):
            media_key(wrong)
