"""Followers: `user/info`, `user/info/batchget`, `user/get`, `user/info/updateremark`.

Sources: https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.html and
.../api_getfans.html. Names and pictures are not given since 2021-12-27.
"""

from typing import Any

from imbridge.emulators.wechat.api_custom import OK, receiver
from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.follower import Follower
from imbridge.emulators.wechat.gateway import Call, Routes

BATCH = 100
REMARK_LIMIT = 30


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("GET", "/cgi-bin/user/info", info)
    routes.add("POST", "/cgi-bin/user/info/batchget", batch)
    routes.add("GET", "/cgi-bin/user/get", get)
    routes.add("POST", "/cgi-bin/user/info/updateremark", remark)


def info(call: Call) -> dict[str, Any]:
    """What is known of one person."""
    return _known(receiver(call, call.param("openid")))


def batch(call: Call) -> dict[str, Any]:
    """What is known of up to 100 people.

    Raises:
        ApiError: 40032 too many, 40003 somebody is not known.
    """
    users = call.json().get("user_list")
    if not isinstance(users, list) or not 1 <= len(users) <= BATCH:
        raise ApiError(40032)
    people = [receiver(call, user.get("openid") if isinstance(user, dict) else None) for user in users]
    return {"user_info_list": [_known(person) for person in people]}


def get(call: Call) -> dict[str, Any]:
    """One page of the openids of all followers.

    `next_openid` is that of the last one in the page even when no page follows; the next page then is empty, and has
    no `data`.

    Raises:
        ApiError: 40003 for a `next_openid` that is no follower's.
    """
    people = [one for one in call.world.followers.values() if one.account is call.account and one.subscribed]
    openids = [one.openid for one in people]
    start = 0
    after = call.param("next_openid")
    if after:
        if after not in openids:
            raise ApiError(40003)
        start = openids.index(after) + 1
    page = openids[start : start + call.world.settings.followers_page]
    answer: dict[str, Any] = {"total": len(openids), "count": len(page), "next_openid": page[-1] if page else ""}
    return {**answer, "data": {"openid": page}} if page else answer


def remark(call: Call) -> dict[str, Any]:
    """Notes something about a person, less than 30 characters."""
    body = call.json()
    person = receiver(call, body.get("openid"))
    text = body.get("remark")
    if not isinstance(text, str) or len(text) >= REMARK_LIMIT:
        raise ApiError(40035)
    person.remark = text
    return OK


def _known(person: Follower) -> dict[str, Any]:
    if not person.subscribed:
        return {"subscribe": 0, "openid": person.openid, "tagid_list": []}
    known: dict[str, Any] = {
        "subscribe": 1,
        "openid": person.openid,
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": person.subscribed_at,
        "remark": person.remark,
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": person.subscribe_scene,
        "qr_scene": int(person.qr_scene) if person.qr_scene.isdecimal() else 0,
        "qr_scene_str": "" if person.qr_scene.isdecimal() else person.qr_scene,
    }
    return {**known, "unionid": person.unionid} if person.unionid else known
