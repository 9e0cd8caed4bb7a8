"""Settings of QQ: by file, variables and code, what is missing or refused, and that no secret is shown."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from imbridge.adapters.qq import QQConfig
from imbridge.adapters.qq.config import Mode
from imbridge.adapters.qq.intents import DEFAULT
from imbridge.cli.masking import MASK, masked
from imbridge.config import AccountConfig, Settings, load
from imbridge.protocol import ConfigError
from imbridge.transport import Rate

BOT: dict[str, Any] = {"app_id": "102012345", "secret": "canary-secret"}
NEEDED = {"app_id": "AppID", "secret": "AppSecret"}
EVERY: dict[str, tuple[Any, str, Any]] = {
    # setting: (in a file, as a variable, what is read)
    "app_id": ("'102099999'", "102099999", "102099999"),
    "secret": ("s3", "s3", SecretStr("s3")),
    "mode": ("webhook", "webhook", Mode.WEBHOOK),
    "sandbox": ("true", "1", True),
    "api_base_url": ("https://api.bot.qq.com/", "https://api.bot.qq.com/", "https://api.bot.qq.com"),
    "token_url": (
        "https://api.bot.qq.com/app/getAppAccessToken", "https://api.bot.qq.com/app/getAppAccessToken",
        "https://api.bot.qq.com/app/getAppAccessToken",
    ),
    "intents": ("[group_and_c2c, guilds]", "group_and_c2c, guilds", ("group_and_c2c", "guilds")),
    "shards": (4, "4", 4),
    "markdown": ("'off'", "off", "off"),
    "audit_wait": (7.5, "7.5", 7.5),
    "api_rate": ("10/1s", "10/1s", "10/1s"),
    "send_timeout": (7.5, "7.5", 7.5),
    "media_urls": ("hand_over", "hand_over", "hand_over"),
    "download_limit": (1000, "1000", 1000),
    "download_timeout": (7.5, "7.5", 7.5),
}  # fmt: skip

NO_MORE = {"after_window", "wait_most"}


def read(text: str | None, folder: Path | None = None, **environ: str) -> Settings:
    path = None
    if text is not None and folder is not None:
        path = folder / "imbridge.yaml"
        path.write_text(text)
    return load(path, environ=environ, types={"qq": QQConfig})


def only(settings: Settings) -> QQConfig:
    (account,) = settings.accounts
    assert isinstance(account, QQConfig)
    return account


def block(settings: dict[str, Any]) -> str:
    return "channels:\n  qq:\n" + "".join(f"    {name}: {value}\n" for name, value in settings.items())


def variables(settings: dict[str, Any]) -> dict[str, str]:
    return {f"QQ_{name}".upper(): str(value) for name, value in settings.items()}


def make(source: str, settings: dict[str, Any], folder: Path) -> None:
    """The same settings by one of the three ways to give them."""
    if source == "code":
        QQConfig(**settings)
    elif source == "file":
        read(block(settings), folder)
    else:
        read(None, **variables(settings))


class TestEverySetting:
    def test_none_is_forgotten_here(self) -> None:
        assert set(QQConfig.model_fields) - set(AccountConfig.model_fields) - NO_MORE == set(EVERY)

    @pytest.mark.parametrize("name", EVERY)
    def test_by_file(self, name: str, tmp_path: Path) -> None:
        in_file, _, expected = EVERY[name]
        assert getattr(only(read(block(BOT | {name: in_file}), tmp_path)), name) == expected

    @pytest.mark.parametrize("name", EVERY)
    def test_by_variable(self, name: str) -> None:
        _, variable, expected = EVERY[name]
        assert getattr(only(read(None, **variables(BOT | {name: variable}))), name) == expected

    def test_the_five_variables(self) -> None:
        account = only(
            read(
                None, QQ_APP_ID="102012345", QQ_SECRET="s", QQ_SANDBOX="true",
                QQ_API_BASE_URL="http://127.0.0.1:1", QQ_TOKEN_URL="http://127.0.0.1:1/app/getAppAccessToken",
            )
        )  # fmt: skip
        assert (account.key, account.sandbox, account.base_url) == ("qq:default", True, "http://127.0.0.1:1")
        assert account.token_url == "http://127.0.0.1:1/app/getAppAccessToken"

    def test_defaults(self) -> None:
        account = QQConfig(**BOT)
        assert (account.mode, account.sandbox, account.shards) == (Mode.GATEWAY, False, "auto")
        assert account.intents == DEFAULT
        assert account.base_url == "https://api.sgroup.qq.com"
        assert account.token_url == "https://bots.qq.com/app/getAppAccessToken"
        assert QQConfig(**BOT, sandbox=True).base_url == "https://sandbox.api.sgroup.qq.com"

    def test_an_id_without_quotes_is_a_number_in_a_file(self, tmp_path: Path) -> None:
        assert only(read(block(BOT | {"app_id": 102012345}), tmp_path)).app_id == "102012345"

    def test_variables_fill_what_the_file_leaves_open(self, tmp_path: Path) -> None:
        assert only(read(block({"app_id": "1"}), tmp_path, QQ_SECRET="s3")).secret.get_secret_value() == "s3"

    def test_a_secret_in_a_file_of_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("canary-secret\n")
        account = only(read(None, QQ_APP_ID="1", QQ_SECRET_FILE=str(tmp_path / "secret")))
        assert account.secret.get_secret_value() == "canary-secret"

    @pytest.mark.parametrize(
        "written",
        [
            {"appid": "1", "secret": "s"}, {"appId": "1", "appSecret": "s"}, {"app_id": "1", "client_secret": "s"},
            {"appid": "1", "clientSecret": "s"}, {"AppID": "1", "app_secret": "s"},
        ],
        ids=str,
    )  # fmt: skip
    def test_as_others_write_it(self, written: dict[str, str], tmp_path: Path) -> None:
        account = only(read(block(written), tmp_path))
        assert (account.app_id, account.secret.get_secret_value()) == ("1", "s")


class TestMissing:
    @pytest.mark.parametrize("left_out", NEEDED)
    @pytest.mark.parametrize("source", ["code", "file", "variables"])
    def test_it_is_said_with_where_to_find_it(self, left_out: str, source: str, tmp_path: Path) -> None:
        rest = {name: value for name, value in BOT.items() if name != left_out}
        with pytest.raises((ValidationError, ConfigError)) as caught:
            make(source, rest, tmp_path)
        assert NEEDED[left_out] in str(caught.value)
        assert left_out in str(caught.value).lower()
        assert "canary" not in str(caught.value)

    def test_nothing(self) -> None:
        with pytest.raises(ValidationError, match="app_id"):
            QQConfig()


@pytest.mark.parametrize("source", ["code", "file", "variables"])
@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"after_window": "wait"}, "on_missed_window: push_or_wait in the section bridge"),
        ({"after_window": "refuse"}, "leave it out"),
        ({"wait_most": 60}, "missed_window_for in the section bridge"),
    ],
)
def test_settings_of_before_say_what_to_write(source: str, setting: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises((ValidationError, ConfigError), match=f"is no more: .*{says}"):
        make(source, BOT | setting, tmp_path)


class TestRefused:
    @pytest.mark.parametrize(
        "settings",
        [
            {"app_id": "canary"}, {"app_id": "１２"}, {"app_id": True}, {"app_id": 1.5}, {"app_id": ""}, {"secret": ""},
            {"mode": "websocket"}, {"intents": ()}, {"intents": ("groups",)}, {"intents": ("GUILDS",)}, {"shards": 0},
            {"shards": 257}, {"shards": "many"}, {"shards": -1}, {"shards": True}, {"shards": "1" * 400},
            {"markdown": "yes"},
            {"api_rate": "fast"}, {"send_timeout": 0}, {"download_limit": 0}, {"name": "a/b"}, {"unknown": 1},
            {"mode": "webhook", "shards": 2}, {"mode": "webhook", "intents": ("guilds",)},
        ],
        ids=str,
    )  # fmt: skip
    def test_values(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            QQConfig(**BOT | settings)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("field", ["api_base_url", "token_url"])
    @pytest.mark.parametrize(
        "address",
        [
            "http://corp.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example",
            "https://user:canary@corp.example", "ftp://127.0.0.1", "corp.example", "https://", "https://x.example/?a=1",
            "https://x.example/#a", "http://[::1", "ws://127.0.0.1",
        ],
    )  # fmt: skip
    def test_addresses(self, field: str, address: str) -> None:
        with pytest.raises(ValidationError) as caught:
            QQConfig(**BOT, **{field: address})
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("field", ["api_base_url", "token_url"])
    @pytest.mark.parametrize(
        "address", ["https://corp.example/", "http://127.0.0.1:8080", "http://[::1]:1", "https://x/y"]
    )
    def test_addresses_of_proxies_and_tests(self, field: str, address: str) -> None:
        assert getattr(QQConfig(**BOT, **{field: address}), field) == address.rstrip("/")


WRONG = {
    "an unknown setting": ("nonsense: x", ".nonsense: unknown"),
    "a placeholder": ("app_id: xxxxxx", ".app_id: is still a placeholder"),
    "a name instead of an id": ("app_id: mybot", ".app_id: must be digits"),
    "an address": ("token_url: http://x.example", ".token_url: must be https"),
    "intents": ("intents: [groups]", ".intents: must be some of guilds"),
    "shards": ("shards: many", ".shards: must be auto or a number"),
    "webhooks": ("mode: webhook\n    shards: 2", ": shards is for mode gateway"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_says_where_and_what(case: str, tmp_path: Path) -> None:
    line, says = WRONG[case]
    given = {name: value for name, value in BOT.items() if not line.startswith(name)}
    with pytest.raises(ConfigError) as caught:
        read(block(given) + f"    {line}\n", tmp_path)
    (said,) = str(caught.value).split("\n")
    assert f"channels.qq{says}" in said
    assert "imbridge.yaml:" in said
    assert "canary" not in said


def test_which_of_the_intents_is_none() -> None:
    with pytest.raises(ValidationError, match="public_guild_messages, not groups"):
        QQConfig(**BOT, intents=("guilds", "groups"))


def test_where_to_find_it_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(block({"secret": BOT["secret"]}) + "    app_id: mybot\n", tmp_path)
    assert str(caught.value).count("q.qq.com") == 1


def test_what_tells_bots_apart() -> None:
    bot = QQConfig(**BOT)
    assert bot.bot == "102012345 at https://api.sgroup.qq.com"
    assert bot.bot == QQConfig(**BOT, mode=Mode.WEBHOOK).bot, "one bot's events go one way or the other"
    assert bot.bot != QQConfig(**BOT, sandbox=True).bot


def test_the_default_rate_leaves_room_for_jitter() -> None:
    rate = Rate.parse(QQConfig(**BOT).api_rate)
    assert rate.period > 1


def test_no_secret_is_shown() -> None:
    config = QQConfig(**BOT)
    shown = [repr(config), str(config), str(config.model_dump(mode="json")), config.key, config.bot]
    for wrong in ({"shards": "x"}, {"intents": ("x",)}, {"nonsense": 1}, {"app_id": "canary-secret"}):
        settings = BOT | wrong
        with pytest.raises(ValidationError) as caught:
            QQConfig(**settings)
        shown += traceback.format_exception(caught.value)
    assert not [text for text in shown if "canary" in text]


def test_where_tokens_are_fetched_is_shown() -> None:
    """It is no secret for the word in its name."""
    address = "https://bots.example/token"
    account = QQConfig(**BOT, token_url=address)
    settings = Settings(accounts=(account,), permissions={"token_url": f"{address}?k=canary"})
    shown = masked(settings, {"QQ_TOKEN_URL": address, "QQ_SECRET": BOT["secret"]})
    (seen,) = shown["channels"]["qq"]["accounts"].values()
    assert (seen["token_url"], seen["secret"]) == (address, MASK)
    assert shown["permissions"] == {"token_url": MASK}
