"""How a skill is tested: `pytest examples/test_echo.py`. The fixtures come with imbridge; docs/testing.md has more."""

import pytest
from echo import Echo

from imbridge import BaseSkill
from imbridge.testing import Person


@pytest.fixture
def skills() -> list[BaseSkill]:
    return [Echo()]


async def test_echo(user: Person) -> None:
    user.says("hi")
    await user.receives("echo: hi")


async def test_a_picture_is_not_answered(user: Person) -> None:
    user.sends_image(b"\x89PNG\r\n\x1a\n")
    await user.receives_nothing()
