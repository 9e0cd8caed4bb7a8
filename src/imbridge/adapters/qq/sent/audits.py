"""Messages that somebody looks at before they are shown: what is decided about them comes as an event.

Source: bot.q.qq.com, "message events": `MESSAGE_AUDIT_PASS` and `MESSAGE_AUDIT_REJECT`, which name the audit.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PASSED, REJECTED = "MESSAGE_AUDIT_PASS", "MESSAGE_AUDIT_REJECT"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: whether it is shown, and the id that it then has."""

    passed: bool
    message_id: str = ""


class Audits:
    """The audits of one bot's messages."""

    def __init__(self) -> None:
        """None yet."""
        self._waiting: dict[str, list[asyncio.Future[Decision]]] = {}
        self._decided: OrderedDict[str, Decision] = OrderedDict()

    def heard(self, kind: str, data: Mapping[str, Any]) -> None:
        """An event came; others than those of audits are none of ours."""
        if kind not in (PASSED, REJECTED) or not isinstance(data, Mapping):
            return
        audit_id = data.get("audit_id")
        if not isinstance(audit_id, str) or not audit_id:
            return
        message_id = data.get("message_id")
        decision = Decision(kind == PASSED, message_id if isinstance(message_id, str) else "")
        self._decided[audit_id] = decision  # it may be here before the answer to the message itself
        if len(self._decided) > _MOST:
            self._decided.popitem(last=False)
        for future in self._waiting.pop(audit_id, ()):
            if not future.done():
                future.set_result(decision)

    async def decision(self, audit_id: str, within: float) -> Decision | None:
        """What is decided within so many seconds; None when nothing is."""
        if (known := self._decided.get(audit_id)) is not None:
            return known
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(audit_id, [])
        waiting.append(future)
        try:
            async with asyncio.timeout(within):
                return await future
        except TimeoutError:
            return None
        finally:
            if future in waiting:
                waiting.remove(future)
            if not waiting and self._waiting.get(audit_id) is waiting:
                del self._waiting[audit_id]


def audit_of(body: Mapping[str, Any]) -> str | None:
    """The id of the audit that a message waits for; None when it waits for none."""
    data = body.get("data")
    audit = data.get("message_audit") if isinstance(data, Mapping) else None
    if not isinstance(audit, Mapping):
        return "" if body.get("code") else None
    found = audit.get("audit_id")
    return found if isinstance(found, str) else ""
