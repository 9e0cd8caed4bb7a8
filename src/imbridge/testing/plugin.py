"""The pytest plugin: fixtures `imbridge_chat` and `user`. It is loaded by pytest itself, so it imports next to nothing.

Give the skills under test by a fixture of your own:

    @pytest.fixture
    def skills():
        return [EchoSkill()]

    async def test_echo(user):
        user.says("hi")
        await user.receives("echo: hi")
"""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from imbridge.testing.room import Chat, Person

try:
    from pytest_asyncio import fixture as _async_fixture
except ImportError:  # the fixtures then say what to install, when somebody uses them

    def _async_fixture(function: Callable[..., Any]) -> Any:  # type: ignore[no-redef] # stands in for the other
        @pytest.fixture(name=function.__name__)
        def missing() -> None:
            pytest.fail(f"the fixture {function.__name__!r} needs pytest-asyncio: pip install pytest-asyncio")

        return missing


@pytest.fixture
def skills() -> list[Any]:
    """The skills under test; override it."""
    pytest.fail("define a fixture `skills` that returns the list of skills to test")


@_async_fixture
async def imbridge_chat(skills: list[Any]) -> "AsyncIterator[Chat]":
    """A running bridge with the skills of the fixture `skills`, on an emulated platform."""
    from imbridge.testing.room import chat

    async with chat(*skills) as running:
        yield running


@_async_fixture
async def user(imbridge_chat: "Chat") -> "Person":
    """A person in a private chat with the bot."""
    return imbridge_chat.user
