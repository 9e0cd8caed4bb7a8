"""What is said of wrong settings: complete lines, at the right place, and never a secret."""

from pathlib import Path

import pytest
import yaml

from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.config import load
from imbridge.protocol import ConfigError

ID = "(App ID, such as d_1; console: Basics > App ID)"
SECRET = "(console: Basics > App Secret)"

GOOD = "channels:\n  demo:\n    app_id: d_1\n    app_secret: sss1\n"

FILES: dict[str, tuple[str | bytes, list[str]]] = {
    name: (case["file"], case["says"])
    for name, case in yaml.safe_load((Path(__file__).parent / "wrong_files.yaml").read_text(encoding="utf-8")).items()
} | {
    "not UTF-8": ("channels: {}\n# 配置".encode("gbk"), ["imbridge.yaml:2: not UTF-8 text; save the file as UTF-8"]),
    "too deep": ("[" * 5000, ["imbridge.yaml: nested too deeply"]),
    "too large": ("#" * (1024 * 1024 + 1), ["imbridge.yaml: larger than 1024 KiB; is it the right file?"]),
}


@pytest.mark.parametrize("case", FILES)
def test_of_a_file(fail, case):
    text, expected = FILES[case]
    lines = fail(text)
    assert lines == expected
    assert "canary" not in str(lines)


def test_a_small_file_that_stands_for_a_huge_tree_is_refused(fail):
    levels = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12)]
    (line,) = fail("\n".join(levels))
    assert line.endswith("nested too deeply, or too many aliases")


