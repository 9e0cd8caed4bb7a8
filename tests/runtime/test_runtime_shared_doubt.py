"""Two bridges on one database, and a commit of which its process cannot tell whether it was done."""

import asyncio
from typing import Any

from benchmarks.nodes.database import COMMIT
from databases import Place, database_of
from runtime_world import account, skill, texts, until
from wire import wired

from imbridge import Bridge, BridgeOptions

database = database_of("postgresql", "mariadb")


def bridge(feishu: Any, app: Any, database: Place, by: str) -> Bridge:
    async def answer(msg: Any) -> str:
        return f"{msg.text} by {by}"

    storage = database.storage(shared=True, lease=60.0)
    options = BridgeOptions(typing_after=None)
    return Bridge([account(feishu, app)], skills=[skill(answer)], storage=storage, options=options)


async def test_what_one_process_may_have_stored_and_another_acknowledges_is_answered(feishu, database) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with wired(database) as (wire, over), bridge(feishu, app, over, "one"):
        await alice.says("before")
        await alice.receives("before by one")
        await asyncio.sleep(0.1)
        wire.loses_all, wire.lose_answer_to = True, COMMIT[database.kind]
        await alice.says("in doubt")
        await until(lambda: feishu.stats.acks_failed > 0, what="the first process cannot tell")
        async with bridge(feishu, app, database, "other"):
            acknowledged = feishu.stats.acks_ok
            await until(lambda: feishu.stats.acks_ok > acknowledged, timeout=20, what="the other knows it")
            wire.loses_all = False
            await wire.up()
            await until(lambda: len(feishu.messages) == 2, timeout=20, what="it is answered")
            await alice.says("behind")
            await until(lambda: len(feishu.messages) == 3, timeout=20)
            assert [text.partition(" by ")[0] for text in texts(feishu)] == ["before", "in doubt", "behind"]
