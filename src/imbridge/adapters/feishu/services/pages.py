"""Lists that the platform gives out page by page."""

from collections.abc import AsyncIterator
from typing import Any

from imbridge.adapters.feishu.calls import Caller, Params
from imbridge.adapters.feishu.refusals import RetargetError, gone
from imbridge.protocol import DeliveryError


async def called(caller: Caller, method: str, path: str, *, api: str, **options: Any) -> dict[str, Any]:
    """An API's `data`, where no other target could take the place of one that is gone.

    Raises:
        TargetGoneError: the message is gone.
        DeliveryError: and its kinds, as `Caller.call`.
    """
    try:
        data, _ = await caller.call(method, path, api=api, **options)
    except RetargetError as error:
        raise gone(error) from None
    return data


async def pages(
    caller: Caller, path: str, *, api: str, size: int, params: Params | None = None
) -> AsyncIterator[dict[str, Any]]:
    """The `data` of each page, asked for as they are wanted.

    Args:
        caller: The account's caller.
        path: As `Caller.exchange`.
        api: As `Caller.exchange`.
        size: Entries on a page; the most that the API allows costs the fewest calls.
        params: The query, without the paging.

    Raises:
        DeliveryError: as `called`; or there is more, and the platform names no page, or one that was there before.
    """
    query = {**(params or {}), "page_size": str(size)}
    seen: set[str] = set()
    while True:
        data = await called(caller, "GET", path, api=api, params=query)
        yield data
        token = str(data.get("page_token") or "")
        if not data.get("has_more"):
            return
        if not token or token in seen:
            # Ending here would look as if that were all.
            raise DeliveryError(
                f"feishu {api}: there is more, but the answer does not say how to get on", platform="feishu"
            )
        seen.add(token)
        query["page_token"] = token


async def entries(
    caller: Caller, path: str, *, api: str, size: int, params: Params | None = None
) -> AsyncIterator[dict[str, Any]]:
    """The `items` of all pages, one by one; see `pages`."""
    async for page in pages(caller, path, api=api, size=size, params=params):
        for item in page.get("items") or ():
            if isinstance(item, dict):
                yield item
