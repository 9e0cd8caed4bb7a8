"""What a skill keeps in a conversation is written when a message changed it, and only then."""

from pathlib import Path
from typing import Any

import pytest
from runtime_world import account, skill, texts, until

from imbridge import Bridge
from imbridge.runtime.session import Session
from imbridge.storage import MemoryStorage, SqlStorage


class Counting(SqlStorage):
    """Counts what is written."""

    saved = 0

    async def save_session(self, lane: str, state: dict[str, dict[str, Any]]) -> None:
        self.saved += 1
        await super().save_session(lane, state)


async def notebook(msg: Any) -> str:
    """`add WORD` keeps a word, `look` looks at them, all else leaves them alone."""
    what, _, word = msg.text.partition(" ")
    if what == "add":
        msg.session.setdefault("words", []).append(word)
    elif what == "ask":
        msg.session["last"] = (await msg.ask("?", timeout=30)).text
    elif what == "clear":
        msg.session.clear()
    elif what != "look":
        return "left alone"
    return str(dict(msg.session))


async def test_only_what_a_message_changed_is_written(feishu, tmp_path: Path) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")

    async def said(*texts_of_alice: str) -> list[str]:
        already = len(texts(feishu))
        for number, text in enumerate(texts_of_alice, 1):
            await alice.says(text)
            await until(lambda number=number: len(texts(feishu)) == already + number)
        return texts(feishu)[already:]

    async def round_of(*asked: str) -> tuple[list[str], int]:
        storage = Counting(tmp_path / "bot.db")
        async with Bridge([account(feishu, app)], skills=[skill(notebook)], storage=storage):
            answers = await said(*asked)
        return answers, storage.saved

    assert await round_of("hello", "look", "clear") == (["left alone", "{}", "{}"], 0)
    kept = "{'words': ['a']}"
    assert await round_of("add a", "look", "hello", "look") == ([kept, kept, "left alone", kept], 1)
    assert await round_of("look", "add b") == ([kept, "{'words': ['a', 'b']}"], 1)
    assert await round_of("ask", "b") == (["?", "{'words': ['a', 'b'], 'last': 'b'}"], 1)
    assert await round_of("ask", "b", "clear", "clear") == (["?", "{'words': ['a', 'b'], 'last': 'b'}", "{}", "{}"], 1)
    assert await round_of("look") == (["{}"], 0)


async def test_in_memory_too(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(notebook)], storage=MemoryStorage()):
        for number, text in enumerate(("add a", "add b"), 1):
            await alice.says(text)
            await until(lambda number=number: len(texts(feishu)) == number)
    assert texts(feishu)[-1] == "{'words': ['a', 'b']}"


class TestChanged:
    @pytest.mark.parametrize("state", [None, {}, {"other": {}}, {"test": {"n": 1}}, {"test": {"a": {"b": [1, 2]}}}])
    def test_looking_changes_nothing(self, state: dict[str, dict[str, Any]] | None) -> None:
        session = Session(state)
        assert session.changed is None
        assert session.of("test").get("b") is None
        assert session.changed is None

    def test_a_value_inside_a_value(self) -> None:
        session = Session({"test": {"a": {"b": [1, 2]}}, "other": {"n": 1}})
        session.of("test")["a"]["b"].append(3)
        assert session.changed == {"test": {"a": {"b": [1, 2, 3]}}, "other": {"n": 1}}

    def test_the_last_value_that_is_taken_out(self) -> None:
        session = Session({"test": {"n": 1}})
        session.of("test").clear()
        assert session.changed == {"test": {}}

    def test_of_several_skills(self) -> None:
        session = Session({})
        session.of("one")
        session.of("two")["n"] = 1
        assert session.changed == {"one": {}, "two": {"n": 1}}

    def test_what_is_no_json_is_left_to_the_storage(self) -> None:
        session = Session({})
        session.of("test")["n"] = object()
        assert session.changed is session.state
