"""The example with two bots, as its users start it."""


async def test_one_bot_asks_the_other(feishu, python, examples, until) -> None:
    alice = feishu.add_user("Alice")
    desk, clock = feishu.add_app(name="Desk"), feishu.add_app(name="Clock")
    group = feishu.add_group("Team", members=[alice], apps=[desk, clock])
    settings = {
        "DESK_APP_ID": desk.app_id,
        "DESK_APP_SECRET": desk.app_secret,
        "CLOCK_APP_ID": clock.app_id,
        "CLOCK_APP_SECRET": clock.app_secret,
        "FEISHU_BASE_URL": feishu.base_url,
    }
    async with python("two_bots.py", cwd=examples, extra=settings):
        await until(lambda: feishu.connections(desk) and feishu.connections(clock))
        await alice.says("what time is it?", chat=group, mentions=[desk])
        asked = await alice.receives("@Clock what time is it?", chat=group)
        told = await alice.receives(lambda message: message.app_id == clock.app_id, chat=group)
        last = await alice.receives(lambda message: message.text.startswith("Clock says: it is "), chat=group)
    assert told.parent_id == asked.message_id
    assert last.parent_id == told.message_id
    assert feishu.violations == []
