"""The example that tells people on QQ what happens, as its users start it."""

from collections.abc import AsyncIterator

import pytest

from imbridge.emulators.qq import Bot, QQEmulator


@pytest.fixture
async def qq() -> AsyncIterator[QQEmulator]:
    async with QQEmulator() as emulator:
        yield emulator


def settings(qq: QQEmulator, bot: Bot) -> dict[str, str]:
    return {
        "QQ_APP_ID": bot.app_id,
        "QQ_SECRET": bot.secret,
        "QQ_API_BASE_URL": qq.base_url,
        "QQ_TOKEN_URL": qq.token_url,
    }


async def test_what_cannot_be_said_is_said_as_one_when_somebody_writes(qq, python, examples) -> None:
    bot, alice = qq.add_bot("Bot"), qq.add_user("Alice")
    to = f"qq:default/private/{alice.openid_for(bot)}"
    async with python("qq_alerts.py", to, cwd=examples, extra=settings(qq, bot), reading=True) as process:
        await process.reads("the backup begins")
        await process.logs("kept until somebody writes there")  # refused unasked, and as a wake-up
        assert not qq.stats.messages
        await process.reads("the backup failed")
        await process.reads("the disk is full")
        await alice.says("hello?", bot=bot)
        first = await alice.receives("the backup begins", bot=bot)
        second = await alice.receives(bot=bot)
        assert await process.ended() == (0, "")
    assert (first.active, second.active) == (False, False)
    assert second.text == "the backup failed\nthe disk is full"
    assert not qq.violations


async def test_it_tells_where_somebody_is(qq, python, examples, until) -> None:
    bot, alice = qq.add_bot("Bot"), qq.add_user("Alice")
    async with python("qq_alerts.py", cwd=examples, extra=settings(qq, bot)):
        await until(lambda: qq.connections(bot))
        await alice.says("/where", bot=bot)
        await alice.receives(f"qq:default/private/{alice.openid_for(bot)}", bot=bot)


async def test_a_refusal_is_an_exit_status_and_a_reason(qq, python, examples) -> None:
    bot = qq.add_bot("Bot")
    arguments = ("qq_alerts.py", "qq:default/channel/1")
    async with python(*arguments, cwd=examples, extra=settings(qq, bot), reading=True) as process:
        await process.reads("hello")
        status, _ = await process.ended()
    assert status == 1
    assert "qq:default/channel/1" in process.log
    assert "Traceback" not in process.log
    assert bot.secret not in process.log


async def test_used_wrongly_it_says_how(python, examples) -> None:
    async with python("qq_alerts.py", cwd=examples) as process:
        status, _ = await process.ended()
    assert status == 1
    assert "QQ_APP_ID" in process.log
    assert "Traceback" not in process.log
