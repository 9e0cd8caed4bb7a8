"""Settings of WeCom: which sort of account is meant, what is missing, what is refused, and that no secret is shown."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from imbridge.adapters.group_hook import hook_base
from imbridge.adapters.wecom import WeComConfig
from imbridge.adapters.wecom.config import Mode, hook_key
from imbridge.config import Settings, load
from imbridge.protocol import ConfigError
from imbridge.transport import Rate

AES = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2BvC"
APP: dict[str, Any] = {"corp_id": "ww1", "secret": "canary-secret", "agent_id": 1000002}
BOT: dict[str, Any] = {"bot_id": "bot1", "bot_secret": "canary-bot-secret"}
CALLBACK: dict[str, Any] = {"token": "canary-token", "aes_key": AES}
HOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary-hook-key"
ROBOT: dict[str, Any] = {"webhook_url": HOOK}
MODES = [(APP, Mode.APP), (BOT, Mode.BOT), (CALLBACK, Mode.BOT_CALLBACK), (ROBOT, Mode.GROUP_ROBOT)]
NEEDED = {
    Mode.APP: {"corp_id": "My Company", "secret": "App Management", "agent_id": "AgentId"},
    Mode.BOT: {"bot_id": "Bot ID", "bot_secret": "long connection"},
    Mode.BOT_CALLBACK: {"token": "Token", "aes_key": "EncodingAESKey"},
    Mode.GROUP_ROBOT: {"webhook_url": "Group Robots"},
}
TYPES = {"wecom": WeComConfig}


def read(text: str | None, folder: Path | None = None, **environ: str) -> Settings:
    path = None
    if text is not None and folder is not None:
        path = folder / "imbridge.yaml"
        path.write_text(text)
    return load(path, environ=environ, types=TYPES)


def make(source: str, settings: dict[str, Any], folder: Path) -> None:
    """The same settings by one of the three ways to give them."""
    if source == "code":
        WeComConfig(**settings)
    elif source == "file":
        read("channels:\n  wecom:\n" + "".join(f"    {name}: {value}\n" for name, value in settings.items()), folder)
    else:
        read(None, **{f"WECOM_{name}".upper(): str(value) for name, value in settings.items()})


def base_of(config: WeComConfig) -> str:
    return hook_base(config.webhook_url, config.base_url)


class TestModes:
    @pytest.mark.parametrize(("given", "mode"), [*MODES, (APP | CALLBACK, Mode.APP), (BOT | CALLBACK, Mode.BOT)])
    def test_found(self, given: dict[str, Any], mode: Mode) -> None:
        assert WeComConfig(**given).mode is mode

    @pytest.mark.parametrize(("given", "mode"), MODES)
    def test_said(self, given: dict[str, Any], mode: Mode) -> None:
        assert WeComConfig(mode=mode, **given).mode is mode

    @pytest.mark.parametrize("mode", list(Mode))
    @pytest.mark.parametrize("source", ["code", "file", "variables"])
    def test_what_is_missing_is_said_with_where_to_find_it(self, mode: Mode, source: str, tmp_path: Path) -> None:
        for left_out, where in NEEDED[mode].items():
            given = next(given for given, its in MODES if its is mode)
            rest = {name: value for name, value in given.items() if name != left_out}
            with pytest.raises((ValidationError, ConfigError)) as caught:
                make(source, {"mode": mode.value, **rest}, tmp_path)
            said = str(caught.value)
            # A robot's only setting is its address: without it variables stand for no account at all.
            if not (mode is Mode.GROUP_ROBOT and source == "variables"):
                assert where in said
                assert left_out in said.lower()
            assert "canary" not in said

    def test_unknown(self) -> None:
        with pytest.raises(ValidationError, match="mode"):
            WeComConfig(mode="carrier pigeon", **APP)  # type: ignore[arg-type]

    def test_nothing(self) -> None:
        with pytest.raises(ValidationError, match="corp_id"):
            WeComConfig()

    def test_what_tells_bots_apart(self) -> None:
        app = WeComConfig(**APP)
        assert app.bot == "ww1/1000002 at https://qyapi.weixin.qq.com"
        assert app.bot != WeComConfig(**APP | {"agent_id": 1000003}).bot
        assert WeComConfig(**BOT).bot == "bot1 at wss://openws.work.weixin.qq.com"
        assert WeComConfig(**CALLBACK).bot == WeComConfig(**ROBOT).bot == ""


class TestRefused:
    @pytest.mark.parametrize(
        "settings",
        [
            {"aes_key": "short"},
            {"aes_key": AES[:-1] + "-"},
            {"aes_key": ""},
            {"token": ""},
            {"agent_id": -1},
            {"agent_id": "many"},
            {"passive_reply": 5},
            {"passive_reply": -1},
            {"send_timeout": 0},
            {"download_limit": 0},
            {"stream_window": 601},
            {"name": "a/b"},
            {"unknown": 1},
            {"webhook_url": HOOK},
        ],
    )  # fmt: skip
    def test_values(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            WeComConfig(**APP | CALLBACK | settings)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("alone", ["token", "aes_key"])
    def test_half_a_callback(self, alone: str) -> None:
        with pytest.raises(ValidationError, match="belong together"):
            WeComConfig(**APP, **{alone: CALLBACK[alone]})

    def test_a_passive_reply_without_callbacks(self) -> None:
        with pytest.raises(ValidationError, match="passive_reply"):
            WeComConfig(**APP, passive_reply=4)

    @pytest.mark.parametrize("field", ["base_url", "oauth_url", "login_url", "bot_url"])
    @pytest.mark.parametrize(
        "address",
        [
            "{plain}://corp.example", "{plain}://127.0.0.1.evil.example", "{plain}://127.0.0.1@evil.example",
            "{secure}://user:canary@corp.example", "ftp://127.0.0.1", "corp.example", "{secure}://",
            "{secure}://x.example/?a=1", "{secure}://x.example/#a", "", "{plain}://[::1", "{other}://127.0.0.1",
        ],
    )  # fmt: skip
    def test_addresses(self, field: str, address: str) -> None:
        plain, secure, other = ("ws", "wss", "http") if field == "bot_url" else ("http", "https", "ws")
        with pytest.raises(ValidationError) as caught:
            WeComConfig(**APP, **{field: address.format(plain=plain, secure=secure, other=other)})
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("field", ["base_url", "oauth_url", "login_url"])
    @pytest.mark.parametrize(
        "address", ["https://corp.example/", "http://127.0.0.1:8080", "http://[::1]:1", "https://x/y"]
    )
    def test_addresses_of_private_deployments_and_tests(self, field: str, address: str) -> None:
        assert getattr(WeComConfig(**APP, **{field: address}), field) == address.rstrip("/")


class TestHook:
    @pytest.mark.parametrize("key", ["canary-hook-key", "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"])
    def test_the_key_alone_or_its_address(self, key: str) -> None:
        assert hook_key(key) == key
        assert hook_key(f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}") == key

    @pytest.mark.parametrize(
        "address",
        [
            "short", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "https://evil.example/cgi-bin/webhook/send?key=canary-key",
            "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary-key",
            "https://qyapi.weixin.qq.com/cgi-bin/message/send?key=canary-key",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary-key&key=other-key",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=canary%20key", "https://open.feishu.cn/open-apis/bot/v2/hook/canary",
        ],
    )  # fmt: skip
    def test_what_is_none(self, address: str) -> None:
        with pytest.raises(ValidationError) as caught:
            WeComConfig(webhook_url=address)  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)

    def test_where_it_is(self) -> None:
        assert base_of(WeComConfig(**ROBOT)) == "https://qyapi.weixin.qq.com"
        assert base_of(WeComConfig(**ROBOT, base_url="https://corp.example")) == "https://corp.example"
        own = "http://127.0.0.1:8080/cgi-bin/webhook/send?key=canary-hook-key"
        assert base_of(WeComConfig(webhook_url=own)) == "http://127.0.0.1:8080"  # type: ignore[arg-type]


class TestFiles:
    def test_the_block_of_tutorials(self, tmp_path: Path) -> None:
        text = (
            "wechat_enterprise:\n"
            '  corp_id: "ww0123456789abcdef"\n'
            '  secret: "canary-secret"\n'
            "  agent_id: 1000002\n"
            '  token: "OPENCLAW"\n'
            f'  encoding_aes_key: "{AES}"\n'
        )
        (account,) = read(text, tmp_path).accounts
        assert isinstance(account, WeComConfig)
        assert (account.key, account.mode, account.agent_id) == ("wecom:default", Mode.APP, 1000002)
        assert account.aes_key is not None
        assert account.aes_key.get_secret_value() == AES

    def test_the_block_as_it_is_printed_is_a_placeholder(self, tmp_path: Path) -> None:
        text = (
            'wechat_enterprise:\n  corp_id: "wwxxxxxxxxxxxxxx"\n  secret: "4X2F...(实际使用时需填写完整)"\n'
            f'  agent_id: 1000002\n  token: "OPENCLAW"\n  encoding_aes_key: "{AES}"\n'
        )
        with pytest.raises(ConfigError, match=r"wechat_enterprise\.corp_id: is still a placeholder"):
            read(text, tmp_path)

    def test_camel_case(self, tmp_path: Path) -> None:
        text = f"channels: {{wecom: {{corpId: ww1, secret: s, agentId: 1, token: t, encodingAesKey: {AES}}}}}"
        (account,) = read(text, tmp_path).accounts
        assert isinstance(account, WeComConfig)
        assert account.mode is Mode.APP

    def test_all_four_sorts_side_by_side(self, tmp_path: Path) -> None:
        text = (
            "channels:\n  wecom:\n    accounts:\n"
            "      app: {corp_id: ww1, secret: s1, agent_id: 1}\n"
            "      bot: {bot_id: b1, bot_secret: s2}\n"
            f"      polled: {{token: t, encoding_aes_key: {AES}}}\n"
            f"      robot: {{webhook_url: '{HOOK}'}}\n"
        )
        modes = {
            account.name: account.mode for account in read(text, tmp_path).accounts if isinstance(account, WeComConfig)
        }
        assert modes == {"app": Mode.APP, "bot": Mode.BOT, "polled": Mode.BOT_CALLBACK, "robot": Mode.GROUP_ROBOT}


class TestVariables:
    APP = {"WECOM_CORP_ID": "ww1", "WECOM_SECRET": "s1", "WECOM_AGENT_ID": "1000002"}  # noqa: RUF012 - not changed
    BOT = {"WECOM_BOT_ID": "b1", "WECOM_BOT_SECRET": "s2"}  # noqa: RUF012 - not changed
    CALLBACK = {"WECOM_TOKEN": "t", "WECOM_ENCODING_AES_KEY": AES}  # noqa: RUF012 - not changed
    ROBOT = {"WECOM_WEBHOOK_URL": HOOK}  # noqa: RUF012 - not changed

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (APP, {"default": Mode.APP}),
            (APP | CALLBACK, {"default": Mode.APP}),
            (BOT, {"default": Mode.BOT}),
            (CALLBACK, {"default": Mode.BOT_CALLBACK}),
            (ROBOT, {"default": Mode.GROUP_ROBOT}),
            (APP | BOT, {"default": Mode.APP, "bot": Mode.BOT}),
            (APP | CALLBACK | BOT | ROBOT, {"default": Mode.APP, "bot": Mode.BOT, "robot": Mode.GROUP_ROBOT}),
            (BOT | ROBOT, {"default": Mode.BOT, "robot": Mode.GROUP_ROBOT}),
            (CALLBACK | ROBOT, {"default": Mode.BOT_CALLBACK, "robot": Mode.GROUP_ROBOT}),
            (APP | BOT | {"WECOM_MODE": "bot"}, {"default": Mode.BOT}),
        ],
    )
    def test_accounts(self, given: dict[str, str], expected: dict[str, Mode]) -> None:
        accounts = read(None, **given).accounts
        assert {account.name: account.mode for account in accounts if isinstance(account, WeComConfig)} == expected

    def test_callbacks_are_the_apps_and_the_rest_is_everybodys(self) -> None:
        shared = {"WECOM_BASE_URL": "https://corp.example", "WECOM_SEND_TIMEOUT": "7"}
        app, bot = read(None, **self.APP, **self.CALLBACK, **self.BOT, **shared).accounts
        assert isinstance(app, WeComConfig)
        assert isinstance(bot, WeComConfig)
        assert app.token is not None
        assert (app.bot_id, bot.corp_id, bot.token) == ("", "", None)
        assert app.base_url == bot.base_url == "https://corp.example"
        assert app.send_timeout == bot.send_timeout == 7

    def test_half_of_one_is_said_of_that_one(self) -> None:
        with pytest.raises(ConfigError) as caught:
            read(None, **self.APP, WECOM_BOT_ID="b1")
        (line,) = str(caught.value).split("\n")
        assert line.startswith("WECOM_BOT_SECRET: not set, but WECOM_BOT_ID is")
        assert "Secret" in line

    def test_a_wrong_value_is_said_once_for_each(self) -> None:
        with pytest.raises(ConfigError, match="WECOM_BASE_URL") as caught:
            read(None, **self.APP, **self.BOT, WECOM_BASE_URL="nonsense")
        assert len(str(caught.value).split("\n")) == 1


def test_default_rates_keep_the_platforms_limits_with_room_for_jitter() -> None:
    config = WeComConfig(**APP)
    for text, count, period in (
        (config.member_rate, 30, 60), (config.member_hour_rate, 1000, 3600), (config.api_rate, 10_000, 60),
        (config.robot_rate, 20, 60), (config.group_rate, 200, 60), (config.group_day_rate, 10_000, 86_400),
    ):  # fmt: skip
        rate = Rate.parse(text)
        assert rate.count <= count
        assert rate.period > period


@pytest.mark.parametrize("name", [name for name in WeComConfig.model_fields if name.endswith("_rate")])
@pytest.mark.parametrize("value", ["abc", "", "30", "0/60s", "30/0s", "30/61", "-1/s"])
def test_a_rate_that_is_none_is_said_when_the_settings_are_read(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match="rate"):
        WeComConfig(**APP | {name: value})


def test_no_secret_is_shown() -> None:
    secrets = ("canary-secret", "canary-bot-secret", "canary-token", "canary-hook-key", "canary-contacts", AES)
    shown = []
    for given, _ in MODES:
        config = WeComConfig(**given)
        shown += [repr(config), str(config), str(config.model_dump(mode="json")), config.key, config.bot]
    shown.append(repr(WeComConfig(**APP, contacts_secret="canary-contacts")))  # type: ignore[arg-type]
    given = APP | {"contacts_secret": "canary-contacts"}
    for wrong in ({"agent_id": "x"}, {"aes_key": AES}, {"nonsense": 1}):
        settings = given | wrong
        with pytest.raises(ValidationError) as caught:
            WeComConfig(**settings)
        shown += traceback.format_exception(caught.value)
    assert not [secret for secret in secrets if secret in "".join(shown)]
