"""What is asked at a time, instead of being told of a message: functions, and methods of skills."""

import inspect
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from imbridge.protocol import SkillError
from imbridge.skills.base import BaseSkill
from imbridge.skills.dispatch import SkillSet
from imbridge.skills.errors import SkillFailure
from imbridge.skills.handlers import awaitable
from imbridge.skills.streams import guarded_stream


class Scheduled:
    """A function that gets a run and gives what is to be said; one that is not async runs in a thread.

    Args:
        function: With one parameter, the run, or none.
        skill: The name of the skill it belongs to; its own when it belongs to none.

    Raises:
        SkillError: it is no such function.
    """

    def __init__(self, function: Callable[..., Any], skill: str = "") -> None:
        self.name = str(getattr(function, "__name__", type(function).__name__))
        self.skill = skill or self.name
        if not callable(function):
            raise SkillError(f"{function!r} is not a function; write the decorator directly above `async def`")
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError) as error:
            raise SkillError(f"{self.name}: its parameters cannot be read ({error})") from error
        self._takes_run = bool(signature.parameters)
        try:
            signature.bind(*([None] if self._takes_run else []))
        except TypeError as error:
            raise SkillError(
                f"{self.name} must take the run alone; write async def {self.name}(run) ({error})"
            ) from error
        self._call = awaitable(function)

    async def ask(self, run: Any) -> Any:
        """What is to be said now: anything sendable, an async iterator of text, or None for nothing.

        Raises:
            SkillFailure: it failed; a stream raises it while it is read.
        """
        try:
            content = self._call(run) if self._takes_run else self._call()
            while isawaitable(content):  # twice for a plain function that gave back a coroutine
                content = await content
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            raise SkillFailure(self.skill, self.name, error) from error
        if content is not None and not isinstance(content, str) and hasattr(content, "__aiter__"):
            return guarded_stream(content, self.skill, self.name)
        return content


def scheduled_method(skills: SkillSet, name: str, method: str) -> Scheduled:
    """A method of one of these skills.

    Raises:
        SkillError: there is no such skill, or it has no such method.
    """
    skill = next((each for each in skills if each.name == name), None)
    if skill is None:
        raise SkillError(
            f"there is no skill named {name!r}; there are: {', '.join(each.name for each in skills) or 'none'}"
        )
    found = None if method.startswith("_") or hasattr(BaseSkill, method) else getattr(skill, method, None)
    if not callable(found):
        raise SkillError(f"skill {name!r} has no method {method!r} for a schedule; write async def {method}(self, run)")
    return Scheduled(found, name)
