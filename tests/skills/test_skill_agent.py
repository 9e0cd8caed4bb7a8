"""The agent skill against real programs: what they are given, what comes back, and settings."""

import json
import logging
import sys

import pytest
from agent_programs import answer, python

from imbridge.protocol import ChannelKind, Image, SkillError
from imbridge.skills import SkillSet
from imbridge.skills.builtin import CommandAgentSkill
from imbridge.skills.builtin.command_template import CommandTemplate, clean

SHOW_ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"
pytestmark = pytest.mark.usefixtures("nothing_is_left")


# -- what the program is given ---------------------------------------------------------------------------------------


async def test_the_template_is_filled(say):
    skill = python(SHOW_ARGUMENTS, "--session", "{session}", "--from={sender}", "in {channel}", "{text}", "{other}")
    arguments = json.loads(await answer(skill, say("hi {session}")))
    assert arguments[1].startswith("im-")
    assert arguments[2:] == ["--from=u1", "in console:a/private/c1", "hi {session}", "{other}"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "text",
    ["; rm -rf /", "$(id) `id` | cat > x && y", "a\nb\r\n'c' \"d\"", "\\", "%PATH% ${HOME}", "{sender}", "你好 🦞",
     "x " * 50_000],
)  # fmt: skip
async def test_hostile_text_is_one_argument(say, text, stream):
    skill = python(SHOW_ARGUMENTS, "{text}", stream=stream, max_output=10**6)
    assert json.loads(await answer(skill, say(text))) == [text]


async def test_what_no_argument_can_hold_is_left_out(say):
    skill = python(SHOW_ARGUMENTS, "{text}")
    assert json.loads(await answer(skill, say("a\0b\ud800c"))) == ["ab?c"]


@pytest.mark.parametrize(
    ("template", "allow", "expected"),
    [
        (["{text}"], False, [" --flag"]),
        (["{text} x"], False, [" --flag x"]),
        (["--message={text}"], False, ["--message=--flag"]),
        (["-m{text}"], False, ["-m--flag"]),
        (["--message", "{text}"], False, ["--message", " --flag"]),
        (["--", "{text}"], False, ["--", "--flag"]),
        (["{text}", "--", "{text}"], False, [" --flag", "--", "--flag"]),
        (["{text}"], True, ["--flag"]),
    ],
)
async def test_a_text_does_not_become_an_option(say, template, allow, expected):
    skill = python(SHOW_ARGUMENTS, "x", *template, allow_options=allow)
    assert json.loads(await answer(skill, say("--flag"))) == ["x", *expected]


def test_a_text_of_two_dashes_does_not_end_the_options_for_the_next():
    filled = CommandTemplate(["p", "{text}", "{sender}"]).fill({"text": "--", "sender": "-x"})
    assert filled == ["p", " --", " -x"]


async def test_the_text_on_standard_input(say):
    echo = "import sys; sys.stdout.write(sys.stdin.read())"
    skill = python(echo, stdin="{sender} says: {text}\n", max_output=10**6)
    assert await answer(skill, say("--flag\0 你好")) == "u1 says: --flag 你好"
    long = "字" * 200_000
    assert await answer(skill, say(long)) == f"u1 says: {long}"


async def test_a_program_that_does_not_read_its_input(say):
    skill = python("print('done')", stdin="{text}")
    assert await answer(skill, say("x" * 1_000_000)) == "done"


async def test_a_text_too_long_for_an_argument_is_answered_politely(say):
    assert "too long" in await answer(python(SHOW_ARGUMENTS, "{text}"), say("字" * 50_000))


async def test_only_allowed_environment_reaches_it(say, monkeypatch):
    monkeypatch.setenv("FEISHU_APP_SECRET", "s3cret")
    monkeypatch.setenv("LETTER", "a")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = json.loads(await answer(python(code, "{text}"), say("x")))
    assert "PATH" in seen
    assert not {"FEISHU_APP_SECRET", "LETTER"} & set(seen)
    skill = python(code, "{text}", env=["LETTER"], set_env={"COLOUR": "red"})
    seen = json.loads(await answer(skill, say("x")))
    assert {"LETTER": "a", "COLOUR": "red"}.items() <= seen.items()
    assert "HOME" not in seen


async def test_the_working_directory(say, tmp_path):
    skill = python("import os; print(os.getcwd())", "{text}", cwd=tmp_path)
    await skill.setup()
    assert await answer(skill, say("x")) == str(tmp_path)


