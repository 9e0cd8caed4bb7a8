"""What is read, from where, and which place wins."""

import json
import logging
from pathlib import Path

import pytest

from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.config import DirectPolicy, Language, LogFormat, LogLevel, SkillSource, load
from imbridge.protocol import ConfigError
from imbridge.skills.loading import load_spec


def secret(account):
    return account.app_secret.get_secret_value()


def test_several_accounts_keep_the_order_of_the_file(load_text):
    settings = load_text("""
channels:
  demo:
    accounts:
      work: {app_id: d_1, app_secret: sss1}
      home: {appId: d_2, appSecret: sss2}
""")
    assert [account.key for account in settings.accounts] == ["demo:work", "demo:home"]
    assert [(account.app_id, secret(account)) for account in settings.accounts] == [("d_1", "sss1"), ("d_2", "sss2")]


def test_a_platform_without_accounts_is_one_account_named_default(load_text):
    (account,) = load_text("channels: {demo: {app_id: d_1, app_secret: sss1}}").accounts
    assert account.key == "demo:default"


def test_the_only_account_may_have_a_name(load_text):
    (account,) = load_text("channels: {demo: {name: work, app_id: d_1, app_secret: sss1}}").accounts
    assert account.key == "demo:work"


def test_what_stands_beside_accounts_holds_for_all_of_them_and_an_account_wins(load_text):
    one, two = load_text("""
channels:
  demo:
    port: 7
    dmPolicy: allowlist
    allowFrom: [u_1]
    accounts:
      one: {app_id: d_1, app_secret: sss1}
      two: {app_id: d_2, app_secret: sss2, port: 8}
""").accounts
    assert (one.port, two.port) == (7, 8)
    assert one.dm_policy is two.dm_policy is DirectPolicy.ALLOWLIST
    assert one.allow_from == two.allow_from == ("u_1",)


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_with_any_indentation_is_read(load_text, indent):
    channels = {"demo": {"enabled": True, "appId": "d_1", "appSecret": "s\U0001f600s", "dmPolicy": "open"}}
    (account,) = load_text(json.dumps({"channels": channels}, indent=indent)).accounts
    assert (account.app_id, secret(account)) == ("d_1", "s\U0001f600s")


def test_a_disabled_account_is_left_out_and_need_not_be_complete(load_text):
    settings = load_text("""
channels:
  demo:
    accounts:
      on: {app_id: d_1, app_secret: sss1}
      off: {enabled: false, app_id: d_xxx, app_secret: "${NOT_SET}"}
""")
    assert [account.name for account in settings.accounts] == ["on"]


def test_numbers_mean_the_text_they_are_written_with_where_text_is_expected(load_text):
    (account,) = load_text(
        "channels: {demo: {app_id: 0123, app_secret: 1e10, tags: [0o17, 1_000, 2024-01-01]}}"
    ).accounts
    assert (account.app_id, secret(account), account.tags) == ("0123", "1e10", ("0o17", "1_000", "2024-01-01"))


def test_words_that_yaml_takes_for_something_else_may_name_an_account(load_text):
    settings = load_text("channels: {plain: {accounts: {no: , 123: {}, yes: null}}}")
    assert [account.name for account in settings.accounts] == ["no", "123", "yes"]


def test_anchors_and_merge_keys_work(load_text):
    one, two = load_text("""
channels:
  demo:
    accounts:
      one: &one {app_id: d_1, app_secret: sss1, port: 5}
      two: {<<: *one, app_id: d_2}
""").accounts
    assert (one.app_id, one.port) == ("d_1", 5)
    assert (two.app_id, two.port, secret(two)) == ("d_2", 5, "sss1")


def test_a_byte_order_mark_does_not_matter(load_text):
    assert load_text(b"\xef\xbb\xbfchannels: {plain: }").accounts[0].key == "plain:default"


