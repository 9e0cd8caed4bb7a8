"""Messages that become one where the platform waits for the answer to each of them: the answer goes to the last."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from full_stages import STAGES
from runtime_world import counts, skill, until
from served import served

from imbridge import Bridge, BridgeOptions


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("wecom app", {"passive_reply": 4.0}),
        ("wechat", {"passive_reply": 4.0}),
        ("wecom bot", {}),
        ("wecom bot callback", {}),
        ("dingtalk", {}),
        ("qq", {}),
    ],
)
async def test_one_answer_for_all(name: str, more: dict[str, Any]) -> None:
    heard: list[Any] = []

    async def answer(msg: Any) -> str:
        heard.append(msg)
        return f"did {msg.text}"

    options = BridgeOptions(debounce=0.5, typing_after=None)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(STAGES[name]())
        own = stage.account.model_copy(update=more)
        bridge = await stack.enter_async_context(Bridge([own], skills=[skill(answer)], options=options))
        if stage.set_callback is not None:
            await stage.set_callback(await stack.enter_async_context(served(bridge.asgi())))
        async with asyncio.TaskGroup() as group:
            for number, text in enumerate(("one", "two", "three"), 1):
                group.create_task(stage.says(0, text))
                await until(lambda number=number: counts(bridge)["accepted"] == number)
            await until(stage.answers)
        await until(lambda: bridge._handling.inbox.idle)
        assert [msg.text for msg in heard] == ["one\ntwo\nthree"]
        assert len(heard[0].joined) == 3
        assert [text for text in stage.answers() if text] == ["did one\ntwo\nthree"]
        assert not stage.platform.violations
