"""What is wrong with the settings: collected, so that one run names everything there is to mend."""

from collections.abc import Iterable
from difflib import get_close_matches

from imbridge.config.document import ENVIRONMENT, Node
from imbridge.protocol import ConfigError


class Problems:
    """A list of problems, one complete line each, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str]] = {}
        self.noted = 0
        """How often something was noted, repetitions included: tells whether a step found anything wrong."""

    def add(self, text: str, *, key: str, where: str = "") -> None:
        """Note a problem; the same line twice is one problem (accounts share inherited settings)."""
        self.noted += 1
        place = f"{where}: " if where and where != ENVIRONMENT else ""
        subject = f"{key}: " if key else ""
        self._found.setdefault(f"{place}{subject}{text}", (key, where))

    def at(self, node: Node, text: str) -> None:
        """Note a problem with a value."""
        self.add(text, key=node.key, where=node.where)

    def raise_if_any(self) -> None:
        """Raise all of them.

        Raises:
            ConfigError: There are problems; `key` and `where` are those of the first.
        """
        if self._found:
            key, where = next(iter(self._found.values()))
            raise ConfigError("\n".join(self._found), key=key, where=where)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'app_id'?`, or nothing if no known word is near."""
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is meant, as far as one can tell; case and `-` or `_` do not matter."""
    folded: dict[str, list[str]] = {}
    for name in known:
        folded.setdefault(_fold(name), []).append(name)
    matches = get_close_matches(_fold(word), folded, n=1, cutoff=0.7)
    # Of app_secret and appSecret, the one that is written in the same style.
    return get_close_matches(word, folded[matches[0]], n=1, cutoff=0)[0] if matches else None


def _fold(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")
