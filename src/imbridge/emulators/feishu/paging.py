"""Pages: `page_size`, `page_token`, `has_more`."""

from collections.abc import Sequence
from typing import Any, TypeVar

from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call

Item = TypeVar("Item")


def page(
    call: Call, items: Sequence[Item], *, default: int, limit: int, bad_size: int, bad_token: int
) -> tuple[Sequence[Item], dict[str, Any]]:
    """The items of the page that is asked for, and what the answer says about pages.

    Args:
        call: The call; its query names the page.
        items: All there are.
        default: Items on a page when nothing is said.
        limit: The most that may be asked for.
        bad_size: The code for any other size.
        bad_token: The code for a token that was never given out.
    """
    size, token = call.query("page_size", str(default)), call.query("page_token")
    if not size.isdigit() or not 1 <= int(size) <= limit:
        raise ApiError(bad_size, f"page_size is 1 to {limit}")
    start = 0
    if token:
        # The token is opaque to clients: what is made here is known by its prefix.
        if not token.startswith("page-") or not token[5:].isdigit() or int(token[5:]) >= max(1, len(items)):
            raise ApiError(bad_token, "page_token is not one that was returned")
        start = int(token[5:])
    end = start + int(size)
    more = end < len(items)
    return items[start:end], {"has_more": more, "page_token": f"page-{end}" if more else ""}
