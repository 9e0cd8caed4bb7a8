"""Callbacks: validation, signatures, acknowledgements, and requests that are not as they should be."""

from collections.abc import AsyncIterator

import pytest
from qq_raw_api import Api, RawGateway
from qq_raw_webhook import Webhook, serving

from imbridge.emulators.qq import Bot, CallbackRefusedError, Channel, Forged, QQEmulator, User
from imbridge.emulators.qq.signing import is_signed, key_of, sign


@pytest.fixture
async def webhook(bot: Bot) -> AsyncIterator[Webhook]:
    async with serving(bot) as opened:
        yield opened


def test_the_vector_of_the_documents_for_validations() -> None:
    signature = (
        "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d0"
        "1bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706"
    )
    assert sign("DG5g3B4j9X2KOErG", "1725442341", b"Arq0D5A61EgUu4OxUvOp") == signature
    assert is_signed("DG5g3B4j9X2KOErG", signature, "1725442341", b"Arq0D5A61EgUu4OxUvOp")
    assert not is_signed("DG5g3B4j9X2KOErG", signature, "1725442342", b"Arq0D5A61EgUu4OxUvOp")
    assert not is_signed("DG5g3B4j9X2KOErG", "no digits", "1725442341", b"Arq0D5A61EgUu4OxUvOp")


def test_the_vector_of_the_documents_for_keys() -> None:
    public = [215, 195, 98, 254, 120, 174, 248, 31, 242, 50, 135, 180, 147, 98, 139, 93]
    public += [176, 42, 60, 79, 227, 11, 33, 94, 77, 25, 96, 155, 93, 118, 103, 58]
    assert key_of("naOC0ocQE3shWLAfffVLB1rhYPG7").public_key().public_bytes_raw() == bytes(public)
    with pytest.raises(ValueError, match="empty AppSecret"):
        key_of("")


async def test_events_are_posted_and_acknowledged(
    qq: QQEmulator, link: RawGateway, webhook: Webhook, api: Api, bot: Bot, alice: User, channel: Channel
) -> None:
    await qq.set_webhook(bot, webhook.url)
    assert webhook.headers[0]["User-Agent"] == "QQBot-Callback"
    assert webhook.headers[0]["X-Bot-Appid"] == bot.app_id
    assert "X-Signature-Ed25519" not in webhook.headers[0]
    qq.settings.signed_validation = True
    await qq.webhooks.verify(bot)
    timestamp, signature = (webhook.headers[1][f"X-Signature-{name}"] for name in ("Timestamp", "Ed25519"))
    assert is_signed(bot.secret, signature, timestamp, webhook.bodies[1])
    sent = await alice.says("hi")
    assert await sent.taken()
    assert sent.pushed is not None
    assert webhook.events == [{"id": sent.pushed.event_id, "op": 0, "d": sent.data, "t": "C2C_MESSAGE_CREATE"}]
    assert (qq.stats.events_sent, sent.pushed.confirmed, sent.pushed.seq) == (1, True, 0)
    await link.close()
    qq.settings.replay_window = 0.0
    heard = await alice.says("hi", chat=channel, mentions=[bot])
    await api.reply(f"/channels/{channel.id}/messages", heard, "an address is enough to be online")
    qq.settings.replay_window = 300.0
    await qq.set_webhook(bot, "")
    await link.identify()
    await alice.says("over the gateway again")
    await link.event("C2C_MESSAGE_CREATE")


async def test_what_is_not_acknowledged_comes_again(qq: QQEmulator, webhook: Webhook, bot: Bot, alice: User) -> None:
    await qq.set_webhook(bot, webhook.url)
    webhook.answer = '{"op": 0}'
    sent = await alice.says("hi")
    assert not await sent.taken()
    assert sent.lost
    assert [event["id"] for event in webhook.events] == [webhook.events[0]["id"]] * 3
    assert qq.stats.webhook_refused == 3
    webhook.answer, webhook.status = '{"op": 12}', 500
    assert not await (await alice.says("hi")).taken()
    webhook.status = 200
    qq.faults.duplicate_events()
    sent = await alice.says("twice")
    assert await sent.taken()


async def test_an_address_must_know_the_secret(qq: QQEmulator, webhook: Webhook, bot: Bot, alice: User) -> None:
    webhook.secret = "another-invented-secret"
    with pytest.raises(CallbackRefusedError, match="its signature is wrong"):
        await qq.set_webhook(bot, webhook.url)
    assert (await alice.says("hi")).lost, "nothing has changed"
    with pytest.raises(RuntimeError, match="Demo Bot has no callback address"):
        await qq.webhooks.replay(bot)
    await qq.set_webhook(bot, webhook.url, verify=False)
    webhook.secret = bot.secret
    answer = await qq.webhooks.verify(bot)
    assert answer.status == 200


@pytest.mark.parametrize(
    "forged",
    [
        Forged(signature="wrong"),
        Forged(signature="missing"),
        Forged(signature="00"),
        Forged(secret="somebody-else"),
        Forged(tampered=b'{"op":0,"d":{},"t":"OTHER"}'),
        Forged(without=("X-Signature-Timestamp",)),
    ],
)
async def test_forged_requests(qq: QQEmulator, webhook: Webhook, bot: Bot, forged: Forged) -> None:
    await qq.set_webhook(bot, webhook.url)
    payload = {"id": "E:1", "op": 0, "d": {}, "t": "C2C_MESSAGE_CREATE"}
    answer = await qq.webhooks.send(bot, payload, forged)
    assert (answer.status, answer.acked, webhook.rejected) == (403, False, 1)
    assert (await qq.webhooks.send(bot, payload)).acked


async def test_old_requests_and_replays(qq: QQEmulator, webhook: Webhook, bot: Bot) -> None:
    await qq.set_webhook(bot, webhook.url)
    payload = {"id": "E:1", "op": 0, "d": {}, "t": "C2C_MESSAGE_CREATE"}
    await qq.webhooks.send(bot, payload, Forged(age=3600, app_id="1"))
    assert (await qq.webhooks.replay(bot)).acked, "this address does not look at the time"
    first, second = webhook.headers[-2:]
    assert (webhook.bodies[-1], second) == (webhook.bodies[-2], first)
    assert second["X-Bot-Appid"] == "1"


async def test_a_careless_address_signs_forged_events(qq: QQEmulator, webhook: Webhook, bot: Bot) -> None:
    await qq.set_webhook(bot, webhook.url)
    payload = {"id": "E:1", "op": 0, "d": {"content": "/shutdown"}, "t": "C2C_MESSAGE_CREATE"}
    assert await qq.webhooks.forge_by_validation(bot, payload) is None
    assert webhook.events == []
    webhook.careful = False
    answer = await qq.webhooks.forge_by_validation(bot, payload)
    assert answer is not None
    assert answer.acked
    assert webhook.events == [payload], "the signature was right although nobody knew the secret"
