"""`probe()`: who we are, and which scopes are missing; and the way to grant them in the errors of calls."""

import json
from typing import Any

import pytest
from feishu_rig import Rig, text

from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.feishu.scopes import NEEDS, grant_url, needs, where_to_grant
from imbridge.emulators.feishu import EmulatorSettings
from imbridge.emulators.feishu.scopes import KNOWN, NEEDED
from imbridge.protocol import NotPermittedError

APP = {"app_id": "cli_a", "app_secret": "canary-secret"}
ENOUGH = ["im:message.p2p_msg:readonly", "im:message.group_at_msg:readonly", "im:message:send_as_bot"]
CONSOLE = "https://open.feishu.cn/app/cli_rig/auth"


@pytest.fixture
def adapter(rig: Rig) -> FeishuAdapter:
    """Not started."""
    return rig.make()


async def test_nothing_is_missing(rig: Rig, adapter: FeishuAdapter) -> None:
    found = await adapter.probe()
    assert (found.ok, found.bot_name, found.problems) == (True, "Demo Bot", ())
    assert rig.feishu.violations == []


async def test_what_is_required_is_named_with_the_way_to_grant_it(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.app.scopes = [scope for scope in KNOWN if scope != "im:message.p2p_msg:readonly"]
    found = await adapter.probe()
    assert not found.ok
    assert found.bot_name == "Demo Bot"
    assert found.problems == (
        (
            "scope im:message.p2p_msg:readonly is not granted (hearing private messages): "
            f"{CONSOLE}?q=im:message.p2p_msg:readonly&op_from=openapi&token_type=tenant"
        ),
    )


async def test_what_is_optional_fails_nobody(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.app.scopes = ENOUGH
    found = await adapter.probe()
    assert found.ok
    assert len(found.problems) == len([need for need in needs(adapter.config) if not need.required]) - 2
    assert all(problem.startswith("optional scope ") for problem in found.problems)
    assert any("cardkit:card:write" in problem for problem in found.problems)
    assert not any("editing" in problem or "recalling" in problem for problem in found.problems), (
        "send_as_bot is enough"
    )


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.purpose)
async def test_any_one_of_the_scopes_is_enough(rig: Rig, need: Any) -> None:
    adapter = rig.make(approval_codes=("A",))
    for scope in need.scopes:
        rig.app.scopes = [scope]
        assert not any(f"({need.purpose})" in problem for problem in (await adapter.probe()).problems)
    rig.app.scopes = [scope for scope in KNOWN if scope not in need.scopes]
    found = await adapter.probe()
    (problem,) = [problem for problem in found.problems if f"({need.purpose})" in problem]
    assert f"scope {need.scopes[0]} is not granted" in problem
    assert (not found.ok) >= need.required


async def test_one_that_was_asked_for_waits_for_the_administrator(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.app.scopes = [
        scope for scope in KNOWN if scope not in ("im:message:send_as_bot", "im:message:send", "im:message")
    ]
    rig.app.asked_scopes = ["im:message"]
    found = await adapter.probe()
    assert not found.ok
    assert found.problems[0].startswith(
        "scope im:message is asked for and waits for the tenant's administrator (sending and answering): https://"
    )


@pytest.mark.parametrize(("chosen", "words"), [({}, ()), ({"approval_codes": ("A",)}, ("approval:definition",))])
async def test_settings_decide(rig: Rig, chosen: dict[str, Any], words: tuple[str, ...]) -> None:
    rig.app.scopes = ENOUGH
    found = await rig.make(**chosen, stream="edit").probe()
    assert not any("cardkit" in problem for problem in found.problems)
    assert found.ok is not bool(words)
    for word in words:
        assert any(word in problem for problem in found.problems)
    assert any("approval" in problem for problem in found.problems) is bool(words)


@pytest.mark.parametrize(
    ("status", "body"), [(400, '{"code": 212100, "msg": "app not install"}'), (404, "nothing here"), (403, "<html>")]
)
async def test_a_list_that_cannot_be_read_is_a_problem_and_no_failure(
    rig: Rig, adapter: FeishuAdapter, status: int, body: str
) -> None:
    rig.feishu.faults.http_fail("*/application/v6/scopes", status, body=body, times=None)
    found = await adapter.probe()
    assert found.ok
    (problem,) = found.problems
    assert problem.startswith("the granted scopes cannot be read, so none is checked: ")


@pytest.mark.parametrize("data", [{}, {"scopes": None}, {"scopes": [1, {}, {"scope_name": 3, "grant_status": 1}]}])
async def test_junk_grants_nothing(rig: Rig, adapter: FeishuAdapter, data: dict[str, Any]) -> None:
    rig.feishu.faults.http_fail("*/application/v6/scopes", 200, body=json.dumps({"code": 0, "data": data}))
    found = await adapter.probe()
    assert not found.ok
    assert len(found.problems) == len(needs(adapter.config))


async def test_wrong_credentials_ask_for_no_scopes(rig: Rig) -> None:
    found = await rig.make(app_secret="wrong").probe()
    assert not found.ok
    assert rig.calls("scopes") == []


def test_where_to_grant() -> None:
    lark = FeishuConfig(**APP, domain="lark")  # type: ignore[arg-type]
    assert grant_url(lark, ["a:b", "c.d:e"]) == (
        "https://open.larksuite.com/app/cli_a/auth?q=a:b,c.d:e&op_from=openapi&token_type=tenant"
    )
    own = FeishuConfig(**APP, base_url="https://feishu.corp.example")  # type: ignore[arg-type]
    assert grant_url(own, ["a"]).startswith("https://feishu.corp.example/app/cli_a/auth?q=a&")


class TestRefusal:
    async def test_it_says_where_to_grant(self, rig: Rig, adapter: FeishuAdapter) -> None:
        rig.app.scopes = ["im:chat"]
        with pytest.raises(NotPermittedError) as caught:
            await adapter.send(rig.target(), text("x"), "k")
        asked = ",".join(NEEDED["POST im/v1/messages"])
        assert f"grant it at {CONSOLE}?q={asked}&op_from=openapi&token_type=tenant" in str(caught.value)

    @pytest.mark.parametrize(
        ("body", "url"),
        [
            ({"msg": "no"}, ""),
            ({"error": "odd", "msg": None}, ""),
            ({"error": {"permission_violations": "odd", "helps": "odd"}}, ""),
            ({"error": {"permission_violations": [{"subject": "a:b"}, {"subject": 1}, 2]}}, "/cli_a/auth?q=a:b&"),
            ({"msg": "点击链接申请：https://open.feishu.cn/app/cli_z/auth?q=a:b&x=1，或"}, "/cli_z/auth?q=a:b&x=1"),
            ({"error": {"helps": [{"url": "https://open.feishu.cn/app/cli_z/auth?q=c"}]}}, "/cli_z/auth?q=c"),
            ({"error": {"helps": [{"url": "javascript:alert(1)"}, {}, 3]}}, ""),
        ],
    )
    def test_wherever_the_platform_says_it(self, body: dict[str, Any], url: str) -> None:
        found = where_to_grant(body, FeishuConfig(**APP))  # type: ignore[arg-type]
        assert url in found
        assert bool(found) is bool(url)


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(rate_limits=False)
