"""All settings together."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from imbridge.config.account import AccountConfig
from imbridge.config.options import BridgeOptions
from imbridge.config.schedule import ScheduleSpec
from imbridge.config.skill import SkillSpec
from imbridge.config.storage import StorageSpec, in_a_file


class Settings(BaseModel):
    """What `load` makes of a file and the environment.

    Attributes:
        accounts: The accounts that are enabled, in the order of the file; then those that only the environment names.
        skills: The skills to run.
        permissions: Who may trigger what, as written (variables expanded); policy gives it its meaning.
        bridge: How the bridge works.
        schedule: What is said at which times.
        storage: Where messages are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    accounts: tuple[AccountConfig, ...] = ()
    skills: tuple[SkillSpec, ...] = ()
    permissions: Mapping[str, Any] = Field(default_factory=dict)
    bridge: BridgeOptions = Field(default_factory=BridgeOptions)
    schedule: tuple[ScheduleSpec, ...] = ()
    storage: StorageSpec = Field(default_factory=in_a_file)
