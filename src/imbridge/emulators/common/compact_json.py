"""JSON text as the emulators write it."""

import json
from typing import Any

# One encoder for all: `json.dumps` with options builds one per call, which doubles the time.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def dump(value: Any) -> str:
    """Compact JSON with characters as they are."""
    return _encode(value)