class TestEnvironment:
    def test_alone_makes_an_account(self, load_text):
        settings = load_text(
            None, DEMO_APP_ID="d_1", DEMO_APP_SECRET="sss1", DEMO_PORT="7", DEMO_TAGS="a, b", DEMO_DM_POLICY="allowlist"
        )
        (account,) = settings.accounts
        assert account.key == "demo:default"
        assert (account.app_id, secret(account), account.port, account.tags) == ("d_1", "sss1", 7, ("a", "b"))
        assert account.dm_policy is DirectPolicy.ALLOWLIST

    def test_can_switch_an_account_off(self, load_text):
        file = "channels: {plain: }"
        settings = load_text(file, DEMO_APP_ID="d_1", DEMO_APP_SECRET="sss1", DEMO_ENABLED="false")
        assert [account.platform for account in settings.accounts] == ["plain"]

    def test_adds_a_platform_that_the_file_does_not_name(self, load_text):
        settings = load_text("channels: {plain: }", DEMO_APP_ID="d_1", DEMO_APP_SECRET="sss1")
        assert [account.key for account in settings.accounts] == ["plain:default", "demo:default"]

    @pytest.mark.parametrize("name", ["default", "work"])
    def test_fills_what_the_only_account_of_the_file_leaves_out_and_the_file_wins(self, load_text, name):
        file = f"channels: {{demo: {{accounts: {{{name}: {{app_id: d_file, port: }}}}}}}}"
        (account,) = load_text(file, DEMO_APP_ID="d_env", DEMO_APP_SECRET="sss1", DEMO_PORT="9").accounts
        assert (account.name, account.app_id, secret(account), account.port) == (name, "d_file", "sss1", 9)

    def test_fills_the_account_named_default_among_several(self, load_text):
        file = "channels: {demo: {accounts: {work: {app_id: d_1, app_secret: sss1}, default: {app_id: d_2}}}}"
        work, default = load_text(file, DEMO_APP_SECRET="sss2", DEMO_PORT="9").accounts
        assert (secret(work), work.port) == ("sss1", 1)
        assert (secret(default), default.port) == ("sss2", 9)

    def test_warns_when_several_accounts_leave_a_variable_unused(self, load_text, caplog):
        file = "channels: {demo: {accounts: {a: {app_id: d_1, app_secret: sss1}, b: {app_id: d_2, app_secret: sss2}}}}"
        with caplog.at_level(logging.WARNING):
            load_text(file, DEMO_APP_SECRET="canary-value")
        assert "DEMO_APP_SECRET" in caplog.text
        assert "canary-value" not in caplog.text

    def test_an_empty_variable_counts_as_unset(self, load_text):
        (account,) = load_text(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET="sss1", DEMO_PORT="", DEMO_URL="").accounts
        assert (account.port, account.url) == (1, None)

    def test_the_name_of_an_account_is_not_taken_from_it(self, load_text):
        (account,) = load_text(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET="sss1", DEMO_NAME="other").accounts
        assert account.name == "default"

    def test_sets_the_options_of_the_bridge(self, load_text):
        bridge = load_text("channels: {plain: }\nbridge: {lane_length: 3}", IMBRIDGE_LOG_LEVEL="DEBUG",
                           IMBRIDGE_LANE_LENGTH="4").bridge  # fmt: skip
        assert (bridge.log_level, bridge.lane_length) == (LogLevel.DEBUG, 3)


class TestExpansion:
    def test_of_variables_and_defaults(self, load_text):
        (account,) = load_text(
            "channels: {demo: {app_id: 'd_${ID}', app_secret: '${SECRET}', port: '${PORT:-8}', url: '${URL:-}'}}",
            ID="1", SECRET="sss${ID}s", PORT="",
        ).accounts  # fmt: skip
        assert (account.app_id, account.port, account.url) == ("d_1", 8, None)
        # what a variable holds is not expanded again
        assert secret(account) == "sss${ID}s"

    def test_two_dollars_mean_the_text_itself(self, load_text):
        settings = load_text("channels: {plain: }\npermissions: {note: 'a $${HOME} $5 $HOME'}", HOME="x")
        assert settings.permissions == {"note": "a ${HOME} $5 $HOME"}

    def test_reaches_skills_permissions_and_options(self, load_text):
        settings = load_text(
            """
channels: {plain: }
skills: [{use: "${S}", options: {key: "${K}", list: [1, "${K}"]}}]
permissions: {groups: ["${K}"]}
bridge: {language: "${L}"}
""",
            S="echo", K="kkk", L="zh",
        )  # fmt: skip
        assert settings.skills[0].target == "echo"
        assert settings.skills[0].options == {"key": "kkk", "list": [1, "kkk"]}
        assert settings.permissions == {"groups": ["kkk"]}
        assert settings.bridge.language is Language.CHINESE


class TestSecretFile:
    @pytest.mark.parametrize("key", ["app_secret_file", "appSecretFile"])
    def test_beside_the_settings_file(self, tmp_path, key):
        (tmp_path / "conf").mkdir()
        (tmp_path / "conf" / "secret").write_text("sss1\n")
        path = tmp_path / "conf" / "im.yaml"
        path.write_text(f"channels: {{feishu: {{app_id: cli_1, {key}: secret}}}}")
        (account,) = load(path, environ={}, types={"feishu": FeishuConfig}).accounts
        assert account.app_secret.get_secret_value() == "sss1"

    def test_named_by_a_variable(self, load_text):
        Path("secret").write_text("sss1")
        (account,) = load_text(None, DEMO_APP_ID="d_1", DEMO_APP_SECRET_FILE="secret").accounts
        assert secret(account) == "sss1"

    def test_of_an_account_wins_over_the_secret_of_its_platform(self, load_text):
        Path("secret").write_text("own-one")
        text = "channels: {demo: {app_id: d_1, app_secret: shared, accounts: {a: {app_secret_file: secret}, b: }}}"
        assert [secret(account) for account in load_text(text).accounts] == ["own-one", "shared"]


