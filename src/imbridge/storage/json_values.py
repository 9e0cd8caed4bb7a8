"""JSON of any text that people write: also halves of surrogate pairs, which the quick writer and reader refuse."""

import json
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json


def written(value: Any) -> bytes:
    """A JSON value as bytes.

    Raises:
        ValueError: it is none.
    """
    try:
        return to_json(value)
    except PydanticSerializationError as refused:
        try:
            return json.dumps(value).encode()
        except TypeError:
            raise refused from None


def read(data: bytes | str) -> Any:
    """What `written` wrote.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return from_json(data)
    except ValueError:
        return json.loads(data)
