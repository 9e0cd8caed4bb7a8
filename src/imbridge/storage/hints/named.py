"""From what somebody names to hints."""

from pydantic import SecretStr

from imbridge.protocol import ConfigError
from imbridge.storage.hints.base import BaseHints

NONE = "none"


def named(hints: BaseHints | SecretStr | str | None) -> BaseHints | None:
    """The hints that are meant by a URL of Redis, or by `none`.

    Raises:
        ConfigError: it is none of these; the message does not repeat it, for it may hold a password.
    """
    if isinstance(hints, BaseHints) or hints is None:
        return hints
    text = hints.get_secret_value() if isinstance(hints, SecretStr) else hints
    if text == NONE:
        return None
    try:
        from imbridge.storage.hints.redis import RedisHints
    except ImportError as error:
        raise ConfigError(
            f"storage: hints: {error.name} is missing for Redis; pip install 'imbridge[redis]'", key="storage"
        ) from error
    return RedisHints(text)
