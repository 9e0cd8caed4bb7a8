"""The account of a run: what was said, taken and answered, and what is wrong with it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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
        disorder: Answers that stand behind one to a later message of the same person. What was refused comes again
            behind what is newer: it is later than all that was taken in before it.
        keyed: Doubles are a fault.
        ordered: Disorder is a fault.
        kills: How often the bridge was killed.
        dead: Dead letters at the end.
        left: Entries that wait in the storage at the end.
        under_way: What the platform still tried to bring at the end.
        violations: Kinds of the platform's rules that were broken, with their numbers.
        figures: Further numbers, as seconds and bytes.
        wrong: What else must not be, in words.
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
    under_way: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

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
        if self.under_way:
            found.append(f"{self.under_way} messages are still on their way to the bridge")
        if self.left:
            found.append(f"{self.left} entries are left in the storage")
        return [*found, *self.wrong]


def account_for(
    stage: Stage, said: Sequence[str], taken: Collection[str] | None = None, stored: Sequence[str] | None = None
) -> Outcome:
    """Compare what was said with what was answered.

    Args:
        stage: Where.
        said: All messages, `person-number`, in their order.
        taken: Those that count; None: what was acknowledged.
        stored: What the storage took in, in that order; None: that is not known.
    """
    acknowledged = stage.taken()
    if taken is None:
        taken = set(said) - set(stage.not_taken()) if acknowledged is None else set(acknowledged)
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
        disorder=_disorder(answers, said, acknowledged, stored) if stage.ordered else _behind(answers, stored or said),
        keyed=stage.keyed,
        ordered=stage.ordered or stored is not None,
        under_way=stage.under_way(),
        violations=dict(Counter(violation.kind for violation in stage.violations())),
    )


def _disorder(
    answers: Sequence[str], said: Sequence[str], taken: Mapping[str, int] | None, stored: Sequence[str] | None
) -> int:
    """What was never refused stays as it was said, from the acknowledgement to the answer; the rest has its new place.

    What was refused because the storage took too long may be in it all the same: then it is handled before it is
    acknowledged, and only the storage knows its place.
    """
    if taken is None:
        return _behind(answers, said)
    never_refused = [text for text, refusals in taken.items() if not refusals]
    untouched = set(never_refused)
    return max(
        _behind(never_refused, said),
        _behind([text for text in answers if text in untouched], said),
        _behind(answers, stored or list(taken)),
    )


def _behind(texts: Sequence[str], order: Sequence[str]) -> int:
    """Of texts, each once, how many stand behind one of the same person that should follow them."""
    places = {text: place for place, text in enumerate(order)}
    newest: dict[str, int] = {}
    found = 0
    for text in dict.fromkeys(texts):
        person = text.partition("-")[0]
        if (place := places.get(text)) is None:
            continue
        found += place < newest.get(person, -1)
        newest[person] = max(place, newest.get(person, -1))
    return found
