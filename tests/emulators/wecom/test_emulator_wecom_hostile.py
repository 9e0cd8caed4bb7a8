"""Requests that are not as they should be, as wechatpy's crypto sees them."""

import time
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.enterprise.exceptions import InvalidCorpIdException
from wechatpy.exceptions import InvalidSignatureException

from imbridge.emulators.wecom import App, Crypto, CryptoError, Forged, User, WeComEmulator
from imbridge.emulators.wecom.strict_xml import XmlError, parse

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Seen:
    """What came in, undecrypted."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, dict(request.query), await request.read()))
        return web.Response(status=403, text="no")

    def open(self, app: App) -> str:
        _, query, body = self.requests[-1]
        crypto = WeChatCrypto(app.token, app.aes_key, app.corp_id)
        return str(crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"]))


@pytest.fixture
async def seen(wecom: WeComEmulator, app: App) -> AsyncIterator[Seen]:
    found, site = Seen(), web.Application()
    site.router.add_route("*", "/", found.handle)
    runner = web.AppRunner(site, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await wecom.set_callback(app, found.url, verify=False)
    yield found
    await runner.cleanup()


TEXT = {"MsgType": "text", "Content": "x", "MsgId": 1}


async def test_a_proper_request_by_itself(wecom: WeComEmulator, app: App, seen: Seen) -> None:
    answer = await wecom.callbacks.send(app, TEXT)
    assert (answer.status, answer.body) == (403, "no")
    assert (
        seen.open(app)
        == "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[x]]></Content><MsgId>1</MsgId></xml>"
    )
    assert wecom.stats.callbacks == wecom.stats.callbacks_repeated == 0


@pytest.mark.parametrize(
    ("forged", "error"),
    [
        (Forged(signature="wrong"), InvalidSignatureException),
        (Forged(signature="f" * 40), InvalidSignatureException),
        (Forged(signature="missing"), KeyError),
        (Forged(token="another"), InvalidSignatureException),
        (Forged(receive_id="wwother"), InvalidCorpIdException),
        (Forged(aes_key=KEY), Exception),
        (Forged(encrypt="AAAA"), Exception),
        (Forged(body=b"<xml></xml>"), Exception),
        (Forged(without=("nonce",)), KeyError),
    ],
)
async def test_a_forged_request_does_not_pass(
    wecom: WeComEmulator, app: App, seen: Seen, forged: Forged, error: type[Exception]
) -> None:
    await wecom.callbacks.send(app, TEXT, forged)
    with pytest.raises(error):
        seen.open(app)


async def test_age_nonce_padding_and_body_are_as_asked_for(wecom: WeComEmulator, app: App, seen: Seen) -> None:
    await wecom.callbacks.send(app, "<Content>raw</Content>", Forged(age=3600, nonce="n"))
    _, query, _ = seen.requests[-1]
    assert abs(time.time() - 3600 - int(query["timestamp"])) < 60
    assert query["nonce"] == "n"
    assert seen.open(app) == "<xml><Content>raw</Content></xml>"
    await wecom.callbacks.send(app, "<xml>" + "x" * 100 + "</xml>", Forged(padding=b"\x21"))
    _, query, body = seen.requests[-1]
    assert query["msg_signature"] == app.crypto.sign(query["timestamp"], query["nonce"], parse(body).value("Encrypt"))
    with pytest.raises(CryptoError, match="padding"):
        app.crypto.decrypt(parse(body).value("Encrypt"))
    await wecom.callbacks.send(app, TEXT, Forged(body=b"<!DOCTYPE x>"))
    assert seen.requests[-1][2] == b"<!DOCTYPE x>"
    await wecom.callbacks.send(app, TEXT, Forged(method="PUT"))
    assert seen.requests[-1][0] == "PUT"


async def test_a_replay_is_the_same_byte_by_byte(wecom: WeComEmulator, app: App, alice: User, seen: Seen) -> None:
    with pytest.raises(RuntimeError, match="nothing yet"):
        await wecom.callbacks.replay(app)
    await wecom.callbacks.send(app, TEXT)
    await wecom.callbacks.replay(app)
    assert seen.requests[0] == seen.requests[1]
    with pytest.raises(RuntimeError, match="set_callback"):
        await wecom.callbacks.replay(wecom.add_app())


@pytest.mark.parametrize("forged", [Forged(signature="wrong"), Forged(receive_id="x"), Forged(without=("echostr",))])
async def test_an_echostr_can_be_forged_too(wecom: WeComEmulator, app: App, seen: Seen, forged: Forged) -> None:
    with pytest.raises(AssertionError, match="HTTP 403"):
        await wecom.callbacks.verify(app, forged)
    assert seen.requests[-1][0] == "GET"
    assert seen.requests[-1][2] == b""


def test_the_two_cryptos_agree() -> None:
    ours, theirs = Crypto("token", KEY, "wwcorp"), WeChatCrypto("token", KEY, "wwcorp")
    for length in range(70):
        message = ("字" * length)[:length]
        encrypted = ours.encrypt(message.encode(), bytes(range(16)))
        signature = ours.sign("1", "2", encrypted)
        assert theirs.decrypt_message({"Encrypt": encrypted}, signature, "1", "2") == message
        envelope = parse(theirs.encrypt_message(message, "nonce", "1700000000"))
        assert ours.decrypt(envelope.value("Encrypt")) == message.encode()
        assert ours.sign("1700000000", "nonce", envelope.value("Encrypt")) == envelope.value("MsgSignature")


def spoiled(change: Callable[[bytes], bytes]) -> str:
    import base64

    encrypted = Crypto("token", KEY, "wwcorp").encrypt(b"<xml/>", bytes(16))
    return base64.b64encode(change(base64.b64decode(encrypted))).decode()


@pytest.mark.parametrize(
    "encrypted",
    [
        "",
        "not Base64!",
        "AAAA",
        spoiled(lambda data: data[:-1]),
        spoiled(lambda data: data[:-16]),
        spoiled(lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        spoiled(lambda data: data[:16] + bytes([data[16] ^ 0x7F]) + data[17:]),
        spoiled(lambda data: data[16:]),
        Crypto("token", KEY, "wwcorp").encrypt(b"<xml/>", bytes(16), b"\x00"),
        Crypto("token", KEY, "wwcorp").encrypt(b"<xml/>", bytes(16), b"\x21"),
        Crypto("token", KEY, "wwother").encrypt(b"<xml/>", bytes(16)),
        Crypto("token", KEY, "").encrypt(b"<xml/>", bytes(16)),
        Crypto("token", KEY, "wwcorp").encrypt(b"", b"", b"\x20"),
    ],
)
def test_what_can_not_be_decrypted_is_one_error(encrypted: str) -> None:
    with pytest.raises(CryptoError):
        Crypto("token", KEY, "wwcorp").decrypt(encrypted)


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<xml>",
        "<xml a='1'></xml>",
        "<!DOCTYPE xml [<!ENTITY a 'b'>]><xml>&a;</xml>",
        "<xml>&unknown;</xml>",
        "<xml>text<a/></xml>",
        "<a>" * 30 + "</a>" * 30,
    ],
)
def test_what_is_no_plain_xml_is_one_error(xml: str) -> None:
    with pytest.raises(XmlError):
        parse(xml)


def test_the_values_of_xml() -> None:
    root = parse("<xml>\n<A><![CDATA[a]]>&amp;<![CDATA[b]]></A><B><C>1</C></B><D/><D/></xml>")
    assert (root.value("A"), root.value("Z", "none")) == ("a&b", "none")
    assert [node.name for node in root.all("D")] == ["D", "D"]
    for name in ("B", "D"):
        with pytest.raises(XmlError):
            root.value(name)


def test_nothing_secret_is_shown() -> None:
    app = WeComEmulator().add_app()
    shown = repr(app) + repr(app.crypto)
    assert not any(secret in shown for secret in (app.secret, app.token, app.aes_key))
