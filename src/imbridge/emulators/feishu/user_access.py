"""Which APIs take a user access token, and what the person must have granted.

Sources: "permissions" and "request headers" on the API's page. An API that is not listed takes the app's token only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.grants import JWT_HEAD, UserToken

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

INVALID, EXPIRED, UNGRANTED = 99991668, 99991677, 99991679
PREFIXES = ("u-", JWT_HEAD)

_CHAT = ("im:chat", "im:chat:read", "im:chat:readonly")
_CONTACT = ("contact:contact.base:readonly", "contact:contact:readonly_as_app", "contact:contact:readonly")

SCOPES: Mapping[str, tuple[str, ...]] = {
    "GET authen/v1/user_info": (),
    "GET im/v1/chats/:id": _CHAT,
    "GET im/v1/chats/:id/members": (*_CHAT, "im:chat.members:read", "im:chat.group_info:readonly"),
    "GET contact/v3/users/:id": _CONTACT,
    "GET contact/v3/users/batch": _CONTACT,
}
"""API by its name in the routes -> scopes of which one is enough; none are needed where there are none."""


def admit(world: "World", value: str, api: str) -> UserToken:
    """The user token, if it is good for this API.

    Raises:
        ApiError: 99991668 for an unknown token or an API that takes none, 99991677 for an expired one, 99991679 when
            the person has granted none of the scopes.
    """
    token, expired = world.grants.find(value)
    if token is None:
        raise ApiError(INVALID)
    if expired:
        raise ApiError(EXPIRED)
    if api not in SCOPES:
        raise ApiError(INVALID, text="user access token not support")
    wanted = SCOPES[api]
    if wanted and not token.scopes.intersection(wanted):
        violations = [{"type": "action_privilege_required", "subject": scope} for scope in wanted]
        text = (
            "Unauthorized. You do not have permission to perform the requested operation on the resource. Please "
            f"request user re-authorization and try again. required one of these privileges: [{', '.join(wanted)}]"
        )
        raise ApiError(UNGRANTED, text=text, details={"permission_violations": violations})
    return token
