"""The emulator's own encryption and XML, against wechatpy's and against what is broken."""

import base64
import os

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wechatpy.crypto import PrpCrypto

from imbridge.emulators.wechat import crypto, xml_text

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
APP = "wx5823bf96d3bd56c7"


def raw(filled: bytes) -> str:
    """Encrypts any bytes, unpadded."""
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(filled) + encryptor.finalize()).decode()


@pytest.mark.parametrize("text", ["", "hi", "你好" * 1000, "a" * 32])
def test_wechatpy_reads_it_and_is_read(text: str) -> None:
    theirs = PrpCrypto(base64.b64decode(KEY + "="))
    assert theirs.decrypt(crypto.encrypt(KEY, APP, text, os.urandom(16)), APP) == text
    assert crypto.decrypt(KEY, APP, theirs.encrypt(text, APP).decode()) == text


def test_the_signature_of_the_documents() -> None:
    # https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html, plain mode
    signature = crypto.signature("AAAAA", "1714037059", "486452656")
    assert signature == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    assert crypto.same(signature, signature)
    assert not crypto.same(signature, signature[::-1])


@pytest.mark.parametrize(
    ("encrypted", "reason"),
    [
        ("no base64!", "no base64"),
        ("", "not a multiple"),
        (base64.b64encode(b"a" * 48).decode(), "not a multiple"),
        (raw(b"a" * 31 + b"\x00"), "padding"),
        (raw(b"a" * 31 + b"\x21"), "padding"),
        (raw(b"a" * 30 + b"\x01\x02"), "padding"),
        (raw(b"r" * 16 + (99).to_bytes(4, "big") + b"hi" + b"\x0a" * 10), "length"),
        (raw(b"\x20" * 32), "length|AppID"),
        (raw(b"r" * 16 + (1).to_bytes(4, "big") + b"\xff" + APP.encode() + b"\x19" * 25), "UTF-8"),
        (crypto.encrypt(KEY, "wx0000000000000000", "hi", b"r" * 16), "AppID"),
    ],
)
def test_what_cannot_be_decrypted(encrypted: str, reason: str) -> None:
    with pytest.raises(crypto.CryptoError, match=reason):
        crypto.decrypt(KEY, APP, encrypted)


def test_xml_that_is_written_is_read() -> None:
    fields = {"A": "<&>]]>", "B": {"C": "x", "D": 1}, "E": [{"F": "1"}, {"F": "2"}], "G": ""}
    read = xml_text.read(xml_text.write(fields))
    assert read == {"A": "<&>]]>", "B": {"C": "x", "D": "1"}, "E": [{"F": "1"}, {"F": "2"}], "G": ""}


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    assert xml_text.read(xml_text.write({"A": "a\x00\x08b\ud800c\uffffd"})) == {"A": "abcd"}


def test_a_name_that_is_none() -> None:
    with pytest.raises(ValueError, match="no element's name"):
        xml_text.write({"A><B": "x"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no XML"),
        ("<xml>", "no XML"),
        ("<other></other>", "root"),
        ("<xml><A>1</A><A>2</A></xml>", "<A> is there 2 times"),
        ('<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>', "document type"),
    ],
)
def test_xml_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(xml_text.XmlError, match=reason):
        xml_text.read(text)
