"""Cards as skills give them, and the variables of a template that they become.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from dingtalk_rig import Rig
from golden import save, updating
from rigs import alone

from imbridge.adapters.dingtalk.sent.cards import DoesNotFitError, is_raw, model_data, own_data, raw_data
from imbridge.protocol import Card
from imbridge.rendering import PartKind

SAMPLES = Path(__file__).parents[2] / "samples" / "dingtalk" / "cards"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
IN_BODY = {
    "text",
    "markdown",
    "image",
    "fields",
    "table",
    "divider",
    "note",
    "button",
    "select",
    "input",
    "date",
    "form",
}


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def readable(variables: dict[str, str]) -> dict[str, Any]:
    """The variables, those that hold JSON as what they hold."""
    assert all(isinstance(value, str) for value in variables.values())
    return {name: json.loads(value) if value[:1] in ("{", "[") else value for name, value in variables.items()}


def made_of(card: Card) -> dict[str, Any]:
    if is_raw(card):
        data = raw_data(card.content)
        return {"raw": readable(data.public), "private": data.private}
    made: dict[str, Any] = {}
    for name, write in (("model", model_data), ("own", own_data)):
        try:
            data = write(card)
        except DoesNotFitError as error:
            made[name] = {"as text": str(error)}
        else:
            shown = [degradation.model_dump() for degradation in data.degradations]
            made[name] = {"variables": readable(data.public), "degradations": shown}
    return made


@pytest.mark.parametrize("name", NAMES)
def test_card(name: str) -> None:
    sample = read(name)
    made = made_of(Card.model_validate(sample["card"]))
    if updating():
        save(SAMPLES / f"{name}.json", {"card": sample["card"], **made})
    assert {key: value for key, value in read(name).items() if key != "card"} == made


def test_every_part_of_a_card_has_a_sample() -> None:
    seen: set[str] = set()

    def look(body: Any) -> None:
        for part in body:
            seen.add(part.type)
            look(getattr(part, "body", ()))

    for name in NAMES:
        look(Card.model_validate(read(name)["card"]).body)
    assert seen == IN_BODY


@pytest.mark.parametrize("name", NAMES)
async def test_the_platform_takes_it(rig: Rig, name: str) -> None:
    sample = read(name)
    rig.ding.add_card_template("my-template.schema")
    rig.ding.add_user("Bob")
    own = ["title", "content", "notice", "buttons", "has_buttons", "form", "form_button", "form_action", "has_form"]
    rig.ding.add_card_template("own.schema", variables=own)
    for template in ("", "own.schema"):
        adapter = await rig.start(interactive_template=template)
        await adapter.send(rig.target(), alone(PartKind.CARD, Card.model_validate(sample["card"])), f"key{template}")
    assert len(rig.sent()) == 2
    assert rig.ding.violations == []
