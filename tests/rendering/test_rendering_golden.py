"""One long reply, and what is sent for it on every platform and mode: `tests/samples/rendering/<platform>-<mode>.txt`.

The files are for people to read; `IMBRIDGE_UPDATE_GOLDEN=1 pytest tests/rendering/test_rendering_golden.py` writes them
anew.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from document import SAMPLES, document
from modes import MODES, Mode

from imbridge.adapters.base import Adapter
from imbridge.adapters.rehearsal import Preview
from imbridge.protocol import Degradation
from imbridge.rendering import Part, PartKind, render


def file_of(mode: Mode) -> Path:
    return SAMPLES / f"{mode}.txt"


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_what_is_sent(mode: Mode) -> None:
    made = "\n".join(told(mode)) + "\n"
    if os.environ.get("IMBRIDGE_UPDATE_GOLDEN"):
        file_of(mode).write_text(made, encoding="utf-8")
    assert made == file_of(mode).read_text(encoding="utf-8")


def test_there_are_no_files_of_modes_that_are_gone() -> None:
    assert sorted(SAMPLES.glob("*.txt")) == sorted(file_of(mode) for mode in MODES)


def told(mode: Mode) -> Iterator[str]:
    """What is sent, and what is said of it."""
    adapter = mode.adapter()
    rendered = render(document("alice"), adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    yield f"# {mode}: {len(rendered.parts)} parts"
    yield from losses(rendered.degradations)
    for number, part in enumerate(rendered.parts, 1):
        yield from sent(number, part, adapter, mode.preview(adapter, part))


def sent(number: int, part: Part, adapter: Adapter, preview: Preview) -> Iterator[str]:
    capabilities = adapter.capabilities
    limit = capabilities.text_bytes if part.kind is PartKind.TEXT else capabilities.markdown_bytes
    yield ""
    yield f"## {number}: {part.kind} as {preview.kind}, {adapter.measure(part)} of {limit} bytes"
    yield from losses(preview.degradations)
    for request in preview.requests:
        yield f"{request.method} {request.path}"
        yield from readable(request.body).split("\n")


def losses(degradations: tuple[Degradation, ...]) -> Iterator[str]:
    for loss in degradations:
        yield f"- {loss.loss}: {loss.what}: {loss.how} ({loss.why})"


def readable(body: object) -> str:
    """JSON in which a line break of a text is one, and JSON within a text is shown as what it is."""
    return json.dumps(unfolded(body), ensure_ascii=False, indent=1).replace("\\n", "\\n\n").replace("\u200b", "\\u200b")


def unfolded(value: object) -> object:
    if isinstance(value, dict):
        return {name: unfolded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [unfolded(one) for one in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return {"JSON": json.loads(value)}
        except ValueError:
            return value
    return value
