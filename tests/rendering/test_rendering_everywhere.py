"""What holds for any reply on every platform and mode, with the real adapters' capabilities, dialects and measure."""

from collections.abc import Iterator
from functools import cache

import pytest
from document import document
from hypothesis import given, settings
from hypothesis import strategies as st
from modes import MODES, Mode
from said import Said, missing, read, replies
from wire_forms import markdown_in, room

from imbridge.adapters.base import Adapter
from imbridge.protocol import Capabilities, Markdown, Reply
from imbridge.rendering import PartKind, Rendered, render

every_mode = pytest.mark.parametrize("mode", MODES, ids=str)


def _differing() -> Iterator[Mode]:
    """Modes for which the same is not rendered the same."""
    seen = set()
    for mode in MODES:
        adapter = mode.adapter()
        dialects = tuple(dialect.name for dialect in adapter.dialects)
        facts = (type(adapter), adapter.capabilities.model_dump_json(), dialects)
        if facts not in seen:
            seen.add(facts)
            yield mode


every_rendering = pytest.mark.parametrize("mode", list(_differing()), ids=str)


@cache
def adapter_of(mode: Mode) -> Adapter:
    return mode.adapter()


def limited(capabilities: Capabilities, limit: int) -> Capabilities:
    """With limits that short replies are too long for; the scale of texts and rich texts stays as it is."""
    scale = max(1, round(capabilities.text_bytes / capabilities.markdown_bytes))
    return capabilities.model_copy(update={"text_bytes": limit * scale, "markdown_bytes": limit})


def rendered(mode: Mode, said: Said, limit: int) -> tuple[Rendered, Capabilities]:
    adapter = adapter_of(mode)
    capabilities = limited(adapter.capabilities, limit)
    reply = Reply(elements=tuple(said.elements))
    return render(reply, capabilities, measure=adapter.measure, dialects=adapter.dialects), capabilities


@every_rendering
@settings(max_examples=25)
@given(said=replies, limit=st.integers(700, 1500))
def test_nothing_is_lost_and_every_part_fits(mode: Mode, said: Said, limit: int) -> None:
    adapter = adapter_of(mode)
    made, capabilities = rendered(mode, said, limit)
    for part in made.parts:
        most = capabilities.text_bytes if part.kind is PartKind.TEXT else capabilities.markdown_bytes
        assert adapter.measure(part) <= most
    assert missing(said, [read(adapter, part) for part in made.parts]) == []
    lengths = [loss for loss in made.degradations if loss.what == "length"]
    assert bool(lengths) == (sum(part.kind is not PartKind.MEDIA for part in made.parts) > 1)


@every_rendering
@settings(max_examples=12)
@given(said=replies, limit=st.integers(700, 1500))
def test_a_part_that_is_rendered_again_stays_as_it_is(mode: Mode, said: Said, limit: int) -> None:
    adapter = adapter_of(mode)
    made, capabilities = rendered(mode, said, limit)
    for part in made.parts:
        has_markdown = any(isinstance(element, Markdown) for element in part.elements)
        if part.kind is PartKind.MARKDOWN and not has_markdown:
            continue  # the end of a part that was Markdown is a text by itself
        reply = Reply(elements=part.elements)
        same = [
            dialect
            for dialect in adapter.dialects
            if dialect.name == part.dialect or (not part.dialect and (dialect.beside or len(adapter.dialects) == 1))
        ]
        again = render(reply, capabilities, measure=adapter.measure, dialects=same)
        if any(one.kind is not part.kind for one in again.parts):
            continue  # without the pictures and emoji of its neighbours Markdown needs no rich text
        if has_markdown:
            assert [one.elements for one in again.parts] == [part.elements]
        assert [read(adapter, one) for one in again.parts] == [read(adapter, part)]


@every_mode
def test_what_is_sent_of_a_long_reply_is_not_too_long_and_closes_its_code(mode: Mode) -> None:
    adapter = adapter_of(mode)
    capabilities = adapter.capabilities
    most = capabilities.markdown_bytes if "markdown" in capabilities.sends else capabilities.text_bytes
    elements = document("alice").elements * (most // 2000 + 1)
    made = render(Reply(elements=elements), adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    assert len(made.parts) > 1
    for part in made.parts:
        for request in mode.preview(adapter, part).requests:
            assert room(str(mode), request.body) >= 0
            for text in markdown_in(str(mode), request.body):
                fences = [line for line in text.split("\n") if line.lstrip("> ").startswith("```")]
                assert len(fences) % 2 == 0
