"""Where a storage is when nobody says so."""

from pathlib import Path


def default_path() -> Path:
    """`imbridge.db` in the user's data directory, as the system has it (XDG, macOS, Windows). Nothing is made."""
    from platformdirs import user_data_path

    return user_data_path("imbridge", appauthor=False) / "imbridge.db"
