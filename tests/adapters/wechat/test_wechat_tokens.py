"""Access tokens of both kinds: asked for once, again when refused, and forced only when the same one comes back."""

import asyncio

import pytest
from wechat_rig import Rig, text

from imbridge.adapters.base import Health
from imbridge.protocol import AuthError, DeliveryError

SEND, STABLE, PLAIN = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token", "/cgi-bin/token"


def forced(rig: Rig) -> list[bool]:
    return [call["request"]["force_refresh"] for call in rig.calls(STABLE)]


@pytest.fixture(autouse=True)
def open_window(rig: Rig) -> None:
    rig.alice.quota.grant("message", 100, 3600.0)


async def test_one_token_for_all_who_wait(rig: Rig) -> None:
    adapter = await rig.start()
    await asyncio.gather(*(adapter.send(rig.target(), text(str(number)), str(number)) for number in range(10)))
    assert forced(rig) == [False]
    assert rig.calls(PLAIN) == []


async def test_the_older_endpoint(rig: Rig) -> None:
    adapter = await rig.start(stable_token=False)
    await adapter.send(rig.target(), text("hi"), "k")
    assert [call["query"]["grant_type"] for call in rig.calls(PLAIN)] == ["client_credential"]
    assert forced(rig) == []


async def test_a_refused_token_that_comes_back_is_forced(rig: Rig) -> None:
    """Somebody may have ended it early: asking in the ordinary way would give the same dead one for two hours."""
    adapter = await rig.start()
    rig.wechat.faults.refuse(SEND, 40001)
    await adapter.send(rig.target(), text("hi"), "k")
    assert forced(rig) == [False, False, True]
    assert rig.wechat.stats.tokens_issued == 2


async def test_a_token_that_has_ended_is_not_forced(rig: Rig) -> None:
    """The platform gives out another one by itself: forcing is rationed, and ends the token of other programs."""
    adapter = await rig.start()
    rig.wechat.faults.expire_tokens()
    await adapter.send(rig.target(), text("hi"), "k")
    assert forced(rig) == [False, False]


async def test_two_programs_with_one_account(rig: Rig) -> None:
    """A stable token is the same for both; with the older endpoint each new one ends the other's."""
    one, other = await rig.start(), await rig.start(name="other")
    for adapter in (one, other, one):
        await adapter.send(rig.target(), text("hi"), "k")
    assert forced(rig) == [False, False]
    assert rig.wechat.stats.tokens_issued == 1


@pytest.mark.parametrize("stable", [True, False])
async def test_wrong_secret(rig: Rig, stable: bool) -> None:
    adapter = rig.make(app_secret="canary-wrong", stable_token=stable)
    with pytest.raises(AuthError, match="Basic Configuration") as caught:
        await adapter.start()
    assert "canary" not in str(caught.value)
    assert adapter.health is Health.FAILED


async def test_a_platform_that_is_down_at_the_start_is_waited_for(rig: Rig) -> None:
    rig.wechat.faults.refuse_token(-1, 2)
    rig.wechat.faults.http_fail(STABLE, 502)
    await rig.start()
    assert rig.adapters[0].health is Health.UP


async def test_a_proxy_in_place_of_the_platform_is_named(rig: Rig) -> None:
    rig.wechat.faults.http_fail(STABLE, 200, None, "<html>sign in</html>")
    with pytest.raises(DeliveryError, match="base_url"):
        await rig.make().start()
