"""The skills of a bridge: who is asked, in which order, and what came of it."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from imbridge.protocol import ButtonClicked, Event, Message, SkillError
from imbridge.protocol.overlap import Overlap
from imbridge.skills.base import NOT_MINE, BaseSkill
from imbridge.skills.catalogue import CommandEntry, SkillEntry
from imbridge.skills.conditions import Command
from imbridge.skills.errors import SkillFailure
from imbridge.skills.handlers import BoundHandler, bind_handlers
from imbridge.skills.streams import guarded_stream

logger = logging.getLogger(__name__)

Item = Message | Event


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class Outcome:
    """What came of a message or event.

    Attributes:
        skill: Who handled it; None when nobody did.
        content: The answer: anything sendable, an async iterator of text, or None for nothing to say.
        handled: A skill took it.
        handler: The handler's name.
        denied: Names of the skills that would have been asked, but may not be used by the sender.
        retry_after: Not 0 when the skill's rate limit is used up: seconds to wait. The skill was not asked then.
    """

    skill: BaseSkill | None = None
    content: Any = None
    handled: bool = False
    handler: str = ""
    denied: tuple[str, ...] = ()
    retry_after: float = 0.0


def _everybody(skill: BaseSkill, item: Item) -> bool:
    return True


class SkillSet:
    """Skills in the order they are asked: by priority, then as they were added.

    Attributes:
        overlap: Whether a skill does anything else than queue what comes while it works.
        debounces: Whether a skill says itself for how long messages are held.

    Args:
        skills: To begin with.
        may_use: Whether the sender of a message or event may use a skill; those who may not never reach it. It is
            called when a handler matches, and by `/help`: it must not count anything.
        command_prefix: What commands start with; may be empty.
        limit: Called once per message and skill when a handler is about to be asked, to count it; gives 0 to go on,
            or the seconds to wait.

    Raises:
        SkillError: a skill cannot be used, or two have one name.
    """

    def __init__(
        self,
        skills: Iterable[BaseSkill] = (),
        *,
        may_use: Callable[[BaseSkill, Item], bool] = _everybody,
        command_prefix: str = "/",
        limit: Callable[[BaseSkill, Item], float] | None = None,
    ) -> None:
        self._may_use = may_use
        self._prefix = command_prefix
        self._limit = limit
        self._bound: dict[str, tuple[BoundHandler, ...]] = {}
        self._skills: tuple[BaseSkill, ...] = ()
        self._ready: list[BaseSkill] = []
        self.overlap = self.debounces = False
        self._for_messages: tuple[BoundHandler, ...] = ()
        self._for_events: tuple[BoundHandler, ...] = ()
        for skill in skills:
            self.add(skill)

    @property
    def command_prefix(self) -> str:
        """What commands start with."""
        return self._prefix

    def __iter__(self) -> Iterator[BaseSkill]:
        """The skills in the order they are asked."""
        return iter(self._skills)

    def __len__(self) -> int:
        return len(self._skills)

    def __contains__(self, name: object) -> bool:
        return name in self._bound

    def add(self, skill: BaseSkill) -> None:
        """Put a skill among the others. If the set is running, call `setup()` again.

        Raises:
            SkillError: it cannot be used, or its name is taken.
        """
        handlers = bind_handlers(skill, self._prefix)
        if skill.name in self._bound:
            raise SkillError(f'there are two skills named {skill.name!r}; give one of them another name, as name="..."')
        self._warn_of_shadowed_commands(handlers)
        self._bound[skill.name] = handlers
        self._arrange((*self._skills, skill))
        skill.installed(self)

    async def remove(self, name: str) -> BaseSkill:
        """Take a skill out, and tear it down if it was set up. What it is doing now goes on.

        Raises:
            SkillError: there is none of that name.
            SkillFailure: its teardown failed; it is out all the same.
        """
        skill = next((skill for skill in self._skills if skill.name == name), None)
        if skill is None or name not in self._bound:
            known = ", ".join(self._bound) or "none"
            raise SkillError(f"there is no skill named {name!r} to remove; there are: {known}")
        del self._bound[name]
        self._arrange(tuple(other for other in self._skills if other is not skill))
        if skill in self._ready:
            self._ready.remove(skill)
            await self._teardown_one(skill)
        return skill

    async def setup(self) -> None:
        """Set up every skill that is not, in order.

        Raises:
            SkillFailure: one failed; those that this call set up are torn down again (not the one that failed).
        """
        begun = len(self._ready)
        for skill in self._skills:
            if skill in self._ready:
                continue
            try:
                await skill.setup()
            except BaseException as error:
                try:
                    await self._teardown_from(begun)
                except ExceptionGroup as others:  # each is logged already; the first failure is the one to tell
                    error.add_note(str(others))
                if isinstance(error, Exception | SystemExit | KeyboardInterrupt):
                    raise SkillFailure(skill.name, "setup", error) from error
                raise
            self._ready.append(skill)

    async def teardown(self) -> None:
        """Tear down every skill that is set up, last first; a failure or cancellation does not spare the rest.

        Raises:
            ExceptionGroup: of the `SkillFailure`s; each is logged too.
        """
        await self._teardown_from(0)

    async def _teardown_from(self, first: int) -> None:
        failures: list[SkillFailure] = []
        interrupted: BaseException | None = None
        while len(self._ready) > first:
            skill = self._ready.pop()
            try:
                await self._teardown_one(skill)
            except SkillFailure as failure:
                failures.append(failure)
            except BaseException as error:  # noqa: BLE001 - cancelled: raised again when all are torn down
                interrupted = error
        if interrupted is not None:
            raise interrupted
        if failures:
            raise ExceptionGroup("skills failed to tear down", failures)

    async def run(self, item: Item, entering: Callable[[BaseSkill], None] | None = None) -> Outcome:
        """Ask the skills until one handles it.

        Args:
            item: A message or an event.
            entering: Called before each skill that is asked.

        Returns:
            What came of it. A stream in it raises `SkillFailure` while it is read if the skill fails then.

        Raises:
            SkillFailure: a handler raised; also `SystemExit`: a skill does not end the process.
        """
        handlers = self._handlers_for(item)
        asked: BaseSkill | None = None
        shut_out: BaseSkill | None = None
        denied: tuple[str, ...] = ()
        for handler in handlers:
            skill = handler.skill
            if skill is shut_out:
                continue
            match = None
            if handler.match is not None:
                match = handler.match(item)
                if match is None:
                    continue
            if skill is not asked:
                if not self._may_use(skill, item):
                    shut_out = skill
                    denied = (*denied, skill.name)
                    continue
                if self._limit is not None and (wait := self._limit(skill, item)) > 0:
                    return Outcome(skill, None, True, handler.name, denied, wait)
                asked = skill
                if entering is not None:
                    entering(skill)
            try:
                content = handler.call(item, match)
                if type(content) is not str and isawaitable(content):
                    content = await content
                    if type(content) is not str and isawaitable(content):  # a plain function gave back a coroutine
                        content = await content
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                raise SkillFailure(skill.name, handler.name, error) from error
            if content is NOT_MINE:
                continue
            if content is not None and not isinstance(content, str) and hasattr(content, "__aiter__"):
                content = guarded_stream(content, skill.name, handler.name)
            return Outcome(skill, content, True, handler.name, denied)
        return Outcome(denied=denied)

    def first(self, message: Message) -> BaseSkill | None:
        """The skill that would be asked first for a message, as far as triggers and permissions tell.

        It need not be the one that answers: it may leave the message to another one (`NOT_MINE`).
        """
        for handler in self._handlers_for(message):
            if handler.match is not None and handler.match(message) is None:
                continue
            if self._may_use(handler.skill, message):
                return handler.skill
        return None

    def _handlers_for(self, item: Item) -> tuple[BoundHandler, ...]:
        if isinstance(item, Message):
            handlers = self._for_messages
            return tuple(one for one in handlers if one.skill.hears_bots) if item.sender.is_bot else handlers
        handlers = self._for_events
        if isinstance(item, ButtonClicked) and not item.verified:
            return tuple(handler for handler in handlers if handler.skill.hears_unverified)
        return handlers

    def entries(self, item: Item) -> tuple[SkillEntry, ...]:
        """The skills that whoever sent `item` may use, for people to read."""
        return tuple(self._entry(skill) for skill in self._skills if self._may_use(skill, item))

    def _entry(self, skill: BaseSkill) -> SkillEntry:
        commands = (handler.condition for handler in self._bound[skill.name])
        return SkillEntry(
            name=skill.name,
            description=skill.description,
            version=skill.version,
            commands=tuple(
                CommandEntry(each.names[0], each.names[1:], each.usage, each.summary)
                for each in commands
                if isinstance(each, Command)
            ),
        )

    def _arrange(self, skills: tuple[BaseSkill, ...]) -> None:
        """New tuples, so that a run in progress keeps the ones it began with."""
        self._skills = tuple(sorted(skills, key=lambda skill: -skill.priority))
        self.overlap = any(skill.on_overlap != Overlap.QUEUE for skill in self._skills)
        self.debounces = any(skill.debounce is not None for skill in self._skills)
        handlers = [handler for skill in self._skills for handler in self._bound[skill.name]]
        self._for_messages = tuple(handler for handler in handlers if not handler.condition.for_events)
        self._for_events = tuple(handler for handler in handlers if handler.condition.for_events)

    def _warn_of_shadowed_commands(self, handlers: tuple[BoundHandler, ...]) -> None:
        taken = {
            name.casefold(): handler.skill.name
            for others in self._bound.values()
            for handler in others
            if isinstance(handler.condition, Command)
            for name in handler.condition.names
        }
        for handler in handlers:
            for name in handler.condition.names if isinstance(handler.condition, Command) else ():
                if name.casefold() in taken:
                    logger.warning(
                        "command %r is in skill %r and in skill %r; only the first of them is asked",
                        name,
                        taken[name.casefold()],
                        handler.skill.name,
                    )

    async def _teardown_one(self, skill: BaseSkill) -> None:
        try:
            await skill.teardown()
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            logger.exception("skill %r failed to tear down", skill.name)
            raise SkillFailure(skill.name, "teardown", error) from error
