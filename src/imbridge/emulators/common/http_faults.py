"""Faults of an API that is asked over HTTP."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from imbridge.emulators.common.fault import Fault
from imbridge.emulators.common.faults import FaultRegistry


class HttpFaults(FaultRegistry):
    """Faults by patterns of the path: `http_fail` and `http_delay` are set, the platform's HTTP door asks the rest."""

    def http_fail(
        self,
        path_pattern: str,
        status: int,
        times: int | None = 1,
        body: str | bytes = "",
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> Fault:
        """Requests whose path fits (`*` and `?` as in file names) are answered with this, unhandled."""
        facts = {"pattern": path_pattern, "status": status, "body": body, "headers": dict(headers or {})}
        return self._add("http_fail", times, **facts, method=method)

    def http_delay(
        self,
        path_pattern: str,
        seconds: float,
        times: int | None = 1,
        *,
        accepted: bool = False,
        method: str | None = None,
    ) -> Fault:
        """Requests whose path fits are handled late; with `accepted=True` handled at once and answered late."""
        kind = "accepted_delay" if accepted else "http_delay"
        return self._add(kind, times, pattern=path_pattern, seconds=seconds, method=method)

    def lose_answer(self, path_pattern: str, times: int | None = 1, *, method: str | None = None) -> Fault:
        """Requests whose path fits are handled, then the HTTP connection is cut before the answer."""
        return self._add("lose_answer", times, pattern=path_pattern, method=method)

    # --- asked by the HTTP door ---------------------------------------------------------------------------------------

    async def delay_request(self, path: str, method: str = "") -> None:
        """Waits before a request is handled, if it is to be handled late."""
        await self._wait("http_delay", path, method)

    def failure(self, path: str, method: str = "") -> web.Response | None:
        """What a request is answered with instead of being handled."""
        fault = self.take("http_fail", path, method=method)
        if fault is None:
            return None
        body = fault.facts["body"]
        return web.Response(
            body=body.encode() if isinstance(body, str) else body,
            status=fault.facts["status"],
            headers=fault.facts["headers"],
        )

    async def delay_answer(self, path: str, method: str = "") -> None:
        """Waits when a request has been handled, if it is to be answered late."""
        await self._wait("accepted_delay", path, method)

    def cut_answer(self, request: web.BaseRequest, path: str) -> None:
        """Cuts the connection of a request that was handled, if its answer is to be lost."""
        if self.take("lose_answer", path, method=request.method) is not None and request.transport is not None:
            request.transport.abort()

    async def _wait(self, kind: str, path: str, method: str) -> None:
        fault = self.take(kind, path, method=method)
        if fault is not None:
            await asyncio.sleep(fault.facts["seconds"])
