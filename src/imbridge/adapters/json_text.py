"""A platform's JSON, in which half of a surrogate pair may stand: texts that were cut in the middle of an emoji."""

import re
from typing import Any

from pydantic_core import from_json

_ESCAPE = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def read_json(text: str | bytes) -> Any:
    """What a JSON text says; half of a pair is U+FFFD, for it is no character, and the rest must not be lost for it.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        whole = text if isinstance(text, str) else text.decode()
        mended = _ESCAPE.sub(lambda found: r"\ufffd" if found["half"] else found[0], whole)
        if mended == whole:
            raise
        return from_json(mended, allow_inf_nan=False)
