"""The pytest plugin, used as its users do: in a test run of its own."""

import pytest

SKILL = """
import asyncio
import pytest
from imbridge import BaseSkill

class Echo(BaseSkill):
    async def handle_message(self, msg):
        if msg.text == "fail":
            raise ValueError("boom")
        if msg.text != "quiet":
            return f"echo: {msg.text}"
"""

FIXTURE = """
@pytest.fixture
def skills():
    return [Echo()]
"""


@pytest.fixture
def run(pytester, monkeypatch):
    # The run must not inherit this one's options (or its workers).
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run_it(test: str, *arguments: str, mode: str | None = "auto"):
        asyncio = f"asyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n" if mode else ""
        pytester.makeini(f"[pytest]\nfilterwarnings = error\n{asyncio}")
        pytester.makepyfile(SKILL + test)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", *arguments, timeout=60)

    return run_it


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_fixtures(run, mode) -> None:
    mark = "@pytest.mark.asyncio\n" if mode == "strict" else ""
    result = run(
        FIXTURE
        + f"""
{mark}async def test_without_await(user):
    user.says("hi")
    await user.receives("echo: hi")

{mark}async def test_in_order(user):
    for text in "abc":
        user.says(text)
    for text in "abc":
        assert (await user.receives()).text == f"echo: {{text}}"

{mark}async def test_silence(user):
    user.says("quiet")
    await user.receives_nothing()

{mark}async def test_a_group_and_faults(imbridge_chat):
    alice, bob = imbridge_chat.group("Alice", "Bob")
    alice.says("hi", mentions_bot=True)
    await bob.receives("echo: hi")
    imbridge_chat.feishu.faults.drop_connections()
    carol = imbridge_chat.person("Carol")
    carol.says("still there?")
    await carol.receives("echo: still there?")
    assert imbridge_chat.bridge.health() == {{"feishu:test": "up"}}
    assert imbridge_chat.feishu.violations == []

{mark}async def test_said_and_not_waited_for(user):
    user.says("hi")
""",
        mode=mode,
    )
    result.assert_outcomes(passed=5)


def test_what_goes_wrong_is_said(run) -> None:
    result = run(
        FIXTURE
        + """
async def test_wrong(user):
    user.says("hi")
    await user.receives("hello", timeout=3)

async def test_too_loud(user):
    user.says("hi")
    await user.receives_nothing(within=3)

async def test_not_json(user):
    user.sends("text", {"text": object()})
    user.says("after it")
    await user.receives("echo: after it", timeout=1)
"""
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*expected a message like 'hello'*", "*'echo: hi'*", "*should have received nothing*"])
    result.stdout.fnmatch_lines(["*object is not JSON serializable*"])


def test_without_a_fixture_of_skills(run) -> None:
    result = run("async def test_it(user):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*define a fixture `skills` that returns the list of skills to test*"])


def test_fixtures_are_listed_with_what_they_are(run) -> None:
    result = run("", "--fixtures")
    result.stdout.fnmatch_lines(["*imbridge_chat*", "*A running bridge with the skills*", "*user*", "*A person in a*"])


def test_loading_the_plugin_costs_nothing(run) -> None:
    result = run(
        """
import sys

def test_what_is_loaded():
    assert "imbridge.testing.plugin" in sys.modules
    assert not {"aiohttp", "lark_oapi", "imbridge.emulators", "imbridge.runtime"} & set(sys.modules)
"""
    )
    result.assert_outcomes(passed=1)


def test_without_pytest_asyncio_it_says_what_to_install(run, pytester, monkeypatch) -> None:
    shadow = pytester.mkdir("shadow")
    (shadow / "pytest_asyncio.py").write_text("raise ImportError('as if it were not installed')")
    monkeypatch.setenv("PYTHONPATH", str(shadow))
    result = run(FIXTURE + "def test_it(user):\n    pass\n", "-p", "no:asyncio", mode=None)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the fixture 'user' needs pytest-asyncio: pip install pytest-asyncio*"])
