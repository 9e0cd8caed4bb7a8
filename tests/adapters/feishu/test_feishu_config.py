"""Settings: what is refused, and that nothing shows a secret."""

import traceback
from typing import Any

import pytest
from feishu_rig import Rig
from pydantic import ValidationError

from imbridge.adapters.base import AdapterContext
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.config import AccountConfig
from imbridge.transport import HttpPool, Rate

APP = {"app_id": "cli_a", "app_secret": "canary-secret"}


def test_defaults() -> None:
    config = FeishuConfig(**APP)  # type: ignore[arg-type]
    assert (config.key, config.api_url) == ("feishu:default", "https://open.feishu.cn")


def test_default_rates_keep_the_platforms_limits_with_room_for_jitter() -> None:
    config = FeishuConfig(**APP)  # type: ignore[arg-type]
    for text, count, period in (
        (config.chat_rate, 5, 1), (config.api_rate, 50, 1), (config.api_minute_rate, 1000, 60)
    ):  # fmt: skip
        rate = Rate.parse(text)
        assert rate.count <= count
        assert rate.period > period


@pytest.mark.parametrize(
    "settings",
    [
        {"app_id": ""},
        {"app_secret": ""},
        {"domain": "slack"},
        {"mode": "carrier pigeon"},
        {"mode": "webhook"},
        {"send_timeout": 0},
        {"send_timeout": -1},
        {"name": ""},
        {"unknown": 1},
        {"base_url": "http://open.feishu.cn"},
        {"base_url": "http://evil.example"},
        {"base_url": "http://127.0.0.1.evil.example"},
        {"base_url": "http://127.0.0.1@evil.example"},
        {"base_url": "http://localhost:80@evil.example/"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "open.feishu.cn"},
        {"base_url": "https://"},
        {"base_url": "https://x.example/?a=1"},
        {"base_url": "https://x.example/#a"},
        {"base_url": ""},
        {"base_url": "http://[::1"},
    ],
    ids=str,
)
def test_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        FeishuConfig(**APP | settings)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("https://open.feishu.corp.example/base/", "https://open.feishu.corp.example/base"),
    ],
)
def test_base_url(given: str, url: str) -> None:
    assert FeishuConfig(**APP, base_url=given).api_url == url  # type: ignore[arg-type]


def test_webhook_needs_a_key_or_a_token_and_says_where_to_find_them() -> None:
    with pytest.raises(ValidationError, match="Encryption Strategy"):
        FeishuConfig(**APP, mode="webhook")  # type: ignore[arg-type]
    FeishuConfig(**APP, mode="webhook", encrypt_key="k")  # type: ignore[arg-type]
    FeishuConfig(**APP, mode="webhook", verification_token="t")  # type: ignore[arg-type]


def test_nothing_shows_a_secret() -> None:
    config = FeishuConfig(**APP, encrypt_key="canary-key", verification_token="canary-token")  # type: ignore[arg-type]
    shown = [repr(config), str(config), config.model_dump_json(), str(config.model_dump()), f"{config!r:>10}"]
    assert not [text for text in shown if "canary" in text]


async def test_nothing_of_the_adapter_shows_a_secret(rig: Rig, adapter: FeishuAdapter) -> None:
    token = await adapter.caller.tokens.get()
    objects = [adapter, adapter.caller, adapter.api, adapter._driver, adapter._link, adapter.context, adapter.config,
               adapter.me, adapter._link.connection]  # fmt: skip
    shown = "".join(repr(thing) + str(thing) for thing in objects) + repr(adapter.counters())
    assert rig.app.app_secret not in shown
    assert token not in shown
    assert "ticket" not in shown


async def test_another_platforms_settings_are_refused(rig: Rig) -> None:
    async with HttpPool(trust_env=False) as pool:
        with pytest.raises(TypeError, match="FeishuConfig"):
            FeishuAdapter(AccountConfig(), AdapterContext(rig.intake, pool))
