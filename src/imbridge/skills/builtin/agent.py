"""Answers with what a command-line program prints: any agent that has a command line becomes a bot."""

import asyncio
import hashlib
import logging
import os
import re
import shutil
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from imbridge.config.options import Language
from imbridge.protocol import Message, SkillError, Thinking
from imbridge.skills.base import BaseSkill
from imbridge.skills.builtin.agent_words import WORDS
from imbridge.skills.builtin.command_template import ArgumentTooLongError, CommandTemplate
from imbridge.skills.builtin.language import check_language
from imbridge.skills.builtin.output import Output
from imbridge.skills.builtin.process import run_program
from imbridge.skills.builtin.thinking_tags import ThinkingTags
from imbridge.skills.triggers import on_command

logger = logging.getLogger(__name__)

PASSED_ENV = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
    "SYSTEMROOT", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
)  # fmt: skip
"""Environment variables a program gets unless told otherwise: where things are, and no secret of ours."""


class CommandAgentSkill(BaseSkill):
    r"""Gives each text to a program and answers with its output.

    One session id per conversation is filled in for `{session}`, so that the program can remember; `/new` begins
    another. A program never runs through a shell; see `CommandTemplate` for what a hostile text can and cannot do, and
    `run_program` for how it is ended.

    Args:
        command: Program and arguments, with the places `{text}`, `{session}`, `{sender}` (the sender's id) and
            `{channel}` (the conversation's address): `["clawdbot", "agent", "--session-id", "{session}",
            "--message={text}"]`.
        name: The skill's name.
        description: One line for the help.
        stdin: What the program reads, with the same places, such as `"{text}"`; None gives it nothing to read.
        timeout: Seconds one answer may take.
        grace: Seconds between asking the program to end and killing it.
        env: Names of the environment variables it gets from ours.
        set_env: Variables it gets besides.
        cwd: Its working directory; None for ours.
        keep: Regular expressions; see `Output`. `[r"│ ◇\s*(.*)"]` keeps what follows Clawdbot's prefix.
        drop: Regular expressions of lines to leave out.
        thinking: What stands around what the program thinks aloud; it is shown apart from the answer where the platform
            can, see `Thinking`. Empty: all that it prints is its answer.
        stream: Answer while it prints; False answers once, at the end, where nothing is thought apart from the answer.
        max_output: Characters of an answer; the rest is left out, and the answer says so.
        concurrency: Programs at once; more messages wait in order.
        queue: Messages that may wait; more are told to come back later.
        allow_options: A text beginning with `-` may become an option of the program.
        language: In which it says that something went wrong: `zh` or `en`.

    Raises:
        SkillError: a setting cannot be used.
    """

    name = "agent"
    description = "answers with a command-line agent"
    version = "1.0"
    priority = -10

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str = "agent",
        description: str | None = None,
        stdin: str | None = None,
        timeout: float = 120.0,
        grace: float = 2.0,
        env: Iterable[str] = PASSED_ENV,
        set_env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        keep: Sequence[str] = (),
        drop: Sequence[str] = (),
        thinking: Sequence[str] = ("<think>", "</think>"),
        stream: bool = True,
        max_output: int = 20_000,
        concurrency: int = 2,
        queue: int = 16,
        allow_options: bool = False,
        language: str = Language.ENGLISH,
    ) -> None:
        super().__init__(name=name, description=description)
        self._template = CommandTemplate(command, allow_options=allow_options)
        self._stdin = None if stdin is None else CommandTemplate(["stdin", stdin], allow_options=True, limit=None)
        if not self._template.uses_text and not (self._stdin and self._stdin.uses_text):
            raise SkillError(f"skill {name!r}: the program is not told the text; write {{text}} in command or stdin")
        for setting, value, least in (
            ("timeout", timeout, 0.001), ("grace", grace, 0), ("max_output", max_output, 1),
            ("concurrency", concurrency, 1), ("queue", queue, 0),
        ):  # fmt: skip
            if not value >= least:
                raise SkillError(f"skill {name!r}: {setting} is {value}; it must be at least {least}")
        self._timeout = timeout
        self._grace = grace
        self._env = tuple(env)
        self._set_env = dict(set_env or {})
        self._cwd = None if cwd is None else str(Path(cwd).expanduser())
        self._keep = _compiled(name, "keep", keep)
        self._drop = _compiled(name, "drop", drop)
        if len(thinking) not in (0, 2) or not all(thinking):
            raise SkillError(f"skill {name!r}: thinking is two texts, what it begins and ends with; or [] for none")
        self._thinking = tuple(thinking)
        self._stream = stream
        self._max_output = max_output
        self._concurrency = concurrency
        self._queue = queue
        self._words = WORDS[check_language(language, name)]
        self._slots = asyncio.Semaphore(concurrency)
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    async def setup(self) -> None:
        """Check that there is such a program.

        Raises:
            SkillError: there is not, or its working directory does not exist.
        """
        if self._cwd is not None and not Path(self._cwd).is_dir():  # noqa: ASYNC240 - once, before the first message
            raise SkillError(f"skill {self.name!r}: the working directory {self._cwd} does not exist; correct `cwd`")
        program = self._template.program
        # a relative path means: seen from the program's working directory
        seen = os.path.join(self._cwd or "", program) if os.path.dirname(program) else program  # noqa: PTH118, PTH120 - "./agent" must stay a path
        if shutil.which(seen, path=self._environment().get("PATH", os.defpath)) is None:
            raise SkillError(
                f"skill {self.name!r}: there is no program {program!r}; install it, or write its full path"
            )
        self._slots = asyncio.Semaphore(self._concurrency)
        self._closed = False

    async def teardown(self) -> None:
        """End the programs that run; those whose answer is under way are told that it was broken off."""
        self._closed = True
        running = set(self._running)
        for task in running:
            if not task.cancelling():  # a second time would shorten its grace
                task.cancel()
        if running:
            await asyncio.wait(running)

    async def handle_message(self, msg: Message) -> str | AsyncIterator[str | Thinking] | None:
        """Run the program; a stream of its output, or all of it at its end."""
        if msg.content_type not in ("text", "markdown") or not msg.text.strip():
            return self._words["text_only"]
        values = {
            "text": msg.text,
            "session": self._session(msg),
            "sender": msg.sender.id,
            "channel": msg.channel.address,
        }
        try:
            command = self._template.fill(values)
        except ArgumentTooLongError:
            return self._words["too_long"]
        stdin = None if self._stdin is None else self._stdin.fill(values)[1].encode()
        pieces = self._answer(command, stdin)
        if self._stream:
            return pieces
        async with aclosing(pieces), msg.stream(grows=False) as out:
            async for piece in pieces:
                await (out.think(piece.text) if isinstance(piece, Thinking) else out.write(piece))
        return None

    @on_command("new", aliases=("新会话",), summary="begins a new conversation")
    async def new(self, msg: Message) -> str:
        """Forget the session: the next message gets another id."""
        msg.session["conversation"] = uuid.uuid4().hex
        return self._words["new"]

    def _session(self, msg: Message) -> str:
        conversation = msg.session.get("conversation", "")
        text = f"{self.name}\n{msg.channel.address}\n{conversation}"
        return f"im-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def _environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in self._env if name in os.environ} | self._set_env

    async def _answer(self, command: Sequence[str], stdin: bytes | None) -> AsyncGenerator[str | Thinking]:
        """The pieces, from a task of its own: how fast they are read must not slow the program or its time-out."""
        if self._closed:
            yield self._words["stopped"]
            return
        if len(self._running) >= self._concurrency + self._queue:
            yield self._words["busy"]
            return
        pieces: asyncio.Queue[str | Thinking | None] = asyncio.Queue()  # bounded by max_output
        task = asyncio.get_running_loop().create_task(
            self._run(command, stdin, pieces), name=f"skill {self.name}: {self._template.program}"
        )
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: pieces.put_nowait(None))
        written = False
        try:
            while (piece := await pieces.get()) is not None:
                written = True
                yield piece
            if task.cancelled():
                yield f"\n\n{self._words['stopped']}" if written else self._words["stopped"]
            else:
                task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _run(
        self, command: Sequence[str], stdin: bytes | None, pieces: asyncio.Queue[str | Thinking | None]
    ) -> None:
        output = Output(self._keep, self._drop, limit=self._max_output)
        tags = ThinkingTags(self._thinking)
        written = False

        def put(parts: Iterable[str | Thinking]) -> None:
            nonlocal written
            for part in parts:
                written = written or isinstance(part, str)
                pieces.put_nowait(part)

        def show(text: str) -> None:
            put(tags.feed(text))

        def note(word: str) -> None:
            put([f"\n\n{self._words[word]}" if written else self._words[word]])

        async with self._slots:
            try:
                ended = await run_program(
                    command,
                    on_output=lambda data: show(output.feed(data)),
                    stdin=stdin,
                    env=self._environment(),
                    cwd=self._cwd,
                    timeout=self._timeout,
                    grace=self._grace,
                )
            except (OSError, ValueError) as error:
                logger.error("skill %r: %s cannot be started: %s", self.name, command[0], error)  # noqa: TRY400 - the line says it all
                note("failed")
                return
        show(output.finish())
        put(tags.finish())
        if output.cut:
            put([f"\n\n{self._words['cut'].format(limit=self._max_output)}"])
        failed = ended.timed_out or ended.status != 0
        logger.log(
            logging.WARNING if failed else logging.DEBUG,
            "skill %r: %s ended with status %s%s; the end of its stderr: %r",
            self.name,
            command[0],
            ended.status,
            f" after the time-out of {self._timeout:g} s" if ended.timed_out else "",
            ended.stderr,
        )
        if ended.timed_out:
            note("timeout")
        elif failed:
            note("failed")
        elif not written:
            note("nothing")


def _compiled(skill: str, setting: str, patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    if isinstance(patterns, str):
        raise SkillError(f"skill {skill!r}: {setting} is one string; write [{patterns!r}]")
    try:
        return tuple(re.compile(pattern) for pattern in patterns)
    except re.error as error:
        raise SkillError(f"skill {skill!r}: {setting} holds a wrong expression, {error.pattern!r}: {error}") from error
