"""How a run is counted: what is lost, doubled, and out of order."""

from collections.abc import Collection, Mapping, Sequence

import pytest
from benchmarks.survival.account import Outcome, account_for
from benchmarks.survival.memory import MAY_GROW, Memory
from benchmarks.survival.stages import Stage

SAID = ["0-0", "1-0", "0-1", "1-1", "0-2"]


class Written(Stage):
    """What a platform would tell."""

    title = "written"
    keyed = True

    def __init__(self, answers: Sequence[str], taken: Mapping[str, int] | None = None) -> None:
        self._answers = [f"re {text}" for text in answers]
        self._taken = taken

    async def say(self, person: int, text: str) -> None:
        raise NotImplementedError

    def under_way(self) -> int:
        return 0

    def not_taken(self) -> Collection[str]:
        return ()

    def taken(self) -> Mapping[str, int] | None:
        return self._taken

    def answers(self) -> Sequence[str]:
        return self._answers

    def violations(self) -> Sequence[object]:
        return ()


def counted(
    answers: Sequence[str], taken: Mapping[str, int] | None = None, stored: Sequence[str] | None = None
) -> Outcome:
    return account_for(Written(answers, taken), SAID, stored=stored)


def test_all_is_well() -> None:
    assert not counted(["1-0", "0-0", "0-1", "0-2", "1-1"]).faults


def test_what_has_no_answer_is_lost_and_a_second_answer_is_one_too_many() -> None:
    outcome = counted(["0-0", "1-0", "0-1", "0-0", "1-1"])
    assert outcome.lost == ["0-2"]
    assert outcome.doubles == 1
    assert outcome.disorder == 0, "the first answer was in order"
    assert len(outcome.faults) == 2


@pytest.mark.parametrize(
    ("answers", "taken", "disorder"),
    [
        (["0-1", "0-0", "0-2", "1-0", "1-1"], None, 1),
        (["0-2", "0-0", "0-1", "1-0", "1-1"], None, 2),
        # 0-0 was refused, and came again behind 0-1: it is answered behind it
        (["0-1", "0-0", "0-2", "1-0", "1-1"], {"1-0": 0, "0-1": 0, "0-0": 2, "1-1": 0, "0-2": 0}, 0),
        (["0-0", "0-1", "0-2", "1-0", "1-1"], {"1-0": 0, "0-1": 0, "0-0": 2, "1-1": 0, "0-2": 0}, 1),
        # nothing was refused, and 0-1 was acknowledged before 0-0: order was lost on the way in
        (["0-1", "0-0", "0-2", "1-0", "1-1"], {"1-0": 0, "0-1": 0, "0-0": 0, "1-1": 0, "0-2": 0}, 1),
    ],
)
def test_what_was_refused_counts_where_it_was_acknowledged_and_all_else_as_said(
    answers: Sequence[str], taken: Mapping[str, int] | None, disorder: int
) -> None:
    assert counted(answers, taken).disorder == disorder


def test_what_was_refused_and_stored_all_the_same_counts_where_it_was_stored() -> None:
    taken = {"1-0": 0, "0-1": 0, "0-0": 2, "1-1": 0, "0-2": 0}
    assert counted(["0-0", "0-1", "0-2", "1-0", "1-1"], taken, SAID).disorder == 0
    assert counted(["0-1", "0-0", "0-2", "1-0", "1-1"], taken, SAID).disorder == 1
    assert counted(["0-2", "0-0", "0-1", "1-0", "1-1"], taken, ["0-2", "0-0", "0-1", "1-0", "1-1"]).disorder == 1


def test_what_is_not_acknowledged_is_not_taken() -> None:
    outcome = counted(["1-0", "0-0"], {"0-0": 0, "1-0": 0})
    assert (outcome.taken, outcome.lost) == (2, [])


def test_where_the_platform_keeps_no_order_that_of_the_storage_counts() -> None:
    stage = Written(["0-1", "0-0", "0-2", "1-0", "1-1"])
    stage.ordered = False  # type: ignore[misc] - of this one
    stored = ["0-1", "0-0", "1-0", "0-2", "1-1"]
    assert not account_for(stage, SAID, stored=stored).faults
    assert account_for(stage, SAID, stored=SAID).faults == ["1 answers out of order"]
    assert not account_for(stage, SAID).faults, "it is not known"


def test_what_else_is_wrong_is_a_fault_and_memory_that_grows_is() -> None:
    outcome = counted(["1-0", "0-0", "0-1", "0-2", "1-1"])
    assert not Memory([100.0, 100.0 + MAY_GROW, 90.0]).wrong
    outcome.wrong += Memory([100.0, 101.0 + MAY_GROW, 90.0]).wrong
    assert outcome.faults == ["the memory grew by 151 MiB, more than 150"]
