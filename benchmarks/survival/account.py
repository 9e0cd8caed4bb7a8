"""The account of a run: what was said, taken and answered, and what is wrong with it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from benchmarks.survival.skills import PREFIX
from benchmarks.survival.stages import Stage

SHOWN = 10


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        title: Of what.
        said: Messages of people.
        taken: Those of them that count: acknowledged, or in the storage where nothing is acknowledged.
        answered: Those of them that have an answer.
        lost: Those of them that have none.
        doubles: Answers beyond the first.
        disorder: Answers that came before one to an earlier message of the same person.
        keyed: Doubles are a fault.
        ordered: Disorder is a fault.
        kills: How often the bridge was killed.
        dead: Dead letters at the end.
        left: Entries that wait in the storage at the end.
        violations: Kinds of the platform's rules that were broken, with their numbers.
        figures: Further numbers, as seconds and bytes.
    """

    title: str
    said: int = 0
    taken: int = 0
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    doubles: int = 0
    disorder: int = 0
    keyed: bool = False
    ordered: bool = True
    kills: int = 0
    dead: int = 0
    left: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """What must not be; empty when all is well."""
        found = []
        if self.lost:
            found.append(f"{len(self.lost)} taken messages have no answer: {', '.join(self.lost[:SHOWN])}")
        if self.keyed and self.doubles:
            found.append(f"{self.doubles} answers too many, on a platform with keys")
        if self.ordered and self.disorder:
            found.append(f"{self.disorder} answers out of order")
        if self.dead:
            found.append(f"{self.dead} dead letters")
        if self.left:
            found.append(f"{self.left} entries are left in the storage")
        return found


def account_for(stage: Stage, said: Sequence[str], taken: Collection[str] | None = None) -> Outcome:
    """Compare what was said with what was answered.

    Args:
        stage: Where.
        said: All messages, `person-number`, in their order.
        taken: Those that count; None: all but those that the platform says were not taken.
    """
    if taken is None:
        taken = set(said) - set(stage.not_taken())
    answers = [answer.removeprefix(PREFIX) for answer in stage.answers() if answer.startswith(PREFIX)]
    times = Counter(answers)
    known = set(said)
    if strange := set(times) - known:
        raise RuntimeError(f"answers to what nobody has said: {sorted(strange)[:SHOWN]}")
    return Outcome(
        title=stage.title,
        said=len(said),
        taken=len(taken),
        answered=sum(text in times for text in taken),
        lost=[text for text in said if text in taken and text not in times],
        doubles=sum(count - 1 for count in times.values()),
        disorder=_disorder(answers),
        keyed=stage.keyed,
        ordered=stage.ordered and not stage.refused(),
        violations=dict(Counter(violation.kind for violation in stage.violations())),
    )


def _disorder(answers: Sequence[str]) -> int:
    """Answers, first ones only, that stand behind one to a later message of the same person."""
    newest: dict[str, int] = {}
    seen: set[str] = set()
    found = 0
    for answer in answers:
        person, _, number = answer.partition("-")
        if answer in seen:
            continue
        seen.add(answer)
        if int(number) < newest.get(person, -1):
            found += 1
        newest[person] = max(int(number), newest.get(person, -1))
    return found
