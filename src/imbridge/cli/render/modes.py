"""Which platforms and sorts of accounts there are."""

from dataclasses import dataclass

import click

from imbridge.adapters.base import Adapter
from imbridge.config.problems import did_you_mean
from imbridge.protocol import ConfigError
from imbridge.runtime.registry import adapter_type, platforms


@dataclass(frozen=True, slots=True)
class Chosen:
    """One sort of account.

    Attributes:
        platform: Its platform.
        mode: Its name.
        adapter: The platform's adapter; None where it cannot be loaded.
        why: Why it cannot, and what to install.
    """

    platform: str
    mode: str = ""
    adapter: type[Adapter] | None = None
    why: str = ""


def sorts(platform: str | None, mode: str | None) -> list[Chosen]:
    """All sorts of accounts, or those of one platform, or one.

    Raises:
        UsageError: there is no such platform, or mode.
        ConfigError: the one platform that is asked for cannot be loaded.
    """
    if platform is None:
        return [one for name in platforms() for one in _of(name, strict=False)]
    if platform not in platforms():
        near = did_you_mean(platform, platforms())
        raise click.UsageError(f"there is no platform {platform!r}{near}; there are {', '.join(platforms())}")
    found = _of(platform, strict=True)
    if mode is None:
        return found
    named = [one for one in found if one.mode == mode]
    if not named:
        modes = [one.mode for one in found]
        raise click.UsageError(f"{platform} has no mode {mode!r}{did_you_mean(mode, modes)}; it has {', '.join(modes)}")
    return named


def _of(platform: str, *, strict: bool) -> list[Chosen]:
    try:
        made = adapter_type(platform)
    except ConfigError as error:
        if strict:
            raise
        return [Chosen(platform, why=str(error))]
    return [Chosen(platform, mode, made) for mode in made.modes]
