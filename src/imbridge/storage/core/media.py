"""What the media cache writes whatever the database is."""

from typing import Any

from imbridge.storage import json_values
from imbridge.storage.core.ids import digest, plain
from imbridge.storage.core.work import Row


def media_id(account: str, kind: str, content: str) -> str:
    """The id of an upload's row."""
    return digest("media", account, kind, content)


def media_row(account: str, kind: str, content: str, value: Any) -> Row:
    """All of it but its end."""
    return {
        "id": media_id(account, kind, content),
        "account": plain(account, 255),
        "kind": plain(kind, 255),
        "content": plain(content, 255),
        "value": json_values.written(value).decode(),
    }
