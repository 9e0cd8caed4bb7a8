"""What the tests of the error tables share: an adapter that does not wait as long as a table says, and calls."""

import json
from dataclasses import replace
from typing import Any

from dingtalk_rig import Rig

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.errcode_calls import Answer
from imbridge.transport import ErrorTable

SEND = "*/oToMessages/batchSend"
ASK = "*/topapi/v2/user/get"
HI = {"msgKey": "sampleText", "msgParam": json.dumps({"content": "hi"})}


def hurried(table: ErrorTable) -> ErrorTable:
    """The same table with waits that a test can afford."""
    return ErrorTable(replace(rule, delay=None, max_delay=0.05) for rule in table)


def in_a_hurry(rig: Rig, **settings: Any) -> DingTalkAdapter:
    """An adapter that is not started, with such tables."""
    adapter = rig.make(**settings)
    for caller in (adapter.api.caller, adapter.api.oapi):
        caller.api = replace(caller.api, errors=hurried(caller.api.errors))
    return adapter


def member(row: int | str) -> int | str:
    """A code of a row's family; the code itself when it is none."""
    text = str(row)
    if not text.endswith("*"):
        return row
    return int(text[:-1] + "7") if text[:-1].isdigit() else text[:-1] + "whatever"


async def say_hi(rig: Rig, adapter: DingTalkAdapter) -> Answer:
    """A message by the API."""
    return await adapter.api.send_to_users([rig.alice.userid], dict(HI))


async def ask(rig: Rig, adapter: DingTalkAdapter, **options: Any) -> Answer:
    """A question to the older API."""
    path, asked = "/topapi/v2/user/get", {"userid": rig.alice.userid}
    return await adapter.api.oapi.call("POST", path, json=asked, limits=adapter.api.limits(path), **options)
