"""What holds for the tests of every adapter, and lets them import the contract from beside it."""

from collections.abc import Iterator
from functools import cache

import pytest

from imbridge.transport.tls import verified_context

pytest.register_assert_rewrite("contract", "golden")


@pytest.fixture(autouse=True, scope="session")
def one_tls_context() -> Iterator[None]:
    """Loading the certificate authorities takes longer than most of these tests; nothing here is encrypted."""
    patch = pytest.MonkeyPatch()
    patch.setattr("imbridge.transport.http.verified_context", cache(verified_context))
    yield
    patch.undo()
