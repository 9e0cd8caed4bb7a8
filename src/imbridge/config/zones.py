"""Time zones by their names."""

from zoneinfo import ZoneInfo

DEFAULT_ZONE = "Asia/Shanghai"


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):  # ZoneInfo raises any of them for what is no name of a zone
        raise ValueError(
            f"there is no time zone {name!r}; write one such as Asia/Shanghai "
            "(on a system without any: pip install tzdata)"
        ) from None
