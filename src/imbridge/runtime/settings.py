"""From settings to a bridge: accounts, skills and permissions as a file or the environment has them."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imbridge.runtime.registry import config_types
from imbridge.skills import BaseSkill

if TYPE_CHECKING:
    from imbridge.runtime.bridge import Bridge


def bridge_from(
    path: Path | None, *, skills: Iterable[BaseSkill] = (), environ: Mapping[str, str] | None = None
) -> "Bridge":
    """Make a bridge.

    Args:
        path: The YAML file; None takes the environment alone.
        skills: On top of those that the file names.
        environ: The environment; the process's own when left out.

    Raises:
        ConfigError: a setting is missing or wrong.
        SkillError: a skill that the file names cannot be loaded.
    """
    from imbridge.config.load import load
    from imbridge.runtime.bridge import Bridge
    from imbridge.skills.loading import load_spec
    from imbridge.storage.making import make_storage

    settings = load(path, environ=os.environ if environ is None else environ, types=config_types())
    loaded = [skill for spec in settings.skills for skill in load_spec(spec)]
    bridge = Bridge(
        settings.accounts,
        skills=[*loaded, *skills],
        options=settings.bridge,
        permissions=settings.permissions,
        storage=make_storage(settings.storage),
    )
    for spec in settings.schedule:
        bridge.declare_schedule(spec)
    return bridge