@pytest.mark.parametrize("named", ["nowhere.yaml", "folder"])
def test_of_a_file_that_is_not_there(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    path = type(tmp_path)(named)
    with pytest.raises(ConfigError, match=rf"^{named}: (there is no such file|is a folder, expected a YAML file)$"):
        load(path, environ={}, types={})


def test_of_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "imbridge.yaml"
    path.symlink_to(path)  # works for root too, who may read everything
    with pytest.raises(ConfigError, match=r"imbridge\.yaml: cannot be read: Too many levels of symbolic links"):
        load(path, environ={}, types={})


def test_the_error_carries_the_key_and_the_place_of_the_first_problem(load_text):
    with pytest.raises(ConfigError) as caught:
        load_text(GOOD + "    port: many\n    rate: some\n")
    assert (caught.value.key, caught.value.where) == ("channels.demo.port", "imbridge.yaml:5")
    assert len(str(caught.value).split("\n")) == 2


class TestEnvironment:
    def test_half_an_account(self, fail):
        assert fail(None, DEMO_APP_ID="d_1") == [f"DEMO_APP_SECRET: not set, but DEMO_APP_ID is {SECRET}"]

    def test_wrong_value(self, fail):
        assert fail(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET="sss1", DEMO_PORT="many") == [
            "DEMO_PORT: expected a whole number, found 'many'"
        ]

    def test_the_place_of_a_value_is_where_it_stands_not_where_it_is_used(self, fail):
        assert fail("channels: {demo: {app_id: d_1}}", DEMO_APP_SECRET="sss1", DEMO_PORT="many") == [
            "DEMO_PORT: expected a whole number, found 'many'"
        ]

    def test_an_option_of_the_bridge(self, fail):
        assert fail(GOOD, IMBRIDGE_LOG_LEVEL="loud") == [
            "IMBRIDGE_LOG_LEVEL: expected 'debug', 'info', 'warning' or 'error', found 'loud'"
        ]

    def test_an_empty_variable_in_the_file(self, fail):
        (line,) = fail(GOOD + "    url: ${EMPTY}", EMPTY="")
        assert line == (
            "imbridge.yaml:5: channels.demo.url: the environment variable EMPTY is empty; set it, or write a default "
            "as ${EMPTY:-default}"
        )

    def test_a_value_that_came_from_a_variable_is_not_shown(self, fail):
        (line,) = fail(GOOD + "    port: ${SOME_KEY}", SOME_KEY="canary")
        assert line == "imbridge.yaml:5: channels.demo.port: expected a whole number, found what is in SOME_KEY"


class TestNoAccount:
    def test_says_both_ways_with_a_snippet(self, fail):
        assert fail(None) == [
            "no account is configured; set DEMO_APP_ID and DEMO_APP_SECRET, or write into imbridge.yaml:",
            "",
            "    channels:",
            "      demo:",
            "        app_id: your-app-id  # App ID, such as d_1; console: Basics > App ID",
            "        app_secret: your-app-secret  # console: Basics > App Secret",
        ]

    @pytest.mark.parametrize("text", ["", "# nothing", "channels:", "channels: {}", "skills: [echo]"])
    def test_for_every_kind_of_nothing(self, fail, text):
        assert fail(text)[0] == (
            "no account is configured; set DEMO_APP_ID and DEMO_APP_SECRET, or write into imbridge.yaml:"
        )

    def test_the_snippet_is_refused_as_long_as_it_is_not_filled_in(self, fail):
        snippet = "\n".join(fail(None)[2:])
        assert fail(snippet) == [
            f"imbridge.yaml:3: channels.demo.app_id: is still a placeholder; put the real value there {ID}",
            f"imbridge.yaml:4: channels.demo.app_secret: is still a placeholder; put the real value there {SECRET}",
        ]

    def test_names_a_variable_that_was_probably_meant(self, fail):
        assert "(DEMO_APPID is set; was DEMO_APP_ID meant?)" in fail(None, DEMO_APPID="d_1")[0]

    def test_without_any_platform(self, fail):
        assert fail(None, types={}) == [
            "no account is configured, and no platform is installed: pip install 'imbridge[feishu]'"
        ]


class TestPlatforms:
    def test_one_that_could_be_installed(self, fail):
        assert fail("channels: {feishu: {}}") == [
            (
                "imbridge.yaml:1: channels.feishu: the platform feishu is not installed: "
                "pip install 'imbridge[feishu]'; installed: demo, plain"
            )
        ]

    def test_nothing_like_it(self, fail):
        assert fail("channels: {telepathy: {}}") == [
            "imbridge.yaml:1: channels.telepathy: unknown platform; installed: demo, plain"
        ]


PLACEHOLDERS = [
    "your-app-secret", "YOUR_APP_SECRET", "cli_xxx", "xxx", "XXXXXXXX", "wwxxxxxxxxxxxxxx", "cli_xxxxxxxxxxxxxxxx",
    "***", "<app secret>", "<secret>", "changeme", "change-me", "{{ secret }}", "app_secret", "你的密钥",
    "填写你的密钥", "TODO",
]  # fmt: skip


class TestPasted:
    @pytest.mark.parametrize("text", [*PLACEHOLDERS, "${FEISHU_APP_SECRET}"])
    @pytest.mark.parametrize("field", ["APP_ID", "APP_SECRET"])
    def test_a_placeholder_is_refused(self, fail, text, field):
        environ = {"DEMO_APP_ID": "d_1", "DEMO_APP_SECRET": "sss1", f"DEMO_{field}": text}
        (line,) = fail(None, **environ)
        assert line.startswith(f"DEMO_{field}: is still a placeholder; put the real value there (")

    @pytest.mark.parametrize("text", ["cli_work_app", "work-secret", "xxAbc1", "yourself", "a*b", "Todorov", "secret1"])
    def test_what_only_looks_like_one_is_taken(self, load_text, text):
        assert load_text(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET=text).accounts

    @pytest.mark.parametrize(
        "text", [" canary", "canary ", "canary\n", "can\u200bary", "\ufeffcanary", "can ary", "canary\xa0"]
    )
    def test_white_space_in_a_secret_is_refused(self, fail, text):
        (line,) = fail(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET=text)
        assert line == (
            f"DEMO_APP_SECRET: holds white space or an invisible character (copied along?); remove it {SECRET}"
        )

    def test_white_space_around_an_id_is_refused(self, fail):
        (line,) = fail("channels: {demo: {app_id: 'd_1 ', app_secret: sss1}}")
        assert "channels.demo.app_id: has white space or an invisible character around it" in line


def test_a_validator_that_quotes_a_secret_is_silenced(fail):
    assert fail(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET="canary-careless") == [
        f"DEMO_APP_SECRET: the secret *** is careless, found text {SECRET}"
    ]


@pytest.mark.parametrize("case", FILES)
def test_no_secret_is_shown_whatever_else_is_wrong(tmp_path, types, case):
    """Every case again, with secrets in all the places where they are right."""
    text, _ = FILES[case]
    data = text if isinstance(text, bytes) else text.encode()
    data = data.replace(b"sss1", b"canary-1")
    path = tmp_path / "imbridge.yaml"
    path.write_bytes(data)
    environ = {"NOPE": "", "DEMO_TOKEN": "canary 2", "PLAIN_ENABLED": "true"}
    with pytest.raises(ConfigError) as caught:
        load(path, environ=environ, types=types)
    error = caught.value
    assert "canary" not in f"{error} {error!r} {error.key} {error.where} {error.__cause__!r}"


@pytest.mark.parametrize(
    "settings",
    ["app_secret: canary-1", "app_id: [canary-1]\n    app_secret: canary-1",
     "appSecret: canary-1\n    app_secert: canary-1",
     "app_id: cli_1\n    app_secret: canary-1\n    mode: webhoook", "app_secret: [canary-1]", "app_secret: canary 1",
     "app_id: cli_1\n    app_secret: canary-1\n    base_url: http://u:canary-1@host",
     "app_secret: |\n      canary-1\n"],
)  # fmt: skip
def test_no_secret_of_a_real_platform_is_shown(tmp_path, settings):
    path = tmp_path / "imbridge.yaml"
    path.write_text(f"channels:\n  feishu:\n    {settings}\n")
    with pytest.raises(ConfigError) as caught:
        load(path, environ={}, types={"feishu": FeishuConfig})
    assert "canary" not in f"{caught.value} {caught.value!r}"
