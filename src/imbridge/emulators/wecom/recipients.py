"""Who a message goes to: `touser`, `toparty` and `totag`.

Rule: https://developer.work.weixin.qq.com/document/path/90236: joined by `|`, at most 1000, 100 and 100; `@all` in
`touser` is everybody; who is unknown or out of the app's range is named in the answer, in lower case; nobody at all is
81013.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call
    from imbridge.emulators.wecom.user import User

EVERYBODY = "@all"


@dataclass(slots=True)
class Recipients:
    """Who gets a message, and who of those named does not."""

    users: "list[User]" = field(default_factory=list)
    invalid: dict[str, list[str]] = field(default_factory=dict)

    def refusals(self) -> dict[str, str]:
        """The answer's `invaliduser`, `invalidparty`, `invalidtag` and `unlicenseduser`, as far as there are any."""
        return {name: "|".join(ids) for name, ids in self.invalid.items() if ids}


def recipients(call: "Call", body: dict[str, Any]) -> Recipients:
    """Reads the three lists.

    Raises:
        ApiError: 82001 all are empty, 40032, 82002 or 82003 one is too long, 81013 nobody is left.
    """
    people = _split(body, "touser", 1000, 40032)
    parties = _split(body, "toparty", 100, 82002)
    tags = _split(body, "totag", 100, 82003)
    if not (people or parties or tags):
        raise ApiError(82001)
    found: dict[str, User] = {}
    result = Recipients(invalid={"invaliduser": [], "invalidparty": [], "invalidtag": [], "unlicenseduser": []})
    directory, app = call.world.directory, call.app
    if EVERYBODY in people:
        _take(call, found, list(directory.users.values()), result)
    else:
        for userid in people:
            user = directory.user(userid)
            if user is None or not app.sees(user.userid):
                result.invalid["invaliduser"].append(userid.lower())
            else:
                _take(call, found, [user], result)
        _groups(call, found, result, parties, "invalidparty", _party_members(call))
        _groups(call, found, result, tags, "invalidtag", _tag_members(call))
    result.users = list(found.values())
    if not result.users:
        raise ApiError(81013, fields=result.refusals())
    return result


def _take(call: "Call", found: "dict[str, User]", users: "list[User]", result: Recipients) -> None:
    for user in users:
        if not call.app.sees(user.userid):
            continue
        if user.licensed:
            found[user.userid] = user
        elif user.userid not in result.invalid["unlicenseduser"]:
            result.invalid["unlicenseduser"].append(user.userid)


def _groups(
    call: "Call",
    found: "dict[str, User]",
    result: Recipients,
    ids: list[str],
    name: str,
    members: "Callable[[int], list[User] | None]",
) -> None:
    for one in ids:
        users = members(int(one)) if one.isdigit() else None
        if users is None:
            result.invalid[name].append(one)
        else:
            _take(call, found, users, result)


def _party_members(call: "Call") -> "Callable[[int], list[User] | None]":
    directory = call.world.directory

    def members(party: int) -> "list[User] | None":
        return directory.members(directory.below(party)) if party in directory.departments else None

    return members


def _tag_members(call: "Call") -> "Callable[[int], list[User] | None]":
    directory = call.world.directory

    def members(tag_id: int) -> "list[User] | None":
        tag = directory.tags.get(tag_id)
        return None if tag is None else directory.tagged(tag)

    return members


def _split(body: dict[str, Any], name: str, most: int, too_many: int) -> list[str]:
    value = body.get(name, "")
    if value is None:
        return []
    if not isinstance(value, str):
        raise ApiError(40058, f"{name} is not a string")
    parts = [part.strip() for part in value.split("|") if part.strip()]
    if len(parts) > most:
        raise ApiError(too_many)
    return list(dict.fromkeys(parts))
