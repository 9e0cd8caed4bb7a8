"""Names that a platform's own documents use, a section of its own, and variables that stand for several accounts."""

from collections.abc import Collection, Mapping
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr

from imbridge.config import AccountConfig


class OtherConfig(AccountConfig):
    """A platform with a field that others call otherwise, and with two sorts of account."""

    platform: ClassVar[str] = "other"
    env_prefix: ClassVar[str] = "OTHER_"
    also_written: ClassVar[Mapping[str, str]] = {"cipher_key": "key_", "cipherKey": "key_", "number": "agent"}
    also_section: ClassVar[str] = "other_enterprise"

    id_: str = Field(default="")
    key_: SecretStr | None = None
    agent: int = 0
    hook: str = ""

    @classmethod
    def needs(cls, given: Mapping[str, object]) -> tuple[str, ...]:
        """One of the two."""
        return ("hook",) if "hook" in given and "id_" not in given else ("id_",)

    @classmethod
    def accounts_among(cls, given: Collection[str]) -> Mapping[str, Collection[str]]:
        """The hook is an account of its own."""
        if not {"id_", "hook"} <= set(given):
            return {"default": given}
        return {"default": [one for one in given if one != "hook"], "hook": ["hook", "enabled"]}


@pytest.fixture
def types() -> Mapping[str, type[AccountConfig]]:
    return {"other": OtherConfig}


class TestNames:
    @pytest.mark.parametrize("name", ["key_", "cipher_key", "cipherKey"])
    def test_in_a_file(self, load_text, types, name):
        (account,) = load_text(f"channels: {{other: {{id_: x, {name}: abc, number: 7}}}}", types).accounts
        assert (account.key_.get_secret_value(), account.agent) == ("abc", 7)

    @pytest.mark.parametrize("name", ["cipher_key_file", "cipherKeyFile", "key__file"])
    def test_of_a_file_with_the_secret(self, load_text, types, tmp_path, name):
        (tmp_path / "key").write_text("abc\n")
        (account,) = load_text(f"channels: {{other: {{id_: x, {name}: key}}}}", types).accounts
        assert account.key_.get_secret_value() == "abc"

    def test_both_is_one_too_many(self, fail, types):
        (line,) = fail("channels:\n  other:\n    id_: x\n    key_: a\n    cipher_key: b", types=types)
        assert line == (
            "imbridge.yaml:5: channels.other.cipher_key: means the same as channels.other.key_ at imbridge.yaml:4; "
            "keep one of them"
        )

    def test_a_misspelt_one_is_found(self, fail, types):
        (line,) = fail("channels: {other: {id_: x, cipher_kei: b}}", types=types)
        assert "did you mean 'cipher_key'?" in line

    @pytest.mark.parametrize("variable", ["OTHER_KEY_", "OTHER_CIPHER_KEY"])
    def test_in_variables(self, load_text, types, variable):
        (account,) = load_text(None, types, OTHER_ID_="x", OTHER_NUMBER="7", **{variable: "abc"}).accounts
        assert (account.key_.get_secret_value(), account.agent) == ("abc", 7)

    def test_in_a_variable_that_names_a_file(self, load_text, types, tmp_path):
        (tmp_path / "key").write_text("abc")
        (account,) = load_text(None, types, OTHER_ID_="x", OTHER_CIPHER_KEY_FILE=str(tmp_path / "key")).accounts
        assert account.key_.get_secret_value() == "abc"

    def test_the_fields_own_name_wins(self, load_text, types):
        (account,) = load_text(None, types, OTHER_ID_="x", OTHER_KEY_="mine", OTHER_CIPHER_KEY="theirs").accounts
        assert account.key_.get_secret_value() == "mine"

    def test_an_error_names_what_was_written(self, fail, types):
        (line,) = fail("channels: {other: {id_: x, number: many}}", types=types)
        assert line.startswith("imbridge.yaml:1: channels.other.number: expected a whole number")


class TestSection:
    def test_stands_for_the_platform(self, load_text, types):
        (account,) = load_text("other_enterprise:\n  id_: x\n  cipher_key: abc", types).accounts
        assert (account.key, account.id_) == ("other:default", "x")

    def test_beside_other_channels(self, load_text, types):
        text = "other_enterprise: {id_: x}\nchannels:\n  plain: {}"
        plain = type("PlainConfig", (AccountConfig,), {"platform": "plain"})
        accounts = load_text(text, {**types, "plain": plain}).accounts
        assert sorted(account.key for account in accounts) == ["other:default", "plain:default"]

    def test_errors_point_to_it(self, fail, types):
        (line,) = fail("other_enterprise:\n  id_: x\n  nonsense: 1", types=types)
        assert line.startswith("imbridge.yaml:3: other_enterprise.nonsense: unknown key")

    def test_with_several_accounts(self, load_text, types):
        text = "other_enterprise: {accounts: {a: {id_: x}, b: {id_: y}}}"
        assert [account.key for account in load_text(text, types).accounts] == ["other:a", "other:b"]

    def test_both_is_one_too_many(self, fail, types):
        (line,) = fail("channels:\n  other: {id_: x}\nother_enterprise: {id_: y}", types=types)
        assert line == (
            "imbridge.yaml:3: other_enterprise: means the same as channels.other at imbridge.yaml:2; keep one of them"
        )

    def test_of_a_platform_that_is_not_installed(self, fail):
        (line, *_) = fail("other_enterprise: {id_: y}")
        assert "other_enterprise: unknown key" in line

    def test_a_misspelt_one_is_found(self, fail, types):
        (line, *_) = fail("other_enterprize: {id_: y}", types=types)
        assert "did you mean 'other_enterprise'?" in line

    def test_variables_fill_it(self, load_text, types):
        (account,) = load_text("other_enterprise: {id_: x}", types, OTHER_CIPHER_KEY="abc").accounts
        assert account.key_.get_secret_value() == "abc"

    def test_channels_that_are_no_mapping_are_told_once(self, fail, types):
        lines = fail("channels: nothing\nother_enterprise: {id_: x}", types=types)
        assert lines == ["imbridge.yaml:1: channels: expected a mapping of platforms, found text"]


class TestSeveralAccounts:
    def test_of_the_environment(self, load_text, types):
        one, two = load_text(None, types, OTHER_ID_="x", OTHER_HOOK="h", OTHER_AGENT="7").accounts
        assert (one.key, one.id_, one.hook, one.agent) == ("other:default", "x", "", 7)
        assert (two.key, two.id_, two.hook, two.agent) == ("other:hook", "", "h", 0)

    def test_switched_off_together(self, load_text, types):
        plain = type("PlainConfig", (AccountConfig,), {"platform": "plain"})
        text = "channels: {plain: {}}"
        found = load_text(
            text, {**types, "plain": plain}, OTHER_ID_="x", OTHER_HOOK="h", OTHER_ENABLED="false"
        ).accounts
        assert [account.key for account in found] == ["plain:default"]
