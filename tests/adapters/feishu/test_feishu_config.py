"""Settings: what is refused, and that nothing shows a secret."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from feishu_rig import Rig
from pydantic import ValidationError

from imbridge.adapters.base import AdapterContext
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.feishu.config import Mode
from imbridge.config import AccountConfig, load
from imbridge.protocol import ConfigError
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


HOOK = "https://open.feishu.cn/open-apis/bot/v2/hook/canary-token"


class TestCustomBot:
    @pytest.mark.parametrize("mode", [{}, {"mode": "custom_bot"}])
    def test_an_address_is_enough(self, mode: dict[str, Any]) -> None:
        for name in ("webhook_url", "webhookUrl"):
            config = FeishuConfig(**mode | {name: HOOK})
            assert config.mode is Mode.CUSTOM_BOT
            assert config.webhook_url is not None
            assert config.webhook_url.get_secret_value() == HOOK
        assert "canary" not in repr(config) + str(config.model_dump()) + config.model_dump_json()

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"mode": "custom_bot"}, "webhook_url\n.*missing .in the group: Settings"),
            ({"webhook_url": ""}, "app_id\n.*missing"),
            ({"webhook_url": HOOK} | APP, "account of its own"),
            ({"webhook_url": HOOK, "mode": "webhook"} | APP, "account of its own"),
            ({"webhook_url": HOOK.replace("https", "http")}, "https"),
            ({"webhook_url": "https://evil.example/open-apis/bot/v2/hook/canary-token"}, "must be on feishu.cn"),
            ({"webhook_url": "https://evilfeishu.cn/open-apis/bot/v2/hook/canary-token"}, "must be on feishu.cn"),
            ({"webhook_url": "https://feishu.cn.evil.example/open-apis/bot/v2/hook/canary-token"}, "must be on feishu"),
            ({"webhook_url": "https://x@open.feishu.cn/open-apis/bot/v2/hook/canary-token"}, "user or a password"),
            ({"webhook_url": HOOK + "?a=1"}, "must be an address such as"),
            ({"webhook_url": "https://open.feishu.cn/open-apis/bot/v2/hook/"}, "must be an address such as"),
            ({"webhook_url": "https://www.feishu.cn/flow/api/trigger-webhook/canary-token"}, "must be an address such"),
            ({"webhook_url": "canary-token"}, "must be an address such as"),
            # The HTTP client would write these otherwise, and errors would no longer know them for the secret.
            ({"webhook_url": HOOK + " "}, "must be an address such as"),
            ({"webhook_url": HOOK + "%2D"}, "must be an address such as"),
            ({"webhook_url": HOOK + "/../../../../x"}, "must be an address such as"),
            ({"webhook_url": HOOK.replace(".cn/", ".cn:canary-token/")}, "must be an address such as"),
        ],
        ids=str,
    )
    def test_refused(self, settings: dict[str, Any], says: str) -> None:
        with pytest.raises(ValidationError, match=says) as caught:
            FeishuConfig(**settings)
        assert "canary" not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize(
        "settings",
        [
            {"webhook_url": HOOK.replace("feishu.cn", "larksuite.com")},
            {"webhook_url": HOOK.replace("https://open.feishu.cn", "http://127.0.0.1:8080")},
            {"webhook_url": HOOK.replace("feishu.cn", "corp.example"), "base_url": "https://open.corp.example"},
            {"webhook_url": HOOK, "mode": "custom_bot"} | APP,
        ],
        ids=str,
    )
    def test_taken(self, settings: dict[str, Any]) -> None:
        assert FeishuConfig(**settings).mode is Mode.CUSTOM_BOT

    def load(self, path: Any, **environ: str) -> Any:
        return load(path, environ=environ, types={"feishu": FeishuConfig}).accounts

    def test_one_variable_makes_an_account(self) -> None:
        (account,) = self.load(None, FEISHU_WEBHOOK_URL=HOOK, FEISHU_WEBHOOK_SECRET="canary")
        assert (account.key, account.mode) == ("feishu:default", Mode.CUSTOM_BOT)

    def test_a_file_with_the_address_makes_one_too(self, tmp_path: Path) -> None:
        secret = tmp_path / "hook"
        secret.write_text(HOOK + "\n")
        (account,) = self.load(None, FEISHU_WEBHOOK_URL_FILE=str(secret))
        assert account.mode is Mode.CUSTOM_BOT

    @pytest.mark.parametrize(
        ("file", "environ", "says"),
        [
            (None, {"FEISHU_APP_ID": "cli_1"}, ["FEISHU_APP_SECRET: not set, but FEISHU_APP_ID is (console: "]),
            (
                None,
                {"FEISHU_MODE": "custom_bot"},
                ["no account is configured; set FEISHU_APP_ID and FEISHU_APP_SECRET"],
            ),
            (
                None,
                {"FEISHU_MODE": "custom_bot", "FEISHU_APP_ID": "cli_1"},
                ["FEISHU_WEBHOOK_URL: not set, but FEISHU_APP_ID is (in the group: "],
            ),
            (
                "channels: {feishu: {mode: custom_bot}}",
                {},
                ["imbridge.yaml:1: channels.feishu.webhook_url: missing; write it here, name a file "],
            ),
            (
                "channels: {feishu: {domain: feishu}}",
                {},
                [
                    "imbridge.yaml:1: channels.feishu.app_id: missing; ",
                    "imbridge.yaml:1: channels.feishu.app_secret: m",
                ],
            ),
            (
                f"channels: {{feishu: {{webhook_url: '{HOOK}', app_id: cli_1}}}}",
                {},
                [
                    "imbridge.yaml:1: channels.feishu.app_secret: missing; ",
                    "imbridge.yaml:1: channels.feishu.webhook_u",
                ],
            ),
        ],
    )
    def test_what_is_missing(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        file: str | None,
        environ: dict[str, str],
        says: list[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        if file is not None:
            Path("imbridge.yaml").write_text(file)
        with pytest.raises(ConfigError) as caught:
            self.load(None if file is None else Path("imbridge.yaml"), **environ)
        lines = str(caught.value).split("\n")
        if "no account" not in says[0]:
            assert len(lines) == len(says)
        for line, expected in zip(lines, says, strict=False):
            assert line.startswith(expected)
        assert "canary" not in str(caught.value)

    def test_several_of_both_sorts(self, tmp_path: Path) -> None:
        file = tmp_path / "imbridge.yaml"
        file.write_text(
            "channels:\n  feishu:\n    accounts:\n      work: {app_id: cli_1, app_secret: sss1}\n"
            "      alerts: {webhook_url: '${HOOK}'}\n"
        )
        work, alerts = self.load(file, HOOK=HOOK)
        assert (work.mode, alerts.mode) == (Mode.LONG_CONNECTION, Mode.CUSTOM_BOT)


@pytest.mark.parametrize(
    ("settings", "accounts", "console"),
    [
        ({}, "https://accounts.feishu.cn", "https://open.feishu.cn/app/cli_a"),
        ({"domain": "lark"}, "https://accounts.larksuite.com", "https://open.larksuite.com/app/cli_a"),
        ({"base_url": "https://x.example"}, "https://x.example", "https://x.example/app/cli_a"),
        ({"base_url": "http://127.0.0.1:1"}, "http://127.0.0.1:1", "https://open.feishu.cn/app/cli_a"),
    ],
)
def test_addresses(settings: dict[str, Any], accounts: str, console: str) -> None:
    config = FeishuConfig(**APP | settings)
    assert (config.accounts_url, config.console_url) == (accounts, console)
