"""Authorisation on another device (RFC 8628): the app shows an address and asks until the person has agreed there.

The open documents do not describe it; paths and fields are those the official SDK uses
(lark_oapi/channel/auth/device_flow.py) and larksuite/openclaw-lark.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imbridge.emulators.common.ids import Ids
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.settings import EmulatorSettings

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User

PAGE = "oauth/v1/device/verify"


@dataclass(slots=True, eq=False)
class DeviceRequest:
    """One request for authorisation. `expires` is of time.monotonic."""

    device_code: str
    user_code: str
    app: App
    scopes: tuple[str, ...]
    expires: float
    user: "User | None" = None
    denied: bool = False
    done: bool = False


class DeviceRequests:
    """All of them; the newest `settings.history` are kept."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._requests: Newest[str, DeviceRequest] = Newest(settings.history)

    def start(self, app: App, scopes: tuple[str, ...]) -> DeviceRequest:
        """A new request."""
        user_code = self._ids.hex("user_code", 8).upper()
        expires = time.monotonic() + self._settings.device_lifetime
        request = DeviceRequest(
            self._ids.hex("device_code", 64), f"{user_code[:4]}-{user_code[4:]}", app, scopes, expires
        )
        self._requests[request.device_code] = request
        return request

    def by_device(self, device_code: str) -> DeviceRequest | None:
        """The request the app asks about."""
        return self._requests.get(device_code)

    def by_user(self, user_code: str) -> DeviceRequest | None:
        """The request whose code the person has."""
        return next((one for one in self._requests.values() if one.user_code == user_code), None)
