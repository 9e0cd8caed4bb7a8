"""What fetching a received file into an open one needs on any platform."""

from typing import BinaryIO

from imbridge.adapters.uploads import HEAD
from imbridge.transport import HttpError


def why_not(error: HttpError, limit: int) -> str:
    """Why a download failed, without its address: path and query are a credential.

    Args:
        error: What `HttpPool.stream_to` raised.
        limit: Bytes that were allowed.
    """
    if error.status is None:
        return "the download broke off" if error.ambiguous else "the download could not begin"
    if 200 <= error.status < 300:  # an answer like this is refused for its length alone
        return f"it is too long: more than {limit} bytes (download_limit)"
    return f"the download failed with HTTP {error.status}"


def empty(file: BinaryIO) -> None:
    """Begin it anew."""
    file.seek(0)
    file.truncate()


def beginning(file: BinaryIO) -> bytes:
    """What tells the kind of a file."""
    file.seek(0)
    return file.read(HEAD)
