"""What somebody typed is no link and no item of a menu, whatever it looks like."""

import pytest

from imbridge.adapters.wechat.capabilities import WECHAT
from imbridge.adapters.wechat.outbound import message_body
from imbridge.adapters.wechat.sent.literal import measure
from imbridge.adapters.wechat.sent.rest import Rest
from imbridge.protocol import Button, Card, Fields, Input, Link, Location, Markdown, Note, Quote, Text, to_reply
from imbridge.rendering import render

LINK = '<a href="https://evil.example">click</a>'
ITEM = '< A href="weixin://bizmsgmenu?msgmenucontent=yes&msgmenuid=1">click</a>'


@pytest.mark.parametrize("typed", [LINK, ITEM, LINK.replace(" ", "\n"), f"{LINK} and {ITEM}"])
@pytest.mark.parametrize(
    "said",
    [
        Text,
        Markdown,
        lambda typed: Quote(message_id="m", text=typed),
        lambda typed: Location(latitude=1, longitude=2, name=typed),
        lambda typed: Link(url="https://a.example", title=typed),
        lambda typed: Card(title=typed, body=(typed, Text(typed), Note(typed), Fields({typed: typed}))),
        lambda typed: Card(title="t", body=(Input(name="a", label=typed),)),
        lambda typed: Card(title="t", body=(Button(typed[:90] + "click", action="a" * 2000),)),
    ],
)  # fmt: skip
def test_a_tag_that_somebody_typed_is_text(said: object, typed: str) -> None:
    rendered = render(to_reply(said(typed)), WECHAT, measure=measure)  # type: ignore[operator]
    for part in rendered.parts:
        body, _ = message_body(part)
        content = str(body)
        assert "click" in content
        assert "<a " not in content.replace("\\n", " ").lower()
        assert "< a " not in content.lower()


def test_other_signs_stay_as_they_are() -> None:
    (part,) = render(to_reply("a < b <abbr> <a> </a>"), WECHAT, measure=measure).parts
    assert message_body(part)[0]["text"]["content"] == "a < b <abbr> <a> </a>"


def test_what_makes_a_tag_inert_counts() -> None:
    typed = LINK * 60
    for part in render(to_reply(typed), WECHAT, measure=measure).parts:
        assert len(message_body(part)[0]["text"]["content"].encode()) <= WECHAT.text_bytes
    rest = Rest("more")
    for piece in rest.pieces(render(to_reply(typed), WECHAT.model_copy(update={"text_bytes": 64 << 10})).parts[0]):
        assert measure(render(to_reply(list(piece)), WECHAT, measure=measure).parts[0]) <= WECHAT.text_bytes
