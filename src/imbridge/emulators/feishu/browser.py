"""A person's browser at an authorisation address."""

import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from imbridge.emulators.feishu import device_flow
from imbridge.emulators.feishu.consent import PAGE, ConsentPage, ConsentPageError, read_page
from imbridge.emulators.feishu.device_flow import DeviceRequest
from imbridge.emulators.feishu.oauth_errors import OAuthError

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World


def consents(world: "World", user: "User", url: str) -> str:
    """See `FeishuEmulator.consents`."""
    asked = _opened(world, url)
    if isinstance(asked, DeviceRequest):
        asked.user = user
        return ""
    return asked.agreed(world, user)


def denies(world: "World", user: "User", url: str) -> str:
    """See `FeishuEmulator.denies`."""
    asked = _opened(world, url)
    if isinstance(asked, DeviceRequest):
        asked.denied = True
        return ""
    return asked.denied()


def _opened(world: "World", url: str) -> ConsentPage | DeviceRequest:
    if not url.startswith(f"{world.base_url}/"):
        raise ValueError(f"{url} is not an address of this emulator, which is at {world.base_url}")
    parts = urlsplit(url)
    if parts.path == f"/{PAGE}":
        try:
            return read_page(world, parts.query)
        except OAuthError as error:
            raise ConsentPageError(error) from None
    if parts.path == f"/{device_flow.PAGE}":
        request = world.devices.by_user(parse_qs(parts.query).get("user_code", [""])[0])
        if request is None or request.done or request.expires <= time.monotonic():
            raise ValueError("the device's code is unknown, used, or has expired")
        return request
    raise ValueError(f"{parts.path} is no authorisation page; it is /{PAGE}")
