"""One card with every part of the model, as it is sent on each platform and mode: tests/samples/cards/.

What is JSON in a text on the wire is shown as JSON here. To accept a changed result: run with
IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from modes import MODES, Mode

from imbridge.adapters.rehearsal import Sort
from imbridge.protocol import (
    Button,
    Card,
    DatePicker,
    Divider,
    Fields,
    Form,
    Image,
    Input,
    Markdown,
    Note,
    Reply,
    Select,
    Table,
    Text,
)
from imbridge.rendering import render

SAMPLES = Path(__file__).parents[1] / "samples" / "cards"
EVERYTHING = Card(
    title="Release *v1.2*?",
    color="orange",
    body=[
        "**v1.2** is [ready](https://ci.example/7)",
        Text("literal **stars** and <at id=all></at>"),
        Fields({"by": "Alice", "since": "today"}),
        Table(columns=["service", "state"], rows=[["web", "up"], ["db|2", "<down>"]]),
        Image(key="https://ci.example/chart.png", alt="a chart"),
        Divider(),
        Button("Approve", action="approve", value={"id": 7}, style="primary"),
        Button("Reject", style="danger", confirm="Really?"),
        Button("Log", url="https://ci.example/7"),
        Select(name="speed", options={"s": "Slow", "f": "Fast"}, label="Speed", initial="f"),
        Form(
            name="details",
            body=[
                "Tell us more",
                Input(name="reason", label="Why", placeholder="in a word", required=True),
                DatePicker(name="day", label="When", initial="2026-12-01"),
                Select(name="who", options=["Alice", "Bob"], multiple=True, placeholder="Who?"),
                Button("Send", action="send", value=[1, None], submit=True),
            ],
        ),
        Note("The first click counts."),
    ],
)
OWN_TEMPLATE = Sort(
    {"client_id": "ding1", "client_secret": "secret", "interactive_template": "own.schema"}, "group/cid1"
)
ALL = (*MODES, Mode("dingtalk", "own_template", OWN_TEMPLATE))


def test_the_card_has_every_part() -> None:
    """What a card can hold, as the model says it."""
    inside = [part for form in EVERYTHING.body if isinstance(form, Form) for part in form.body]
    assert {type(part) for part in (*EVERYTHING.body, *inside)} == {
        Markdown, Text, Fields, Table, Image, Divider, Button, Select, Form, Input, DatePicker, Note,
    }  # fmt: skip


@pytest.mark.parametrize("mode", ALL, ids=str)
def test_what_becomes_of_it(mode: Mode) -> None:
    adapter = mode.adapter()
    reply = Reply(elements=(EVERYTHING,))
    rendered = render(reply, adapter.capabilities, measure=adapter.measure, dialects=adapter.dialects)
    sent = [mode.preview(adapter, part) for part in rendered.parts]
    degradations = [*rendered.degradations, *(one for preview in sent for one in preview.degradations)]
    result = {
        "requests": [
            {"method": request.method, "path": request.path, "body": readable(request.body)}
            for preview in sent
            for request in preview.requests
        ],
        "degradations": [one.model_dump(mode="json") for one in degradations],
    }
    path = SAMPLES / f"{mode}.json"
    if os.environ.get("IMBRIDGE_UPDATE_GOLDEN"):
        path.write_text(f"{json.dumps(result, ensure_ascii=False, indent=2)}\n", encoding="utf-8")
    assert result == json.loads(path.read_text(encoding="utf-8"))


def test_there_is_no_other_sample() -> None:
    assert {path.stem for path in SAMPLES.iterdir()} == {str(mode) for mode in ALL}


def readable(value: Any) -> Any:
    """With JSON in place of texts that hold it."""
    if isinstance(value, dict):
        return {name: readable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [readable(one) for one in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return readable(json.loads(value))
        except ValueError:
            return value
    return value
