"""The emulators' own encryption, against wechatpy's two and against what is broken."""

import base64

import pytest
from wechatpy.crypto import PrpCrypto
from wechatpy.enterprise.crypto import WeChatCrypto

from imbridge.emulators.common.crypto import Crypto, CryptoError, encrypt_bytes, key_of

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
APP = "wx5823bf96d3bd56c7"
OURS = Crypto("token", KEY, APP)


def sealed(plain: bytes) -> str:
    """Any bytes encrypted, properly padded."""
    return base64.b64encode(encrypt_bytes(key_of(KEY), plain)).decode()


@pytest.mark.parametrize("text", ["", "hi", "你好" * 1000, "a" * 32])
def test_wechatpy_reads_it_and_is_read(text: str) -> None:
    theirs = PrpCrypto(key_of(KEY))
    assert theirs.decrypt(OURS.encrypt(text.encode(), bytes(16)), APP) == text
    assert OURS.decrypt_text(theirs.encrypt(text, APP).decode()) == text


def test_a_receiver_without_an_id() -> None:
    bots = Crypto("token", KEY, "")
    encrypted = bots.encrypt('{"text": "汉"}'.encode(), bytes(16))
    signed = bots.sign("1700000000", "nonce", encrypted)
    theirs = WeChatCrypto("token", KEY, "")
    assert theirs.decrypt_message({"Encrypt": encrypted}, signed, "1700000000", "nonce") == '{"text": "汉"}'
    assert bots.decrypt_text(encrypted) == '{"text": "汉"}'
    with pytest.raises(CryptoError, match="receiveid is 'corp', not ''"):
        bots.decrypt(Crypto("token", KEY, "corp").encrypt(b"x", bytes(16)))


def test_the_signature_of_the_documents() -> None:
    # https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html, plain mode
    crypto = Crypto("AAAAA", KEY, APP)
    signature = crypto.sign("1714037059", "486452656")
    assert signature == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    assert crypto.is_signed(signature, "1714037059", "486452656")
    assert crypto.is_signed(signature, "486452656", "1714037059"), "the parts are sorted"
    assert not crypto.is_signed(signature[::-1], "1714037059", "486452656")
    assert not crypto.is_signed("签名", "1714037059", "486452656")
    assert not OURS.is_signed(signature, "1714037059", "486452656")


@pytest.mark.parametrize(
    ("encrypted", "reason"),
    [
        ("no base64!", "no Base64"),
        ("签名", "no Base64"),
        ("", "0 encrypted bytes are no whole blocks"),
        (base64.b64encode(bytes(16)).decode(), "16 encrypted bytes are no whole blocks"),
        (base64.b64encode(bytes(32)).decode(), "padding"),
        (OURS.encrypt(b"hi", bytes(16), b"\x00"), "padding"),
        (OURS.encrypt(b"hi", bytes(16), b"\x21"), "padding"),
        (OURS.encrypt(b"hi", bytes(16), b"\x01\x02"), "padding"),
        (sealed(bytes(10)), "padding"),
        (sealed(bytes(16) + (99).to_bytes(4, "big") + b"hi"), "length"),
        (sealed(bytes(16) + (1).to_bytes(4, "big") + b"\xff" + APP.encode()), "UTF-8"),
        (Crypto("token", KEY, "wx0000000000000000").encrypt(b"hi", bytes(16)), "receiveid is 'wx0"),
        (Crypto("token", KEY[::-1], APP).encrypt(b"hi", bytes(16)), "padding"),
    ],
)
def test_what_cannot_be_decrypted_says_why(encrypted: str, reason: str) -> None:
    with pytest.raises(CryptoError, match=reason):
        OURS.decrypt_text(encrypted)


def test_the_secrets_are_in_no_repr() -> None:
    assert repr(OURS) == f"Crypto(receive_id={APP!r})"
