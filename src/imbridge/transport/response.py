from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from yarl import URL

from imbridge.transport.errors import HttpError, place


@dataclass(slots=True)  # one per message: not frozen, which would triple the cost of making it
class HttpResponse:
    """A whole answer, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "GET"
    url: str | URL = field(default="", repr=False)

    def json(self) -> Any:
        """Parse the body.

        Raises:
            HttpError: The body is not JSON, as when a gateway answers with a page of HTML; `status` tells which.
        """
        try:
            return from_json(self.body, allow_inf_nan=False)
        except ValueError:
            pass  # raised below, so that no excerpt of the body travels along as the cause
        kind = self.headers.get("Content-Type", "no content type")[:80]
        what = f"{self.method} {place(self.url)}"
        message = f"{what} answered {self.status} with {len(self.body)} bytes of {kind}, not JSON"
        raise HttpError(message, sent=True, status=self.status, headers=self.headers)
