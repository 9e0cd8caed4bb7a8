"""What is a secret stays one, at the most talkative level of every library's log too."""

import logging

import pytest
from contract import text_part, until
from qq_rig import SECRET, Rig

from imbridge.protocol import AuthError


async def test_neither_secret_nor_token_nor_words_in_any_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = await rig.start()
    await rig.alice.says("canary words", bot=rig.bot)
    await rig.intake.has("canary words")
    rig.qq.faults.expire_tokens()
    await adapter.send(rig.target(answers=rig.intake.items[-1].id), text_part("canary answer"), "1")
    rig.qq.faults.drop_connections(rig.bot)
    await until(lambda: rig.qq.stats.resumes == 1, "a session that goes on")
    rig.qq.close(rig.bot, 4004)
    await until(lambda: rig.qq.stats.resumes == 2, "a session that goes on")
    rig.qq.push_event(rig.bot, "C2C_MESSAGE_CREATE", {"id": ["canary"]})
    await until(lambda: adapter.counters().get("bad_delivery"), "something that cannot be read")
    await adapter.close()
    wrong = rig.make(secret="canary-wrong")
    with pytest.raises(AuthError):
        await wrong.start()
    tokens = list(rig.qq.world.tokens._all)
    assert len(tokens) >= 2
    assert caplog.records
    for secret in (SECRET, "canary", *tokens):
        assert secret not in caplog.text
