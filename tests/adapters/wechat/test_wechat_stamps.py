"""The very same try again: known for as long as the platform tries, and no longer."""

from imbridge.adapters.wechat.received.stamps import Stamps


def test_the_same_try_is_known_for_a_while_however_often_it_comes() -> None:
    now = [0.0]
    stamps = Stamps(19.0, clock=lambda: now[0])
    assert not stamps.repeats(("1", "n"), b"hi")
    stamps.note(("1", "n"), b"hi")
    for now[0] in (5.0, 10.0, 18.9):
        assert stamps.repeats(("1", "n"), b"hi")
    now[0] = 19.0
    assert not stamps.repeats(("1", "n"), b"hi"), "being repeated has made it no longer"
    assert len(stamps) == 0


def test_other_content_of_the_same_time_and_nonce_is_no_repetition() -> None:
    """In plain mode nothing but time and nonce is signed: whoever has seen a callback can put another body under it."""
    stamps = Stamps(19.0)
    stamps.note(("1", "n"), b"hi")
    assert not stamps.repeats(("1", "n"), b"forged")
    assert not stamps.repeats(("2", "n"), b"hi")


def test_what_was_not_taken_in_is_new_again() -> None:
    stamps = Stamps(19.0)
    stamps.note(("1", "n"), b"hi")
    stamps.forget(("1", "n"))
    stamps.forget(("1", "n"))
    assert not stamps.repeats(("1", "n"), b"hi")


def test_what_is_over_is_forgotten() -> None:
    now = [0.0]
    stamps = Stamps(19.0, clock=lambda: now[0])
    for number in range(10_000):
        now[0] = number / 100
        stamps.repeats(("1", str(number)), b"hi")
        stamps.note(("1", str(number)), b"hi")
    assert len(stamps) <= 1901
