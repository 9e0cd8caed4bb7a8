"""Approvals: which definitions we are told of, and what an instance looks like.

Source: open.feishu.cn, server-docs/approval-v4. The platform pushes events of those definitions only that the app has
subscribed to by their code, once and for good: a subscription outlives the process.
"""

import logging
from typing import Any
from urllib.parse import quote

from imbridge.adapters.feishu.calls import Caller
from imbridge.protocol import ImbridgeError

log = logging.getLogger(__name__)

_API = "/open-apis/approval/v4"
_PATIENCE = 10.0


class Approvals:
    """The approvals of one account's tenant. All raise as `Caller.call` does."""

    def __init__(self, caller: Caller) -> None:
        """Over one account's caller."""
        self._caller = caller

    async def subscribe(self, code: str, *, patience: float | None = None) -> None:
        """Be told of a definition's instances and tasks from now on; nothing happens when we are already.

        Args:
            code: The definition's code; it is in the address of its page in the approval's administration.
            patience: Seconds after which passing trouble is given up; the account's `send_timeout` when left out.
        """
        path = f"{_API}/approvals/{quote(code, safe='')}/subscribe"
        await self._caller.call("POST", path, api="approval.subscribe", patience=patience)

    async def unsubscribe(self, code: str) -> None:
        """Be told no more; nothing happens when we are not."""
        path = f"{_API}/approvals/{quote(code, safe='')}/unsubscribe"
        await self._caller.call("POST", path, api="approval.unsubscribe")

    async def instance(self, code: str) -> dict[str, Any]:
        """All that the platform tells of an instance, by its own names: `status`, `form` (JSON text), `task_list`."""
        path = f"{_API}/instances/{quote(code, safe='')}"
        data, _ = await self._caller.call("GET", path, api="approval.instance")
        return data

    async def begin(self) -> None:
        """Subscribe to what the settings name. What fails is a warning: the account has other things to do."""
        for code in self._caller.config.approval_codes:
            try:
                await self.subscribe(code, patience=_PATIENCE)
            except ImbridgeError as error:
                log.warning("%s: no events of approval %s: %s", self._caller.config.key, code, error)
