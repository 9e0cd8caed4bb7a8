"""From arguments to a bridge. Importing this file loads the runtime: commands do it when they run."""

import sys
from collections.abc import Iterable
from pathlib import Path

from imbridge.config import Settings, SkillSpec, load
from imbridge.protocol import SkillError
from imbridge.runtime import Bridge
from imbridge.runtime.registry import config_types
from imbridge.skills import BaseSkill


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
    Bridge(settings.accounts, options=settings.bridge, permissions=settings.permissions)


def load_bridge(path: Path | None, skills: Iterable[BaseSkill] = ()) -> Bridge:
    """A bridge from a file, or from the environment alone.

    Raises:
        ConfigError: A setting is missing or wrong.
        SkillError: A skill cannot be loaded.
    """
    return Bridge.from_env(skills=skills) if path is None else Bridge.from_config(path, skills=skills)


def find_modules_here() -> None:
    """Let `module:Class` name a module in the working directory, as `python -m` does and a console script does not."""
    here = str(Path.cwd())
    if not {"", here} & set(sys.path):
        sys.path.insert(0, here)


def load_skill(name: str) -> list[BaseSkill]:
    """The skills that a name on the command line stands for.

    Raises:
        SkillError: It is not the name of a skill, or the skill cannot be loaded.
    """
    from imbridge.skills.loading import load_spec

    try:
        spec = SkillSpec.parse(name)
    except ValueError as error:
        raise SkillError(str(error)) from None
    return list(load_spec(spec))
