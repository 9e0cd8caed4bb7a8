"""What those who watch the wire are shown."""

from typing import Any

import pytest

from imbridge.emulators.common.wire import Wire, masked, readable_body

SECRETS = frozenset({"secret", "aeskey", "code"})


def test_secrets_are_masked_at_any_depth_and_long_texts_cut() -> None:
    facts = {"body": {"secret": "s", "items": [{"aeskey": "k", "text": "x" * 501}]}}
    shown = {"body": {"secret": "***", "items": [{"aeskey": "***", "text": "x" * 500 + "... (501 characters)"}]}}
    assert masked(facts, SECRETS) == shown


def test_a_code_that_says_what_went_wrong_is_shown() -> None:
    facts = {"code": 0, "answer": {"code": 40014}, "query": {"code": "lets somebody in"}}
    assert masked(facts, SECRETS) == facts | {"query": {"code": "***"}}


def test_a_secret_that_is_no_text_is_masked_whole() -> None:
    assert masked({"secret": {"half": "a"}, "aeskey": ["k"]}, SECRETS) == {"secret": "***", "aeskey": "***"}
    assert masked({"secret": "", "aeskey": None}, SECRETS) == {"secret": "", "aeskey": None}


def test_observers_come_and_go() -> None:
    wire = Wire(SECRETS)
    seen: list[tuple[str, str, dict[str, Any]]] = []
    assert not wire
    leave = wire.watch(lambda *what: seen.append(what))
    assert wire
    facts = {"secret": "s"}
    wire.tell("in", "http", facts)
    leave()
    wire.tell("in", "http", facts)
    assert seen == [("in", "http", {"secret": "***"})]
    assert facts == {"secret": "s"}
    assert not wire


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b'{"a": 1}', {"a": 1}), (b"\xff\xfe", "(2 bytes)"), (b"", "(0 bytes)"), (b"[" * 10**6, "(1000000 bytes)")],
)
def test_how_a_body_is_shown(body: bytes, shown: object) -> None:
    assert readable_body(body) == shown
