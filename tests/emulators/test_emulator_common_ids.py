"""Identifiers that a seed repeats."""

import base64
import string
import uuid

from imbridge.emulators.common.ids import HEX, Ids


def test_the_same_seed_gives_the_same_ids() -> None:
    first, second, other = Ids(1), Ids(1), Ids(2)
    assert first.hex("a") == second.hex("a")
    assert first.hex("a") == second.hex("a")
    first.hex("b")
    assert first.text("a", 24) == second.text("a", 24), "kinds do not disturb each other"
    assert first.aes_key() != other.aes_key()


def test_the_shapes() -> None:
    ids = Ids(0)
    assert len(ids.data("data", 16)) == 16
    for _ in range(50):
        digits, number, text = ids.hex("hex", 5), ids.number("number", 3), ids.text("text", 7, "ab")
        assert len(digits) == 5
        assert set(digits) <= set(HEX)
        assert 100 <= int(number) <= 999
        assert len(text) == 7
        assert set(text) <= {"a", "b"}
        assert set(ids.text("safe", 9)) <= {*string.ascii_letters, *string.digits, "-", "_"}


def test_a_uuid_has_five_groups() -> None:
    ids = Ids(0)
    one = ids.uuid("a")
    assert str(uuid.UUID(one)) == one
    assert one != ids.uuid("a")


def test_a_key_is_the_base64_of_32_bytes() -> None:
    ids = Ids(0)
    keys = {ids.aes_key() for _ in range(50)}
    assert len(keys) == 50
    for key in keys:
        assert key.isalnum()
        data = base64.b64decode(key + "=", validate=True)
        assert len(data) == 32
        assert base64.b64encode(data).decode() == key + "=", "no bits are left over"


def test_what_is_derived_depends_on_its_parts_alone() -> None:
    ids = Ids(0)
    one = ids.derived("bot", "app")
    ids.derived("another")
    assert one == ids.derived("bot", "app") == Ids(0).derived("bot", "app")
    assert len(one) == 32
    assert ids.derived("bot", "app", digits=8) == one[:8]
    assert one != Ids(1).derived("bot", "app")
    assert ids.derived("bot", "app") != ids.derived("botapp")
