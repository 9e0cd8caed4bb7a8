"""What a file is called in the headers of the answer that it comes in."""

import re
from urllib.parse import unquote

_CODED = re.compile(r"filename\*=(?:UTF-8'[^']{0,20}')?([^;\s\"]{1,1000})", re.IGNORECASE)
_PLAIN = re.compile(r'filename=(?:"([^"]{1,1000})"|([^;"\s]{1,1000}))', re.IGNORECASE)


def named(disposition: str) -> str:
    """The file's name in a `Content-Disposition`; empty when there is none. It is the sender's: not safe as a path."""
    if (coded := _CODED.search(disposition)) is not None:
        return unquote(coded[1])
    plain = _PLAIN.search(disposition)
    return "" if plain is None else plain[1] or plain[2]
