"""What identifies rows: the same for ever, and never the same by chance."""

import os
import subprocess
import sys

import pytest

from imbridge.storage.core.ids import digest, new_uid

FORKS = """
import os
from imbridge.storage.core.ids import new_uid
if os.fork():
    os.wait()
print(new_uid(), flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(
    ("parts", "known"),
    [
        (("feishu:work", "om_1"), "07a71ddafc69c13bb01487e0545405ba"),
        (("a", "\ud83d", ""), "f4562265ea5bd820fbbd1c4030538f64"),
        ((), "cae66941d9efbd404e4d88758ea67670"),
    ],
)
def test_digests_are_those_of_databases_that_are_there(parts: tuple[str, ...], known: str) -> None:
    assert digest(*parts) == known


def test_parts_do_not_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")


def test_ids_are_positive_and_fit_a_column() -> None:
    made = {new_uid() for _ in range(10_000)}
    assert len(made) == 10_000
    assert min(made) > 0
    assert max(made) < 2**63


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system that has no fork")
def test_a_forked_process_has_ids_of_its_own() -> None:
    said = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=True).stdout.split()
    assert len(set(said)) == 2
