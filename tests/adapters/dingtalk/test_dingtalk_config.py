"""Settings of DingTalk: which sort of account is meant, what is missing or refused, and that no secret is shown."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.adapters.dingtalk.config import Mode, hook_token
from imbridge.adapters.group_hook import hook_base
from imbridge.config import AccountConfig, Settings, load
from imbridge.protocol import ConfigError
from imbridge.transport import Rate

AES = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2BvC"
HOOK_TOKEN = "canaryhook0123456789abcdef"
HOOK = f"https://oapi.dingtalk.com/robot/send?access_token={HOOK_TOKEN}"
APP: dict[str, Any] = {"client_id": "dingabc", "client_secret": "canary-secret"}
EVENTS: dict[str, Any] = {"token": "canary-token", "aes_key": AES}
CALLBACK: dict[str, Any] = {"mode": "callback", **APP, **EVENTS}
ROBOT: dict[str, Any] = {"webhook_url": HOOK, "sign_secret": "SECcanary-sign"}
MODES = [(APP, Mode.STREAM), (CALLBACK, Mode.CALLBACK), (ROBOT, Mode.CUSTOM_ROBOT)]
NEEDED = {
    Mode.STREAM: {"client_id": "Client ID", "client_secret": "Client Secret"},
    Mode.CALLBACK: {"client_id": "Client ID", "client_secret": "Client Secret"},
    Mode.CUSTOM_ROBOT: {"webhook_url": "Group settings"},
}
EVERY: dict[str, tuple[Any, str, Any]] = {
    # setting: (in a file, as a variable, what is read)
    "client_id": ("dingxyz", "dingxyz", "dingxyz"),
    "client_secret": ("s3", "s3", SecretStr("s3")),
    "robot_code": ("dingrobot", "dingrobot", "dingrobot"),
    "links": (2, "2", 2),
    "corp_id": ("dingcorp", "dingcorp", "dingcorp"),
    "base_url": ("https://a.example/", "https://a.example/", "https://a.example"),
    "oapi_url": ("https://o.example", "https://o.example", "https://o.example"),
    "login_url": ("https://l.example", "https://l.example", "https://l.example"),
    "session_hosts": (["A.example", "b.example"], "A.example, b.example", ("a.example", "b.example")),
    "reply_by": ("api", "api", "api"),
    "stream_by": ("message", "message", "message"),
    "card_template": ("t1.schema", "t1.schema", "t1.schema"),
    "card_text": ("content", "content", "content"),
    "interactive_template": ("t2.schema", "t2.schema", "t2.schema"),
    "api_rate": ("10/1s", "10/1s", "10/1s"),
    "robot_rate": ("5/60s", "5/60s", "5/60s"),
    "monthly_calls": (0, "0", 0),
    "send_timeout": (7.5, "7.5", 7.5),
    "download_limit": (1000, "1000", 1000),
    "download_timeout": (7.5, "7.5", 7.5),
}
OTHERS = {"mode", "token", "aes_key", "webhook_url", "sign_secret"}
"""Tested with the modes they belong to."""


def read(text: str | None, folder: Path | None = None, **environ: str) -> Settings:
    path = None
    if text is not None and folder is not None:
        path = folder / "imbridge.yaml"
        path.write_text(text)
    return load(path, environ=environ, types={"dingtalk": DingTalkConfig})


def only(settings: Settings) -> DingTalkConfig:
    (account,) = settings.accounts
    assert isinstance(account, DingTalkConfig)
    return account


def block(settings: dict[str, Any]) -> str:
    return "channels:\n  dingtalk:\n" + "".join(f"    {name}: {value}\n" for name, value in settings.items())


def variables(settings: dict[str, Any]) -> dict[str, str]:
    return {f"DINGTALK_{name}".upper(): str(value) for name, value in settings.items()}


def make(source: str, settings: dict[str, Any], folder: Path) -> None:
    """The same settings by one of the three ways to give them."""
    if source == "code":
        DingTalkConfig(**settings)
    elif source == "file":
        read(block(settings), folder)
    else:
        read(None, **variables(settings))


def base_of(config: DingTalkConfig) -> str:
    return hook_base(config.webhook_url, config.oapi_url)


class TestEverySetting:
    def test_none_is_forgotten_here(self) -> None:
        own = set(DingTalkConfig.model_fields) - set(AccountConfig.model_fields)
        assert own == set(EVERY) | OTHERS

    @pytest.mark.parametrize("name", EVERY)
    def test_by_file(self, name: str, tmp_path: Path) -> None:
        in_file, _, expected = EVERY[name]
        assert getattr(only(read(block(APP | {name: in_file}), tmp_path)), name) == expected

    @pytest.mark.parametrize("name", EVERY)
    def test_by_variable(self, name: str) -> None:
        _, variable, expected = EVERY[name]
        assert getattr(only(read(None, **variables(APP | {name: variable}))), name) == expected

    def test_variables_fill_what_the_file_leaves_open(self, tmp_path: Path) -> None:
        account = only(read(block({"client_id": "dingabc"}), tmp_path, DINGTALK_CLIENT_SECRET="s3"))
        assert account.client_secret.get_secret_value() == "s3"

    def test_a_secret_in_a_file_of_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("canary-secret\n")
        environ = {"DINGTALK_CLIENT_ID": "dingabc", "DINGTALK_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
        assert only(read(None, **environ)).client_secret.get_secret_value() == "canary-secret"

    @pytest.mark.parametrize(
        "written",
        [
            {"app_key": "dingabc", "app_secret": "s"}, {"appKey": "dingabc", "appSecret": "s"},
            {"clientId": "dingabc", "clientSecret": "s"},
        ],
    )  # fmt: skip
    def test_as_others_write_it(self, written: dict[str, str], tmp_path: Path) -> None:
        assert only(read(block(written), tmp_path)).client_id == "dingabc"

    def test_old_names_as_variables(self) -> None:
        assert only(read(None, DINGTALK_APP_KEY="dingabc", DINGTALK_APP_SECRET="s")).client_id == "dingabc"


class TestModes:
    @pytest.mark.parametrize(("given", "mode"), MODES)
    def test_found(self, given: dict[str, Any], mode: Mode) -> None:
        assert DingTalkConfig(**given).mode is mode

    @pytest.mark.parametrize(("given", "mode"), MODES)
    def test_said(self, given: dict[str, Any], mode: Mode) -> None:
        assert DingTalkConfig(**given | {"mode": mode}).mode is mode

    def test_callbacks_have_to_be_asked_for(self) -> None:
        """Their key alone does not turn them on, and is not left aside either."""
        with pytest.raises(ValidationError, match="mode callback"):
            DingTalkConfig(**APP | EVENTS)

    def test_callbacks_without_events(self) -> None:
        assert DingTalkConfig(mode=Mode.CALLBACK, **APP).token is None

    @pytest.mark.parametrize("source", ["file", "variables"])
    def test_callbacks(self, source: str, tmp_path: Path) -> None:
        made = read(block(CALLBACK), tmp_path) if source == "file" else read(None, **variables(CALLBACK))
        account = only(made)
        assert account.mode is Mode.CALLBACK
        assert account.token is not None
        assert account.aes_key is not None
        assert (account.token.get_secret_value(), account.aes_key.get_secret_value()) == ("canary-token", AES)

    @pytest.mark.parametrize("mode", list(Mode))
    @pytest.mark.parametrize("source", ["code", "file", "variables"])
    def test_what_is_missing_is_said_with_where_to_find_it(self, mode: Mode, source: str, tmp_path: Path) -> None:
        for left_out, where in NEEDED[mode].items():
            given = next(given for given, its in MODES if its is mode)
            rest = {name: value for name, value in given.items() if name != left_out}
            with pytest.raises((ValidationError, ConfigError)) as caught:
                make(source, {**rest, "mode": mode.value}, tmp_path)
            said = str(caught.value)
            # A robot's only needed setting is its address: without it variables stand for no account at all.
            if not (mode is Mode.CUSTOM_ROBOT and source == "variables"):
                assert where in said
                assert left_out in said.lower()
            assert "canary" not in said

    @pytest.mark.parametrize("source", ["code", "file", "variables"])
    def test_unknown(self, source: str, tmp_path: Path) -> None:
        with pytest.raises((ValidationError, ConfigError), match=r"'stream', 'callback' or 'custom_robot'"):
            make(source, APP | {"mode": "callbak"}, tmp_path)

    def test_nothing(self) -> None:
        with pytest.raises(ValidationError, match="client_id"):
            DingTalkConfig()

    def test_what_is_left_empty_is_left_out(self) -> None:
        """As files have it that are filled in by templates."""
        empty = dict.fromkeys(("token", "aes_key", "webhook_url", "sign_secret"), "")
        config = DingTalkConfig(client_id="ding1", client_secret="canary", **empty)  # type: ignore[arg-type]  # as written
        assert config.mode is Mode.STREAM
        assert (config.token, config.aes_key, config.webhook_url, config.sign_secret) == (None,) * 4

    def test_what_tells_bots_apart(self) -> None:
        app = DingTalkConfig(**APP)
        assert app.bot == "dingabc at https://api.dingtalk.com"
        assert app.bot == DingTalkConfig(**CALLBACK).bot, "one app's messages go one way or the other"
        assert app.bot != DingTalkConfig(**APP | {"client_id": "dingabd"}).bot
        assert DingTalkConfig(**ROBOT).bot == ""

    def test_the_robot_is_the_app_unless_it_is_said(self) -> None:
        assert DingTalkConfig(**APP).robot == "dingabc"
        assert DingTalkConfig(**APP, robot_code="dingrobot").robot == "dingrobot"


class TestRefused:
    @pytest.mark.parametrize(
        "settings",
        [
            {"aes_key": "short"}, {"aes_key": AES[:-1] + "-"}, {"aes_key": ""}, {"token": ""},
            {"links": 0}, {"links": 3}, {"links": "many"}, {"links": 2}, {"send_timeout": 0}, {"download_limit": 0},
            {"monthly_calls": -1}, {"reply_by": "mail"}, {"stream_by": ""}, {"card_template": ""}, {"card_text": ""},
            {"name": "a/b"}, {"unknown": 1}, {"webhook_url": HOOK}, {"sign_secret": "SECcanary"},
            {"session_hosts": ["https://oapi.dingtalk.com"]}, {"session_hosts": ["oapi.dingtalk.com/x"]},
            {"session_hosts": ["oapi.dingtalk.com:443"]}, {"session_hosts": ["*"]}, {"session_hosts": [""]},
        ],
        ids=str,
    )  # fmt: skip
    def test_values(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            DingTalkConfig(**CALLBACK | settings)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("alone", ["token", "aes_key"])
    def test_half_an_event_callback(self, alone: str) -> None:
        with pytest.raises(ValidationError, match="belong together"):
            DingTalkConfig(**APP, mode=Mode.CALLBACK, **{alone: EVENTS[alone]})

    @pytest.mark.parametrize("field", ["base_url", "oapi_url", "login_url"])
    @pytest.mark.parametrize(
        "address",
        [
            "http://corp.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example",
            "https://user:canary@corp.example", "ftp://127.0.0.1", "corp.example", "https://", "https://x.example/?a=1",
            "https://x.example/#a", "", "http://[::1", "ws://127.0.0.1",
        ],
    )  # fmt: skip
    def test_addresses(self, field: str, address: str) -> None:
        with pytest.raises(ValidationError) as caught:
            DingTalkConfig(**APP, **{field: address})
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("field", ["base_url", "oapi_url", "login_url"])
    @pytest.mark.parametrize(
        "address", ["https://corp.example/", "http://127.0.0.1:8080", "http://[::1]:1", "https://x/y"]
    )
    def test_addresses_of_dedicated_deployments_and_tests(self, field: str, address: str) -> None:
        assert getattr(DingTalkConfig(**APP, **{field: address}), field) == address.rstrip("/")

    @pytest.mark.parametrize("name", ["api_rate", "robot_rate"])
    @pytest.mark.parametrize("value", ["abc", "", "30", "0/60s", "30/0s", "30/61", "-1/s"])
    def test_rates(self, name: str, value: str) -> None:
        with pytest.raises(ValidationError, match="rate"):
            DingTalkConfig(**APP | {name: value})


WRONG: dict[str, tuple[str, str]] = {
    "a value": ("links: 3", ".links: expected a number less than or equal to 2"),
    "a key": ("client_ids: x", ".client_ids: unknown key; did you mean 'client_id'?"),
    "a mode": ("mode: steam", ".mode: expected 'stream', 'callback' or"),
    "both spellings": ("appKey: x", ".appKey: means the same as"),
    "a host": (
        "session_hosts: ['https://x.example']",
        ".session_hosts: must be names",
    ),
    "an address": ("oapi_url: http://x.example", ".oapi_url: must be https"),
    "a placeholder": (
        "robot_code: dingxxxxxx",
        ".robot_code: is still a placeholder",
    ),
    "a robot's secret": ("sign_secret: SECx", ".sign_secret: signs what is posted"),
    "a robot's address": (f"webhook_url: '{HOOK}'", ".webhook_url: is for mode"),
    "callbacks without a mode": (
        f"token: canary-token\n    aes_key: {AES}",
        ": token and aes_key are for mode callback",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_says_where_and_what(case: str, tmp_path: Path) -> None:
    line, says = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        read(block(APP) + f"    {line}\n", tmp_path)
    (said,) = str(caught.value).split("\n")
    where = "2: channels.dingtalk" if "\n" in line else "5: channels.dingtalk"
    assert f"imbridge.yaml:{where}{says}" in said
    assert "canary" not in said


class TestHook:
    @pytest.mark.parametrize("token", [HOOK_TOKEN, "0" * 64])
    def test_the_token_alone_or_its_address(self, token: str) -> None:
        assert hook_token(token) == token
        assert hook_token(f"https://oapi.dingtalk.com/robot/send?access_token={token}") == token

    @pytest.mark.parametrize(
        "address",
        [
            "short", "https://oapi.dingtalk.com/robot/send", f"https://evil.example/robot/send?access_token={HOOK_TOKEN}",
            f"http://oapi.dingtalk.com/robot/send?access_token={HOOK_TOKEN}",
            f"https://oapi.dingtalk.com/robot/sendBySession?access_token={HOOK_TOKEN}",
            f"{HOOK}&access_token={HOOK_TOKEN}", "https://oapi.dingtalk.com/robot/send?access_token=canary%20token0000",
            "https://open.feishu.cn/open-apis/bot/v2/hook/canary",
        ],
    )  # fmt: skip
    def test_what_is_none(self, address: str) -> None:
        with pytest.raises(ValidationError) as caught:
            DingTalkConfig(webhook_url=address)  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)

    def test_where_it_is(self) -> None:
        assert base_of(DingTalkConfig(**ROBOT)) == "https://oapi.dingtalk.com"
        assert base_of(DingTalkConfig(**ROBOT, oapi_url="https://corp.example")) == "https://corp.example"
        own = f"http://127.0.0.1:8080/robot/send?access_token={HOOK_TOKEN}"
        assert base_of(DingTalkConfig(webhook_url=own)) == "http://127.0.0.1:8080"  # type: ignore[arg-type]


class TestVariables:
    def test_the_three_that_are_enough(self) -> None:
        account = only(
            read(None, DINGTALK_CLIENT_ID="dingabc", DINGTALK_CLIENT_SECRET="s", DINGTALK_ROBOT_CODE="dingrobot")
        )
        assert (account.key, account.mode, account.robot) == ("dingtalk:default", Mode.STREAM, "dingrobot")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (APP, {"default": Mode.STREAM}),
            (CALLBACK, {"default": Mode.CALLBACK}),
            (ROBOT, {"default": Mode.CUSTOM_ROBOT}),
            (APP | ROBOT, {"default": Mode.STREAM, "robot": Mode.CUSTOM_ROBOT}),
            (APP | {"webhook_url": HOOK}, {"default": Mode.STREAM, "robot": Mode.CUSTOM_ROBOT}),
            (APP | ROBOT | {"mode": "custom_robot"}, {"default": Mode.CUSTOM_ROBOT}),
        ],
    )
    def test_accounts(self, given: dict[str, str], expected: dict[str, Mode]) -> None:
        accounts = read(None, **variables(given)).accounts
        assert {account.name: account.mode for account in accounts if isinstance(account, DingTalkConfig)} == expected

    def test_what_is_whose(self) -> None:
        shared = {"oapi_url": "https://corp.example", "send_timeout": "7"}
        app, robot = read(None, **variables(APP | ROBOT | shared | {"robot_code": "dingrobot", "links": "2"})).accounts
        assert isinstance(app, DingTalkConfig)
        assert isinstance(robot, DingTalkConfig)
        assert (app.links, app.robot_code, app.webhook_url, app.sign_secret) == (2, "dingrobot", None, None)
        assert (robot.links, robot.client_id, robot.robot_code) == (1, "", "")
        assert app.oapi_url == robot.oapi_url == "https://corp.example"
        assert app.send_timeout == robot.send_timeout == 7

    def test_a_robots_secret_without_its_address_is_not_left_aside(self) -> None:
        with pytest.raises(ConfigError, match="DINGTALK_SIGN_SECRET: signs what is posted") as caught:
            read(None, **variables(APP | {"sign_secret": "SECcanary"}))
        assert "canary" not in str(caught.value)

    def test_half_of_one_is_said_of_that_one(self) -> None:
        with pytest.raises(ConfigError) as caught:
            read(None, **variables(ROBOT), DINGTALK_CLIENT_ID="dingabc")
        (line,) = str(caught.value).split("\n")
        assert line.startswith("DINGTALK_CLIENT_SECRET: not set, but DINGTALK_CLIENT_ID is")

    def test_a_wrong_value_is_said_once(self) -> None:
        with pytest.raises(ConfigError, match="DINGTALK_OAPI_URL") as caught:
            read(None, **variables(APP | ROBOT), DINGTALK_OAPI_URL="nonsense")
        assert len(str(caught.value).split("\n")) == 1


def test_all_sorts_side_by_side(tmp_path: Path) -> None:
    text = (
        "channels:\n  dingtalk:\n    accounts:\n"
        "      app: {client_id: dinga, client_secret: s1}\n"
        f"      old: {{mode: callback, client_id: dingb, client_secret: s2, token: t, encodingAesKey: {AES}}}\n"
        f"      alerts: {{webhook_url: '{HOOK}', sign_secret: SECx}}\n"
    )
    modes = {
        account.name: account.mode for account in read(text, tmp_path).accounts if isinstance(account, DingTalkConfig)
    }
    assert modes == {"app": Mode.STREAM, "old": Mode.CALLBACK, "alerts": Mode.CUSTOM_ROBOT}


def test_default_rates_keep_the_platforms_limits_with_room_for_jitter() -> None:
    config = DingTalkConfig(**APP)
    for text, count, period in ((config.api_rate, 20, 1), (config.robot_rate, 20, 60)):
        rate = Rate.parse(text)
        assert rate.count <= count
        assert rate.period > period


def test_no_secret_is_shown() -> None:
    secrets = ("canary", AES)
    shown = []
    for given, _ in MODES:
        config = DingTalkConfig(**given)
        shown += [repr(config), str(config), str(config.model_dump(mode="json")), config.key, config.bot]
    for wrong in ({"links": "x"}, {"aes_key": AES + "x"}, {"nonsense": 1}, {"token": None}):
        settings = CALLBACK | wrong
        with pytest.raises(ValidationError) as caught:
            DingTalkConfig(**settings)
        shown += traceback.format_exception(caught.value)
    assert not [secret for secret in secrets if secret in "".join(shown)]
