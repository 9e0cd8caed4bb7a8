"""Which adapters there are: our own and those of installed packages, by entry point."""

from importlib.metadata import EntryPoint, entry_points

from imbridge.adapters.base import Adapter
from imbridge.config import AccountConfig
from imbridge.protocol import ConfigError

GROUP = "imbridge.adapters"


def platforms() -> tuple[str, ...]:
    """Names of all platforms that an adapter is installed for; none is imported."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def adapter_type(platform: str) -> type[Adapter]:
    """The adapter of a platform.

    Raises:
        ConfigError: there is none, or its packages are not installed; the message says what to install.
    """
    entry = _entry(platform)
    try:
        loaded = entry.load()
    except ImportError as error:
        raise ConfigError(
            f"{platform}: its adapter cannot be loaded ({error}); install it: pip install 'imbridge[{platform}]'",
            key=f"channels.{platform}",
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Adapter)):
        raise ConfigError(f"{platform}: {entry.value} is no Adapter class", key=f"channels.{platform}")
    return loaded


def config_types() -> dict[str, type[AccountConfig]]:
    """The settings class of every platform whose adapter can be loaded."""
    types: dict[str, type[AccountConfig]] = {}
    for platform in platforms():
        try:
            types[platform] = adapter_type(platform).config_type
        except ConfigError:
            continue  # reported when somebody configures this platform: it is then an unknown one
    return types


def _entry(platform: str) -> EntryPoint:
    for entry in entry_points(group=GROUP):
        if entry.name == platform:
            return entry
    known = ", ".join(platforms()) or "none"
    raise ConfigError(f"there is no adapter for {platform!r}; installed: {known}", key=f"channels.{platform}")
