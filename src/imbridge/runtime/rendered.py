"""A reply as the parts that an adapter can send."""

import asyncio
from functools import partial

from imbridge.adapters.base import Adapter
from imbridge.protocol import Markdown, Reply, Text
from imbridge.rendering import Rendered, render

_LONG = 20_000
"""Characters, which take some 40 milliseconds as Markdown."""
_PER_ELEMENT = 100
"""An element takes about as long as so many characters."""


async def rendered(adapter: Adapter, reply: Reply) -> Rendered:
    """Render it for the adapter; what is long in a thread, so that other conversations go on meanwhile.

    Raises:
        NotSupportedError: as `imbridge.rendering.render`.
    """
    elements = reply.elements
    if len(elements) == 1 and type(elements[0]) is Text and len(elements[0].text) < _LONG - _PER_ELEMENT:
        return render(reply, adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    made = partial(render, reply, adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    work = sum(
        _PER_ELEMENT + (len(element.text) if isinstance(element, Text | Markdown) else 0) for element in elements
    )
    return made() if work < _LONG else await asyncio.to_thread(made)
