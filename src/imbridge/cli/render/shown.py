"""What `imbridge render` writes: lines for people, or JSON for scripts."""

from collections.abc import Iterator
from typing import Any

import click

from imbridge.cli.render.reading import read
from imbridge.protocol import Degradation
from imbridge.runtime.previewing import Previewed, ReplyPreview

_MOST_LINES = 200


def as_lines(platform: str, mode: str, made: ReplyPreview) -> Iterator[str]:
    """For people."""
    count = len(made.parts)
    lost = [one for one in made.degradations if one.loss.is_forbidden]
    summary = f"{count} message{'' if count == 1 else 's'}" if count else "nothing to send"
    told = click.style(f"{len(made.degradations)} changed", fg="yellow") if made.degradations else ""
    told = told or click.style("as meant", fg="green")
    if any(part.error for part in made.parts):
        told = click.style("cannot be sent", fg="red")
    elif lost:
        told = click.style(f"{len(lost)} lost", fg="yellow")
    yield f"{click.style(f'{platform} {mode}', bold=True)}  {summary}, {told}"
    for part in made.parts:
        yield from _part(part)
    for one in made.degradations:
        yield f"  {click.style(one.loss.value, fg='yellow')}  {one.what}: {one.how} ({one.why})"


def as_json(platform: str, mode: str, made: ReplyPreview) -> dict[str, Any]:
    """For scripts."""
    return {
        "platform": platform,
        "mode": mode,
        "as_meant": made.is_as_meant,
        "messages": [_part_json(part) for part in made.parts],
        "losses": [_loss_json(one) for one in made.degradations],
    }


def _part(part: Previewed) -> Iterator[str]:
    if part.preview is None:
        yield f"  {click.style('not sent', fg='red')}: {part.error}"
        return
    size = f", {part.size:,} of {part.limit:,} bytes" if part.limit else ""
    yield click.style(f"  [{part.preview.kind}{size}]", dim=True)
    lines = [line for text in _texts(part) for line in text.split("\n")]
    yield from (f"  │ {line}".rstrip() for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield click.style(f"  │ … and {len(lines) - _MOST_LINES} more lines", dim=True)


def _texts(part: Previewed) -> list[str]:
    """What the messages say; of one that says nothing what its elements are."""
    requests = part.preview.requests if part.preview is not None else ()
    texts = [text for request in requests if not request.is_upload for text in read(request)]
    return texts or [element.as_text() for element in part.part.elements]


def _part_json(part: Previewed) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": "", "texts": _texts(part), "bytes": part.size, "limit": part.limit, "requests": []}
    if part.preview is None:
        return {**made, "error": part.error}
    made["kind"] = part.preview.kind
    made["requests"] = [
        {"method": request.method, "path": request.path, "body": request.body} for request in part.preview.requests
    ]
    return made


def _loss_json(one: Degradation) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "forbidden_by_strict": one.loss.is_forbidden}
