"""The settings every account has, whatever its platform."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

_NAME = re.compile(r"[^/:#\s]+")
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class DirectPolicy(StrEnum):
    """Who may talk to the bot in a private chat."""

    OPEN = "open"
    ALLOWLIST = "allowlist"


class AccountConfig(BaseModel):
    """One bot identity on a platform.

    Adapters derive from it and add their platform's settings. A field may be written in `snake_case` or `camelCase`.
    A field's `description` says where in the platform's console its value is found: configuration errors quote it.

    Attributes:
        name: The account's name in addresses, logs and metrics (`feishu:work`).
        enabled: False leaves the account out.
        dm_policy: `open`: anyone may write in private; `allowlist`: only those in `allow_from`.
        allow_from: Ids of the people who may write in private under `allowlist`.
        aliases: Names, without `@`, by which other bots of the bridge call this one, besides the platform's own.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel, populate_by_name=True
    )

    platform: ClassVar[str] = ""
    env_prefix: ClassVar[str] = ""
    """Environment variables are this plus the field's name in capitals: `FEISHU_` + `APP_ID`."""
    also_written: ClassVar[Mapping[str, str]] = {}
    """Other names of fields, as the platform's own documents write them, in files and, in capitals, in variables."""
    also_section: ClassVar[str] = ""
    """A key at the top of a file that means the same as the platform's under `channels`."""

    name: str = "default"
    enabled: bool = True
    dm_policy: DirectPolicy = DirectPolicy.OPEN
    allow_from: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if _NAME.fullmatch(value) is None:
            raise ValueError("an account's name cannot be empty or hold / : # or white space")
        return value

    @field_validator("aliases")
    @classmethod
    def _without_at(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.strip().lstrip("@\uff20").strip() for name in value)
        if not all(names):
            raise ValueError("an alias cannot be empty")
        return names

    @classmethod
    def needs(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields that an account of this sort cannot do without.

        Those without a default. A platform whose modes need different ones overrides this, and gives such fields a
        default that its validators refuse where they are needed.

        Args:
            given: What is set so far, by field, as it is written.
        """
        return tuple(field for field, info in cls.model_fields.items() if info.is_required())

    @staticmethod
    def set_fields(given: Mapping[str, Any]) -> dict[str, Any]:
        """What is set of unread settings, in either way of writing: by the fields' names, without what is empty."""
        return {
            _INNER_CAPITAL.sub("_", str(name)).lower(): value
            for name, value in given.items()
            if value not in (None, "")
        }

    @classmethod
    def check_there(cls, value: Any, info: ValidationInfo) -> Any:
        """For a field that some modes need: what is empty is missing there, and elsewhere as if it were left out.

        Raises:
            ValueError: it is needed, and empty.
        """
        name = str(info.field_name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text and name in cls.needs({"mode": str(info.data.get("mode", ""))}):
            raise ValueError(f"missing ({cls.model_fields[name].description})")
        return None if not text and cls.model_fields[name].default is None else value

    @classmethod
    def accounts_among(cls, given: Collection[str]) -> Mapping[str, Collection[str]]:
        """The accounts that variables stand for, when no file names the platform: their fields by the account's name.

        One account, `default`. A platform whose modes can be told apart by their fields overrides this.

        Args:
            given: The fields that are set.
        """
        return {"default": given}

    @property
    def bot(self) -> str:
        """What tells this bot from others on its platform (an app's id); empty when nothing needs to."""
        return ""

    @property
    def key(self) -> str:
        """`platform:name`."""
        return f"{self.platform}:{self.name}"
