"""What is long is rendered beside the event loop; what is short at once."""

import asyncio
import threading

import pytest

from imbridge import Emoji, Markdown, Reply, Text
from imbridge.adapters.imagined import imagined
from imbridge.protocol import Element
from imbridge.rendering import Part
from imbridge.runtime.registry import adapter_type
from imbridge.runtime.rendered import rendered

LONG = {
    "markdown": (Markdown("a **b**\n\n" * 3000),),
    "text": (Text("a b " * 6000),),
    "elements": tuple(one for _ in range(300) for one in (Emoji(code="🙂"), Text(" "))),
}


@pytest.mark.parametrize("elements", LONG.values(), ids=LONG)
async def test_the_loop_goes_on_while_something_long_is_rendered(elements: tuple[Element, ...]) -> None:
    adapter, _ = imagined(adapter_type("wecom"), "app")
    goes_on, heard = threading.Event(), []
    measure = adapter.measure

    def waiting(part: Part) -> int:
        heard.append(goes_on.wait(10))
        return measure(part)

    adapter.measure = waiting  # type: ignore[method-assign]
    asyncio.get_running_loop().call_soon(goes_on.set)
    made = await rendered(adapter, Reply(elements=elements))
    assert made.parts
    assert set(heard) == {True}


async def test_what_is_short_needs_no_thread() -> None:
    adapter, _ = imagined(adapter_type("wecom"), "app")
    threads, measure = [], adapter.measure

    def noted(part: Part) -> int:
        threads.append(threading.get_ident())
        return measure(part)

    adapter.measure = noted  # type: ignore[method-assign]
    await rendered(adapter, Reply(elements=(Markdown("a **b**\n\n" * 300),)))
    assert set(threads) == {threading.get_ident()}
