"""What pymongo's errors mean.

The codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml; the labels:
https://www.mongodb.com/docs/manual/core/transactions-in-applications/#transaction-error-handling.
"""

from collections.abc import Iterator

from bson.errors import BSONError
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

TRANSIENT, UNKNOWN_COMMIT = "TransientTransactionError", "UnknownTransactionCommitResult"
_DUPLICATE = 11000
_AGAIN = {24, 112, 251}
"""A lock is waited for too long, a write conflict, a transaction that the server has ended."""
_AWAY = {
    6, 7, 50, 64, 89, 91, 133, 134, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031, 17280, 318,
}  # fmt: skip
"""No way to the server, out of time, not enough members for a majority, a server that stops or is no primary any more,
no room on the disk."""


class UnclearCommitError(Exception):
    """A transaction was to be committed, and nobody knows whether it was."""


def is_of_database(error: BaseException) -> bool:
    """It comes of the database or of the way to it, and not of our own code."""
    return isinstance(error, PyMongoError | BSONError | UnclearCommitError | OSError | EOFError)


def is_lost(error: BaseException) -> bool:
    """The connection is gone: what was asked for may have been done or not."""
    if isinstance(error, ServerSelectionTimeoutError):
        return False  # nothing was asked: there was nobody
    return isinstance(error, UnclearCommitError | ConnectionFailure) or (
        isinstance(error, OSError | EOFError) and not isinstance(error, TimeoutError)
    )


def is_duplicate(error: BaseException) -> bool:
    """A key is there already."""
    return _DUPLICATE in _codes(error)


def is_conflict(error: BaseException) -> bool:
    """Another process was in the way: the same once more will do."""
    if isinstance(error, ConnectionFailure) or not isinstance(error, PyMongoError):
        return False
    return error.has_error_label(TRANSIENT) or any(code in _AGAIN or code == _DUPLICATE for code in _codes(error))


def is_about_all(error: BaseException) -> bool:
    """No single document is at fault: the server is away, the disk full, no majority there, others always quicker."""
    if is_lost(error) or isinstance(error, ConnectionFailure | TimeoutError):
        return True
    if isinstance(error, PyMongoError) and error.has_error_label(TRANSIENT):
        return True
    return any(code in _AWAY for code in _codes(error))


def in_words(error: BaseException) -> str:
    """What happened, without what was asked for and its values."""
    name = type(error).__name__
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OperationFailure):
        details = error.details or {}
        codes = ", ".join(map(str, dict.fromkeys(_codes(error)))) or "no code"
        return f"{name}: {details.get('codeName', 'refused')} ({codes})"
    if isinstance(error, BSONError):
        return f"{name}: a value that MongoDB does not know"
    told = str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
    return f"{name}: {told.splitlines()[0] if told else ''}".rstrip(": ")


def _codes(error: BaseException) -> Iterator[int]:
    if isinstance(error, BulkWriteError):
        found = error.details.get("writeErrors", []) + error.details.get("writeConcernErrors", [])
        yield from (one["code"] for one in found if "code" in one)
    if isinstance(error, OperationFailure) and error.code is not None and not isinstance(error, BulkWriteError):
        yield error.code
