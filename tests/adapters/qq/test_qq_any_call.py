"""Any call of the platform by its path, over the bot's connections."""

import pytest
from qq_rig import Rig

from imbridge.adapters.qq import QQAdapter
from imbridge.protocol import DeliveryError


async def test_an_answer_that_is_a_list_is_one(rig: Rig, adapter: QQAdapter) -> None:
    rig.bot.private = True
    guild = rig.qq.add_guild("Guild", members=[rig.alice, rig.qq.add_user("Carol")], bots=[rig.bot])
    assert [found["name"] for found in await adapter.call("get", "/users/@me/guilds")] == ["Guild"]
    members = await adapter.call("GET", f"/guilds/{guild.id}/members", params={"limit": "1"})
    assert len(members) == 1


async def test_a_refusal_has_the_platforms_code(rig: Rig, adapter: QQAdapter) -> None:
    path = f"/v2/users/{rig.alice.openid_for(rig.bot)}/messages"
    with pytest.raises(DeliveryError) as refused:
        await adapter.call("POST", path, json={"msg_type": 0, "content": "unasked"})
    assert refused.value.code == 40034102
    assert not refused.value.ambiguous


async def test_a_post_that_may_have_arrived_is_not_repeated(rig: Rig, adapter: QQAdapter) -> None:
    rig.bot.active = True
    path = f"/v2/users/{rig.alice.openid_for(rig.bot)}/messages"
    rig.qq.faults.cut_after_accept("*/messages")
    with pytest.raises(DeliveryError) as lost:
        await adapter.call("POST", path, json={"msg_type": 0, "content": "once"})
    assert lost.value.ambiguous
    assert rig.qq.stats.messages == 1


async def test_a_get_whose_answer_got_lost_is_repeated(rig: Rig, adapter: QQAdapter) -> None:
    rig.qq.faults.cut_after_accept("/users/@me")
    assert (await adapter.call("GET", "/users/@me"))["username"] == rig.bot.name


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("FETCH", "/users/@me"),
        ("GET", "users/@me"),
        ("GET", "//elsewhere.example/x"),
        ("GET", "/users/@me?limit=1"),
        ("GET", "/users/../gateway"),
    ],
    ids=["no method", "no slash", "a host", "a query", "two dots"],
)
async def test_what_is_no_call_says_so(adapter: QQAdapter, method: str, path: str) -> None:
    with pytest.raises(ValueError, match=r"is no (HTTP method|path) of the API"):
        await adapter.call(method, path)
