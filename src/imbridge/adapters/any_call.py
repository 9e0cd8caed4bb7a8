"""Calls of a platform's API by their path, as skills and programs make them."""

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
REPEATED = frozenset({"GET", "PUT", "DELETE"})
"""Doing it twice is doing it once."""


def checked(method: str, path: str, example: str) -> str:
    """The method in capitals.

    Args:
        method: HTTP method.
        path: Path of the API, without host and query.
        example: What a path looks like, for the error.

    Raises:
        ValueError: the path or the method is none.
    """
    method = method.upper()
    if method not in METHODS:
        raise ValueError(f"{method[:20]!r} is no HTTP method of the API: one of {', '.join(sorted(METHODS))}")
    if not path.startswith("/") or path.startswith("//") or "?" in path or "#" in path or ".." in path:
        raise ValueError(
            f"{path[:80]!r} is no path of the API, such as {example}; what follows a question mark goes into params"
        )
    return method