def test_skills_are_told_apart_and_files_are_relative_to_the_settings(tmp_path, types):
    (tmp_path / "weather.py").touch()
    path = tmp_path / "imbridge.yaml"
    path.write_text(
        "channels: {plain: }\nskills:\n- echo\n- weather.py\n- bots.weather:Weather\n- use: help\n  options: {x: 1}\n"
    )
    skills = load(path, environ={}, types=types).skills
    assert [(skill.source, skill.target) for skill in skills] == [
        (SkillSource.BUILTIN, "echo"),
        (SkillSource.FILE, str(tmp_path / "weather.py")),
        (SkillSource.REFERENCE, "bots.weather:Weather"),
        (SkillSource.BUILTIN, "help"),
    ]
    assert skills[3].options == {"x": 1}
    assert skills[3].where == f"{path}:6"


@pytest.mark.parametrize("key", ["on_overlap", "onOverlap"])
def test_what_a_named_skill_does_when_messages_overlap(load_text, key):
    spec = load_text(f"channels: {{plain: }}\nskills: [{{use: echo, {key}: Interrupt}}, help]").skills
    assert [one.on_overlap for one in spec] == ["interrupt", None]
    (skill,) = load_spec(spec[0])
    assert skill.on_overlap == "interrupt"
    assert load_spec(spec[1])[0].on_overlap == "queue"


def test_how_long_a_named_skill_waits_for_more(load_text):
    spec = load_text(
        "channels: {plain: }\nskills: [{use: echo, debounce: 1.5}, {use: help, debounce: '${N:-0}'}]"
    ).skills
    assert [load_spec(one)[0].debounce for one in spec] == [1.5, 0.0]
    for odd in ("-1", "many", "61", "[1]"):
        with pytest.raises(ConfigError, match=r"debounce.*expected seconds from 0 to 60"):
            load_text(f"channels: {{plain: }}\nskills: [{{use: echo, debounce: {odd}}}]")
    with pytest.raises(ConfigError, match=r"keep one of them"):
        load_text("channels: {plain: }\nskills: [{use: echo, on_overlap: queue, onOverlap: queue}]")


def test_a_wrong_word_for_overlap_is_told_with_its_line(load_text):
    with pytest.raises(ConfigError, match=r"on_overlap.*expected queue, latest, interrupt"):
        load_text("channels: {plain: }\nskills: [{use: echo, on_overlap: newest}]")


def test_options_of_the_bridge_in_both_spellings(load_text):
    bridge = load_text("channels: {plain: }\nbridge: {commandPrefix: '!', stale_after: 60, logFormat: JSON}").bridge
    assert (bridge.command_prefix, bridge.stale_after, bridge.log_format) == ("!", 60.0, LogFormat.JSON)


def test_no_secret_in_a_repr(load_text):
    settings = load_text(
        "channels: {demo: {app_id: d_1, app_secret: canary1}}\nskills: [{use: echo, options: {key: canary2}}]"
    )
    assert "canary" not in repr(settings)
    assert "d_1" in repr(settings)


def test_settings_cannot_be_changed(load_text):
    settings = load_text("channels: {plain: }")
    with pytest.raises(ValueError, match="frozen"):
        settings.accounts = ()


def test_groups_that_are_the_same_and_what_bots_are_called(load_text):
    settings = load_text(
        """
channels: {plain: {aliases: ["@Helper", 助手]}}
bridge: {same_chats: [[plain:a/group/1, plain:b/group/2], plain:a/group/3 plain:b/group/4]}
"""
    )
    assert settings.accounts[0].aliases == ("Helper", "助手")
    assert settings.bridge.same_chats == (
        ("plain:a/group/1", "plain:b/group/2"),
        ("plain:a/group/3", "plain:b/group/4"),
    )


def test_groups_that_are_the_same_in_a_variable(load_text):
    settings = load_text("channels: {plain: }", IMBRIDGE_SAME_CHATS="p:a/group/1 p:b/group/2, p:a/group/3 p:b/group/4")
    assert settings.bridge.same_chats == (("p:a/group/1", "p:b/group/2"), ("p:a/group/3", "p:b/group/4"))


def test_an_alias_that_says_nothing(load_text):
    with pytest.raises(ConfigError, match="alias"):
        load_text('channels: {plain: {aliases: ["@"]}}')
