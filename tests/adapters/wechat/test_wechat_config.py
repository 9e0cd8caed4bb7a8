"""Settings: what is refused, what they are called, and that nothing shows a secret."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from wechat_rig import Rig

from imbridge.adapters.base import AdapterContext
from imbridge.adapters.wechat import WeChatAdapter, WeChatConfig
from imbridge.adapters.wechat.capabilities import PASSIVE_ONLY, WECHAT, WITH_REST
from imbridge.config import AccountConfig, load
from imbridge.protocol import ConfigError
from imbridge.transport import HttpPool

APP = {"app_id": "wx1", "app_secret": "canary-secret"}
KEY = "a" * 42 + "8"


def test_defaults() -> None:
    config = WeChatConfig(**APP)  # type: ignore[arg-type]
    assert (config.key, config.base_url) == ("wechat:default", "https://api.weixin.qq.com")
    assert config.passive_reply == 4.0
    assert config.customer_service is None
    assert config.stable_token


@pytest.mark.parametrize("settings", [
    {"app_id": ""}, {"app_secret": " "}, {"aes_key": KEY}, {"token": "t", "aes_key": "short"},
    {"token": "t", "aes_key": "!" * 43}, {"passive_reply": 4.6}, {"passive_reply": -1}, {"welcome": "hi"},
    {"base_url": "http://api.weixin.qq.com"}, {"base_url": "https://x@api.weixin.qq.com"}, {"open_url": "ftp://x"},
    {"base_url": "https://api.weixin.qq.com/?a=1"}, {"send_timeout": 0}, {"unknown": 1}, {"more": "x" * 21},
])  # fmt: skip
def test_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        WeChatConfig(**APP | settings)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_what_is_missing_says_where_it_is_found() -> None:
    with pytest.raises(ValidationError, match="Basic Configuration"):
        WeChatConfig(app_id="", app_secret="x")  # type: ignore[arg-type]


def test_nothing_shows_a_secret() -> None:
    config = WeChatConfig(**APP, token="canary-token", aes_key=KEY)  # type: ignore[arg-type]
    shown = [repr(config), str(config), config.model_dump_json(), str(config.model_dump())]
    assert not [text for text in shown if "canary" in text or KEY in text]


async def test_nothing_of_the_adapter_shows_a_secret(rig: Rig) -> None:
    adapter = await rig.start()
    assert adapter.api.caller.tokens is not None
    token = await adapter.api.caller.tokens.get()
    objects = [adapter, adapter.api, adapter.api.caller, adapter.api.people, adapter.oauth, adapter._webhook,
               adapter._webhook and adapter._webhook._keys, adapter.settings, adapter.media]  # fmt: skip
    shown = "".join(repr(thing) + str(thing) for thing in objects) + repr(adapter.counters())
    secrets = (rig.account.secret, rig.account.token, rig.account.aes_key, token)
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("name", ["aes_key", "aesKey", "encoding_aes_key", "encodingAesKey"])
def test_the_key_has_more_than_one_name(name: str, tmp_path: Path) -> None:
    file = tmp_path / "imbridge.yaml"
    file.write_text(
        f"channels:\n  wechat:\n    app_id: wx1\n    secret: canary\n    token: t\n    {name}: {KEY}\n",
        encoding="utf-8",
    )
    (config,) = load(file, types={"wechat": WeChatConfig}, environ={}).accounts
    assert isinstance(config, WeChatConfig)
    assert config.aes_key is not None
    assert config.aes_key.get_secret_value() == KEY


def test_from_the_environment() -> None:
    environ = {
        "WECHAT_APP_ID": "wx1", "WECHAT_APP_SECRET": "s", "WECHAT_TOKEN": "t", "WECHAT_CUSTOMER_SERVICE": "false",
        "WECHAT_AES_KEY": KEY,
    }  # fmt: skip
    (config,) = load(None, types={"wechat": WeChatConfig}, environ=environ).accounts
    assert isinstance(config, WeChatConfig)
    assert config.customer_service is False


def test_a_wrong_setting_names_itself_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "imbridge.yaml"
    file.write_text(
        "channels:\n  wechat:\n    app_id: wx1\n    app_secret: canary\n    aes_key: canary\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        load(file, types={"wechat": WeChatConfig}, environ={})
    assert "aes_key" in str(caught.value)
    assert "canary" not in str(caught.value)


async def test_another_platforms_settings_are_refused(rig: Rig) -> None:
    async with HttpPool(trust_env=False) as pool:
        with pytest.raises(TypeError, match="WeChatConfig"):
            WeChatAdapter(AccountConfig(), AdapterContext(rig.intake, pool))


async def test_capabilities_are_what_the_account_can_do(rig: Rig) -> None:
    assert rig.make().capabilities == WECHAT
    assert rig.make(customer_service=False).capabilities == WITH_REST
    assert rig.make(customer_service=False, more="").capabilities == PASSIVE_ONLY
    for one in (WECHAT, WITH_REST, PASSIVE_ONLY):
        assert (one.push, one.edit, one.recall, one.react, one.idempotent_send) == (False,) * 5


async def test_an_account_without_a_token_only_sends(rig: Rig) -> None:
    adapter = await rig.start(token=None, aes_key=None)
    assert adapter.routes() == ()
    assert rig.health[-1][1] == "sends only"
