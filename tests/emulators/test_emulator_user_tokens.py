"""What a user access token is good for."""

from typing import Any

import pytest
from feishu_raw_client import Bot

from imbridge.emulators.feishu import App, EmulatorSettings, FeishuEmulator, User

BASE = "contact:contact.base:readonly"


async def user_token(feishu: FeishuEmulator, bot: Bot, user: User, scope: str = "offline_access") -> dict[str, Any]:
    page = f"{feishu.base_url}/open-apis/authen/v1/authorize?client_id={bot.app_id}&response_type=code"
    address = await feishu.consents(user, f"{page}&redirect_uri=http://x/y&scope={scope}")
    body = {
        "grant_type": "authorization_code",
        "client_id": bot.app_id,
        "client_secret": bot.app_secret,
        "code": address.partition("code=")[2],
        "redirect_uri": "http://x/y",
    }
    async with bot.session.post(f"{feishu.base_url}/open-apis/authen/v2/oauth/token", json=body) as response:
        answer: dict[str, Any] = await response.json()
        assert answer["code"] == 0, answer
        return answer


async def test_user_info(feishu: FeishuEmulator, bot: Bot, app: App, alice: User) -> None:
    token = (await user_token(feishu, bot, alice))["access_token"]
    answer = await bot.call("GET", "authen/v1/user_info", token=token)
    assert answer.data["name"] == "Alice"
    assert (answer.data["open_id"], answer.data["union_id"]) == (alice.open_id_for(app), alice.union_id)
    assert "email" not in answer.data
    assert "user_id" not in answer.data
    scope = "contact:user.email:readonly contact:user.employee_id:readonly"
    token = (await user_token(feishu, bot, alice, scope))["access_token"]
    answer = await bot.call("GET", "authen/v1/user_info", token=token)
    assert (answer.data["email"], answer.data["user_id"]) == (alice.email, alice.user_id)


async def test_token_is_long_and_another_apps_token_names_another_open_id(
    feishu: FeishuEmulator, bot: Bot, alice: User
) -> None:
    token = (await user_token(feishu, bot, alice))["access_token"]
    assert 1000 <= len(token) <= 4096
    other = feishu.add_app()
    other_bot = Bot(bot.session, feishu.base_url, other.app_id, other.app_secret)
    other_token = (await user_token(feishu, other_bot, alice))["access_token"]
    answer = await bot.call("GET", "authen/v1/user_info", token=other_token)
    assert answer.data["open_id"] == alice.open_id_for(other)


async def test_expired_invalid_and_revoked(feishu: FeishuEmulator, bot: Bot, app: App, alice: User) -> None:
    token = (await user_token(feishu, bot, alice))["access_token"]
    assert feishu.faults.expire_user_tokens() == 1
    answer = await bot.call("GET", "authen/v1/user_info", token=token)
    assert (answer.status, answer.code) == (400, 99991677)
    token = (await user_token(feishu, bot, alice))["access_token"]
    feishu.revokes(alice, app)
    for value in (token, "u-unknown"):
        answer = await bot.call("GET", "authen/v1/user_info", token=value)
        assert (answer.status, answer.code) == (400, 99991668)
    assert feishu.stats.tokens_refused == 3


async def test_token_lives_on_for_a_minute_after_its_renewal(
    feishu: FeishuEmulator, bot: Bot, alice: User, settings: EmulatorSettings
) -> None:
    async def renew(issued: dict[str, Any]) -> dict[str, Any]:
        body = {"grant_type": "refresh_token", "client_id": bot.app_id, "client_secret": bot.app_secret}
        body["refresh_token"] = issued["refresh_token"]
        async with bot.session.post(f"{feishu.base_url}/open-apis/authen/v2/oauth/token", json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    first = await user_token(feishu, bot, alice)
    second = await renew(first)
    assert (await bot.call("GET", "authen/v1/user_info", token=first["access_token"])).code == 0
    settings.user_token_grace = 0.0
    await renew(second)
    assert (await bot.call("GET", "authen/v1/user_info", token=second["access_token"])).code == 99991677


async def test_scope_that_was_not_granted(feishu: FeishuEmulator, bot: Bot, app: App, alice: User) -> None:
    path = f"contact/v3/users/{alice.open_id_for(app)}"
    token = (await user_token(feishu, bot, alice))["access_token"]
    answer = await bot.call("GET", path, token=token)
    assert (answer.status, answer.code) == (400, 99991679)
    violations = answer.body["error"]["permission_violations"]
    assert {"type": "action_privilege_required", "subject": BASE} in violations
    assert BASE in answer.body["msg"]
    assert answer.body["error"]["log_id"]
    token = (await user_token(feishu, bot, alice, BASE))["access_token"]
    assert (await bot.call("GET", path, token=token)).data["user"]["name"] == "Alice"


async def test_person_sees_their_own_groups(feishu: FeishuEmulator, bot: Bot, app: App, alice: User) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice])  # the bot is not in it
    path = f"im/v1/chats/{group.chat_id}"
    assert (await bot.call("GET", path)).code == 232011
    for user, code in ((alice, 0), (bob, 232011)):
        token = (await user_token(feishu, bot, user, "im:chat:readonly"))["access_token"]
        assert (await bot.call("GET", path, token=token)).code == code


async def test_api_takes_the_apps_token_only_or_the_users_only(feishu: FeishuEmulator, bot: Bot, alice: User) -> None:
    token = (await user_token(feishu, bot, alice))["access_token"]
    answer = await bot.call("GET", "bot/v3/info", token=token)
    assert (answer.code, answer.body["msg"]) == (99991668, "user access token not support")
    assert (await bot.call("GET", "authen/v1/user_info")).code == 99991668


@pytest.mark.parametrize("form", ["", "oidc/"])
async def test_old_interface(feishu: FeishuEmulator, bot: Bot, alice: User, form: str) -> None:
    page = f"{feishu.base_url}/open-apis/authen/v1/authorize?client_id={bot.app_id}&response_type=code"
    code = (await feishu.consents(alice, f"{page}&redirect_uri=http://x/y")).partition("code=")[2]
    body = {"grant_type": "authorization_code", "code": code}
    first = await bot.call("POST", f"authen/v1/{form}access_token", body)
    assert (await bot.call("GET", "authen/v1/user_info", token=first.data["access_token"])).data["name"] == "Alice"
    assert ("open_id" in first.data) is (form == "")
    again = await bot.call("POST", f"authen/v1/{form}access_token", body)
    assert (again.status, again.code) == (200, 20007)
    body = {"grant_type": "refresh_token", "refresh_token": first.data["refresh_token"]}
    second = await bot.call("POST", f"authen/v1/{form}refresh_access_token", body)
    assert second.data["refresh_token"] != first.data["refresh_token"]
    assert (await bot.call("POST", f"authen/v1/{form}refresh_access_token", body)).code == 20073
    new = {"client_id": bot.app_id, "client_secret": bot.app_secret, "grant_type": "refresh_token"}
    new["refresh_token"] = second.data["refresh_token"]
    async with bot.session.post(f"{feishu.base_url}/open-apis/authen/v2/oauth/token", json=new) as response:
        assert (await response.json())["code"] == 20026  # each interface takes its own
