"""What a program thinks aloud is told apart from its answer, wherever its output is cut."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge import BridgeOptions, SkillError, Thinking
from imbridge.skills.builtin.agent import CommandAgentSkill
from imbridge.skills.builtin.thinking_tags import ThinkingTags
from imbridge.testing import chat

TAGS = ("<think>", "</think>")


def read(*pieces: str, tags: tuple[str, ...] = TAGS) -> tuple[str, str]:
    """What is thought of these pieces, and what is said."""
    reader = ThinkingTags(tags)
    found = [part for piece in pieces for part in reader.feed(piece)] + list(reader.finish())
    thought = "".join(part.text for part in found if isinstance(part, Thinking))
    return thought, "".join(part for part in found if isinstance(part, str))


@pytest.mark.parametrize(
    ("text", "thought", "said"),
    [
        ("<think>hm</think>\n\nIt is 42.", "hm", "It is 42."),
        ("It is <think>a\nb</think> 42 <think>c</think>\n.", "a\nbc", "It is  42 ."),
        ("<think>never ends", "never ends", ""),
        ("a < b </think> <thin", "", "a < b </think> <thin"),
        ("<think></think>", "", ""),
    ],
)
def test_whole(text: str, thought: str, said: str) -> None:
    assert read(text) == (thought, said)
    assert read(*text) == (thought, said), "one character at a time"
    assert read(text, tags=()) == ("", text)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "think", ">", "\n", "a", "好"])), st.data())
def test_it_does_not_matter_where_it_is_cut(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(*pieces) == read(text)


async def test_a_program_that_thinks_aloud() -> None:
    program = [
        sys.executable,
        "-c",
        "import sys; print('<think>let me see</think>\\n\\nYou said', sys.argv[1])",
        "{text}",
    ]
    async with chat(CommandAgentSkill(program)) as room:
        room.user.says("hello")
        message = await room.user.receives(lambda one: "You said hello" in one.text)
        assert message.entity is not None
        panel, answer = message.entity.card["body"]["elements"][:2]
        assert panel["elements"][0]["text"]["content"] == "let me see"
        assert "think" not in str(answer).replace("thinking", "")


async def test_one_answer_at_the_end_has_none_of_it() -> None:
    program = [sys.executable, "-c", "print('<think>hm</think>\\nYou said it')", "{text}"]
    async with chat(CommandAgentSkill(program, stream=False)) as room:
        room.user.says("hello")
        assert (await room.user.receives()).text == "You said it"


async def test_what_was_thought_before_one_answer_at_the_end_is_told_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    program = [sys.executable, "-c", "print('<think>hm</think>\\nYou said it')", "{text}"]
    skill = CommandAgentSkill(program, stream=False)
    with caplog.at_level("INFO", "imbridge"):
        async with chat(skill) as room:
            room.user.says("hello")
            await room.user.receives("You said it")
    assert "thinking" in caplog.text
    async with chat(skill, options=BridgeOptions(thinking="show")) as room:
        room.user.says("hello")
        assert (await room.user.receives()).text == "> 💭 hm\n\nYou said it"


def test_wrong_settings() -> None:
    with pytest.raises(SkillError, match="thinking is two texts"):
        CommandAgentSkill(["x", "{text}"], thinking=["<think>"])
