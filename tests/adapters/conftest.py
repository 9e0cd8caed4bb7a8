"""Lets the tests of each adapter import the contract from beside it."""

import pytest

pytest.register_assert_rewrite("contract")