async def test_one_session_per_conversation_and_a_new_one_on_demand(say):
    skill = python("import sys; print(sys.argv[1])", "{session}", "{text}")
    skills = SkillSet([skill])

    async def session(message):
        return "".join([piece async for piece in (await skills.run(message)).content])

    first = await session(say("a"))
    assert await session(say("b")) == first
    other = await session(say("a", chat="c2"))
    group = await session(say("a", kind=ChannelKind.GROUP))
    assert (await skills.run(say("/new"))).content == "All right, we start afresh."
    second = await session(say("a"))
    assert len({first, other, group, second}) == 4
    assert await session(say("b")) == second
    assert "c1" not in first


# -- what comes back -------------------------------------------------------------------------------------------------


async def test_it_streams_as_the_program_prints(say, tmp_path):
    code = f"""
import os, time
print("one", flush=True)
while not os.path.exists({str(tmp_path / "go")!r}): time.sleep(0.01)
print("two", flush=True)
"""
    stream = await python(code, "{text}").handle_message(say("x"))
    assert await anext(stream) == "one"
    (tmp_path / "go").touch()
    assert [piece async for piece in stream] == ["\ntwo"]


async def test_patterns_and_colours(say):
    code = "print('banner'); print('\\x1b[36m│\\x1b[0m ◇ hello'); print('└')"
    skill = python(code, "{text}", keep=[r"│ ◇\s*(.*)"], drop=["^└"], stream=False)
    assert await answer(skill, say("x")) == "hello"


async def test_a_long_answer_is_cut_with_a_note(say):
    skill = python("print('x' * 1000000)", "{text}", max_output=100)
    text = await answer(skill, say("x"))
    assert text == "x" * 100 + "\n\n(The answer was too long; these are its first 100 characters.)"


async def test_a_failure_is_polite_and_its_stderr_goes_to_the_log(say, caplog):
    code = "import sys; print('half', flush=True); print('y' * 9000 + 'db password', file=sys.stderr); sys.exit(3)"
    with caplog.at_level(logging.WARNING):
        text = await answer(python(code, "{text}"), say("x"))
    assert text == "half\n\nSorry, the program failed. Please try again; if it goes on, tell the administrator."
    assert "status 3" in caplog.text
    assert "db password" in caplog.text
    assert "y" * 5000 not in caplog.text


async def test_no_answer_is_said(say):
    assert "no answer" in await answer(python("", "{text}"), say("x"))


async def test_what_is_not_text_is_not_given_to_the_program(say):
    skill = python(SHOW_ARGUMENTS, "{text}")
    assert await answer(skill, say("", Image(key="k"))) == "I can only read text."
    assert await answer(skill, say("  ")) == "I can only read text."


async def test_a_program_that_cannot_be_started(say, tmp_path, caplog):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho hi\n")
    program.chmod(0o755)
    skill = CommandAgentSkill([str(program), "{text}"], language="en")
    await skill.setup()
    assert await answer(skill, say("x")) == "hi"
    program.unlink()
    with caplog.at_level(logging.ERROR):
        assert "the program failed" in await answer(skill, say("x"))
    assert "cannot be started" in caplog.text


# -- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("agent {text}", {}, "must be a list"),
        ([], {}, "must be a list"),
        (["agent", 7, "{text}"], {}, "must be a list"),
        (["{text}"], {}, "must be written out"),
        (["", "{text}"], {}, "must be written out"),
        (["agent"], {}, "is not told the text"),
        (["agent"], {"stdin": "x"}, "is not told the text"),
        (["agent", "{text}"], {"timeout": 0}, "timeout is 0"),
        (["agent", "{text}"], {"timeout": float("nan")}, "timeout is nan"),
        (["agent", "{text}"], {"concurrency": 0}, "concurrency is 0"),
        (["agent", "{text}"], {"queue": -1}, "queue is -1"),
        (["agent", "{text}"], {"keep": ["("]}, "keep holds a wrong expression"),
        (["agent", "{text}"], {"drop": "^x"}, r"write \['\^x'\]"),
        (["agent", "{text}"], {"language": "fr"}, "language 'fr'"),
    ],
)
def test_wrong_settings_are_refused(command, options, told):
    with pytest.raises(SkillError, match=told):
        CommandAgentSkill(command, **options)


async def test_setup_looks_for_the_program(tmp_path):
    with pytest.raises(SkillError, match="no program 'no-such-program-here'"):
        await CommandAgentSkill(["no-such-program-here", "{text}"]).setup()
    with pytest.raises(SkillError, match="correct `cwd`"):
        await CommandAgentSkill([sys.executable, "{text}"], cwd=tmp_path / "none").setup()
    (tmp_path / "here").write_text("#!/bin/sh\n")
    (tmp_path / "here").chmod(0o755)
    await CommandAgentSkill(["./here", "{text}"], cwd=tmp_path).setup()


def test_clean_keeps_what_can_be_said():
    assert clean("a\0\n你\ud800") == "a\n你?"
