"""The skills in docs/skills.md and docs/zh/skills.md, each loaded as it stands there, in a chat."""

import re

import pytest

from imbridge.skills.loading import load_file
from imbridge.testing import chat


@pytest.fixture(params=["docs/skills.md", "docs/zh/skills.md"])
def documented(request, examples, tmp_path):
    """Put the block with a class of this name into a file, and chat with what is in it."""
    text = (examples.parent / request.param).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    def start(name: str):
        (source,) = (block for block in blocks if f"class {name}(BaseSkill)" in block)
        (tmp_path / "skill.py").write_text(source, encoding="utf-8")
        return chat(*load_file(tmp_path / "skill.py"))

    start.chinese = "zh" in request.param
    return start


async def test_echo(documented) -> None:
    async with documented("Echo") as room:
        room.user.says("hi")
        await room.user.receives("hi")


async def test_tools(documented) -> None:
    async with documented("Tools") as room:
        room.user.says("／add 1 2.5")
        await room.user.receives("3.5")
        room.user.sends_image(b"12345")
        answer = await room.user.receives(re.compile(r"5 (bytes|字节)"))
        assert "ou_" in answer.text


async def test_report(documented, until) -> None:
    async with documented("Report") as room:
        room.user.says("go")
        first = await room.user.receives()
        await until(lambda: first.text in ("**Done**", "**完成**"))
        if not documented.chinese:
            second = await room.user.receives(re.compile(": it is done$"))
            assert second.mentions


async def test_weather(documented) -> None:
    async with documented("Weather") as room:
        room.user.says("/weather Paris")
        await room.user.receives(re.compile("^Paris"))
        ann = room.person("Ann")
        ann.says("/weather")
        await ann.receives(re.compile("Which city|哪个城市"))
        ann.says("Rome")
        await ann.receives(re.compile("^Rome"))


async def test_streams(documented, until) -> None:
    async with documented("Weather" if documented.chinese else "Story") as room:
        room.user.says("/story")
        story = await room.user.receives()
        await until(lambda: story.text in ("Once upon a time.", "从前有一条消息。"))
        room.user.says("/report")
        report = await room.user.receives()
        await until(lambda: report.text.endswith(("All is well.", "一切正常。")))
        assert len(room.feishu.messages) == 2


async def test_sessions(documented) -> None:
    if documented.chinese:
        async with documented("Weather") as room:
            room.user.says("/天气 上海")
            await room.user.receives("上海：晴")
            room.user.says("/天气")
            await room.user.receives("上海：晴")
        return
    async with documented("Counter") as room:
        for times in (1, 2):
            room.user.says("hi")
            await room.user.receives(f"You wrote {times} time(s).")


async def test_cards(documented) -> None:
    async with documented("Deploy") as room:
        room.user.says("/deploy v2")
        card = await room.user.receives()
        if documented.chinese:
            assert await room.user.clicks(card, "推迟", form={"day": "明天", "reason": "x"}) == "推迟到 tomorrow"
            assert await room.user.clicks(card, "同意") == "已记录"
            assert card.text.startswith("已处理")
        else:
            toast = await room.user.clicks(card, "Postpone", form={"day": "tomorrow", "reason": "x"})
            assert toast == "Postponed to tomorrow"
            assert await room.user.clicks(card, "Approve") == "Noted"
            assert card.text.startswith("approve: done")
        assert not room.feishu.violations
