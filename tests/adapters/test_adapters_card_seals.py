"""Seals on what cards carry: what fits, and what does not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.card_seals import (
    NO_SEAL,
    NOT_SEALING,
    OPTION_SEAL_BYTES,
    SEAL,
    SEVERAL_OPTIONS,
    UNKNOWN_OPTION,
    WRONG_SEAL,
    Seals,
    canonical,
)
from imbridge.rendering.cards.carried import OWN, button_params

OURS = Seals("feishu:work", "canary-secret")
WORDS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(WORDS, JSON, WORDS)
def test_what_was_sealed_is_believed_there(action: str, value: Any, place: str) -> None:
    carried = OURS.at(place).on(button_params(action, value))
    came_back = json.loads(json.dumps(carried, sort_keys=True))
    assert OURS.open(came_back, place).verified
    assert len(carried[SEAL]) == 16


@given(WORDS, JSON, WORDS, JSON)
def test_nothing_of_it_can_be_changed(action: str, value: Any, other: str, another: Any) -> None:
    carried = OURS.at("oc_1").on(button_params(action, value))
    if other != action:
        assert OURS.open({**carried, OWN: other}, "oc_1").refused == WRONG_SEAL
    if canonical(another) != canonical(value):
        assert OURS.open({**carried, "value": another}, "oc_1").refused == WRONG_SEAL
    assert OURS.open({**carried, "picks": ["x"]}, "oc_1").refused == WRONG_SEAL
    assert OURS.open({**carried, "choice": "x"}, "oc_1").refused == WRONG_SEAL


@pytest.mark.parametrize("whose", [Seals("feishu:other", "canary-secret"), Seals("feishu:work", "a newer secret")])
def test_of_another_account_or_before_a_new_secret(whose: Seals) -> None:
    carried = whose.at("oc_1").on(button_params("approve", 7))
    assert whose.open(carried, "oc_1").verified
    assert OURS.open(carried, "oc_1").refused == WRONG_SEAL


def test_of_another_chat_and_of_a_chat_that_was_not_known() -> None:
    carried = OURS.at("oc_1").on(button_params("approve", 7))
    assert OURS.open(carried, "oc_2").refused == WRONG_SEAL
    assert OURS.open(carried, "").refused == WRONG_SEAL
    anywhere = OURS.at("").on(button_params("approve", 7))
    assert OURS.open(anywhere, "oc_2").verified


@pytest.mark.parametrize("seal", [None, "", 7, {}, [], "x" * 16, "\ud800" * 16, "封" * 16])
def test_without_a_seal_or_with_none_that_is_one(seal: Any) -> None:
    opened = OURS.open({OWN: "approve", SEAL: seal}, "oc_1")
    assert not opened.verified
    assert opened.refused == (WRONG_SEAL if isinstance(seal, str) and seal else NO_SEAL)


@given(WORDS, WORDS, WORDS)
def test_a_choice_is_one_of_those_on_the_card(name: str, value: str, other: str) -> None:
    seal = OURS.at("oc_1")
    opened = OURS.open(seal.on(button_params("send", picks=[name], many=[name])), "oc_1")
    sealed = seal.option(name, value)
    assert len(sealed) == len(value) + OPTION_SEAL_BYTES
    assert opened.chosen(name, sealed) == value
    assert opened.chosen(name, [sealed, sealed]) == [value, value]
    assert opened.verified
    for forged in (value or "x", f"{other}x{sealed}", OURS.at("oc_2").option(name, value)):
        again = OURS.open(seal.on({OWN: "send", "picks": [name]}), "oc_1")
        again.chosen(name, forged)
        assert again.refused == UNKNOWN_OPTION


def test_of_a_list_from_which_one_is_chosen_several_are_none() -> None:
    seal = OURS.at("oc_1")
    sealed = seal.on(button_params("send", picks=["level", "who"], many=["who"]))
    both = {name: [seal.option(name, value) for value in "ab"] for name in ("level", "who")}
    assert OURS.open(sealed, "oc_1").filled({"who": both["who"]}, ["level", "who"]) == {"who": ["a", "b"]}
    opened = OURS.open(sealed, "oc_1")
    opened.filled(both, ["level", "who"])
    assert opened.refused == SEVERAL_OPTIONS
    assert OURS.open({**sealed, "many": ["level", "who"]}, "oc_1").refused == WRONG_SEAL


def test_an_option_of_another_list_is_none_of_this_one() -> None:
    seal = OURS.at("oc_1")
    opened = OURS.open(seal.on({OWN: "send", "picks": ["level", "who"]}), "oc_1")
    form = {"level": seal.option("who", "root"), "who": seal.option("who", "root"), "note": "typed~by~hand"}
    assert opened.filled(form, ["level", "who"])["who"] == "root"
    assert opened.refused == UNKNOWN_OPTION


def test_nothing_chosen_is_nothing() -> None:
    opened = OURS.open(OURS.at("oc_1").on({OWN: "send", "picks": ["a"]}), "oc_1")
    assert opened.filled({"a": "", "b": "typed"}, ["a", ["no name"]]) == {"a": "", "b": "typed"}
    assert opened.filled({"a": "x"}, "a") == {"a": "x"}
    assert opened.verified


def test_without_a_secret_nothing_is_sealed_and_nothing_verified() -> None:
    assert NOT_SEALING.at("x").on({OWN: "approve"}) == {OWN: "approve"}
    assert NOT_SEALING.at("x").option("name", "value") == "value"
    opened = NOT_SEALING.open({OWN: "approve", SEAL: ""}, "x")
    assert (opened.verified, opened.refused) == (False, "")


def test_no_secret_is_shown() -> None:
    assert "canary" not in repr(OURS) + repr(OURS.at("oc_1"))
