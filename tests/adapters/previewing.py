"""What an adapter says it would send, against what it sends to the emulator."""

import json
import re
from dataclasses import dataclass
from typing import Any

from yarl import URL

from imbridge.adapters.base import Adapter, Target
from imbridge.adapters.rehearsal import KEY
from imbridge.protocol import (
    Audio,
    Button,
    Card,
    Degradation,
    Element,
    Emoji,
    Fields,
    File,
    Image,
    ImbridgeError,
    Input,
    Link,
    Location,
    Markdown,
    Mention,
    MentionAll,
    Note,
    Option,
    Reply,
    Select,
    Sticker,
    Table,
    Text,
    Video,
)
from imbridge.rendering import Part, render

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000100"
    "5bb1e4a50000000049454e44ae426082"
)
_CARD = Card(
    title="Deploy",
    color="red",
    body=(
        Markdown("**Version** 3"),
        Fields({"who": "Alice"}),
        Table(columns=("a", "b"), rows=(("1", "2"),)),
        Note("small print"),
        Button("Yes", action="yes", value={"n": 1}),
        Button("Page", url="https://example.com/page"),
    ),
)
_FORM = Card(
    title="Choose",
    body=(Select(name="size", options=(Option(text="S", value="s"), Option(text="L", value="l"))), Input(name="why")),
)
ELEMENTS: tuple[Element, ...] = (
    Text("plain & <b>simple</b>"),
    Markdown("# Head\n\n**bold** and `code`\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"),
    Link(title="here", url="https://example.com/"),
    Mention(id="u1", name="Nobody"),
    MentionAll(),
    Emoji(code="👍"),
    Image(data=PNG),
    Sticker(data=PNG),
    File(data=b"some text", name="notes.txt"),
    Audio(data=b"no audio at all"),
    Video(data=b"no video at all"),
    Location(latitude=22.5, longitude=114.0, name="Shenzhen"),
    _CARD,
    _FORM,
)
_ANY_NUMBER = re.compile(r'"msg_seq":\d+')
_UPLOAD = re.compile(r"<upload \d+>|<\d+ bytes of Base64>|preview")


@dataclass(frozen=True)
class Outcome:
    """What became of a part, or why it could not be sent."""

    kind: str
    degradations: tuple[Degradation, ...]
    error: type[ImbridgeError] | None = None
    code: int | str | None = None


def parts_of(adapter: Adapter, element: Element) -> tuple[Part, ...]:
    rendered = render(
        Reply(elements=(element,)), adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects
    )
    return rendered.parts


async def compare(adapter: Adapter, target: Target, part: Part) -> Outcome:
    """Preview a part, send it, and see that both are the same."""
    pool: Any = adapter.context.pool
    real = pool.request
    left: list[tuple[str, str, Any]] = []

    async def watched(method: str, url: Any, **options: Any) -> Any:
        left.append((method, URL(url).path, options))
        return await real(method, url, **options)

    try:
        preview = await adapter.preview(target, part)
    except ImbridgeError as error:
        said = Outcome("", (), type(error))
        planned = None
    else:
        said = Outcome(preview.kind, preview.degradations)
        planned = preview.requests
    assert left == []
    pool.request = watched
    try:
        sent = await adapter.send(target, part, KEY)
    except ImbridgeError as error:
        done = Outcome("", (), type(error), getattr(error, "code", None))
    else:
        done = Outcome(sent.part.kind, sent.degradations)
    finally:
        del pool.request
    if planned is not None and done.error is not None and done.code is not None:
        return done  # the platform refuses it: that is not known before
    if done.kind == "passive":  # a callback waited for it, which saves a call and changes nothing in it
        assert said.degradations == done.degradations
        return done
    assert said == done
    if planned is not None:
        _check(planned, [one for one in left if one[1] not in adapter.script.tokens])
    return done


def _check(planned: Any, left: list[Any]) -> None:
    by_http = [request for request in planned if request.method not in ("SEND", "ANSWER")]
    assert len(by_http) == len(left)
    for request, (method, path, options) in zip(by_http, left, strict=True):
        assert request.method == method
        assert path.startswith(request.path.removesuffix("…"))
        if request.is_upload:
            continue
        body = options.get("json")
        said = _written(request.body)
        sent = json.loads(body) if isinstance(body, bytes) else body
        real = _written({name: value for name, value in sent.items() if name not in ("sign", "timestamp")})
        pattern = ".*?".join(map(re.escape, _UPLOAD.split(said)))
        assert re.fullmatch(pattern, real, re.DOTALL), f"{said}\n{real}"


def _written(body: Any) -> str:
    return _ANY_NUMBER.sub("", json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
