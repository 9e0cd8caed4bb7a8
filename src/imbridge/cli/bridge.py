"""From arguments to a bridge. Importing this file loads the runtime: commands do it when they run."""

from collections.abc import Iterable
from pathlib import Path

from imbridge.config import Settings, load
from imbridge.runtime import Bridge
from imbridge.runtime.registry import config_types
from imbridge.skills import BaseSkill
from imbridge.storage import MemoryStorage


def load_settings(path: Path | None, environ: dict[str, str]) -> Settings:
    """The settings alone; no skill is imported.

    Raises:
        ConfigError: A setting is missing or wrong.
    """
    return load(path, environ=environ, types=config_types())


def check_settings(settings: Settings) -> None:
    """Look at what only the runtime knows the meaning of: permissions and adapters. Nothing is connected.

    Raises:
        ConfigError: A bridge cannot be made of them.
    """
    bridge = Bridge(
        settings.accounts, options=settings.bridge, permissions=settings.permissions, storage=MemoryStorage()
    )
    for spec in settings.schedule:
        bridge.declare_schedule(spec)


def load_bridge(path: Path | None, skills: Iterable[BaseSkill] = ()) -> Bridge:
    """A bridge from a file, or from the environment alone.

    Raises:
        ConfigError: A setting is missing or wrong.
        SkillError: A skill cannot be loaded.
    """
    return Bridge.from_env(skills=skills) if path is None else Bridge.from_config(path, skills=skills)
