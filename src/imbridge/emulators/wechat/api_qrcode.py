"""Codes with a scene: `qrcode/create`.

Source: https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Generating_a_Parametric_QR_Code.html
"""

from typing import Any

from imbridge.emulators.wechat.errors import ApiError
from imbridge.emulators.wechat.gateway import Call, Routes

ACTIONS = {
    "QR_SCENE": "scene_id",
    "QR_LIMIT_SCENE": "scene_id",
    "QR_STR_SCENE": "scene_str",
    "QR_LIMIT_STR_SCENE": "scene_str",
}
LONGEST = 2_592_000
USUAL = 60


def add_routes(routes: Routes) -> None:
    """Adds the routes."""
    routes.add("POST", "/cgi-bin/qrcode/create", create)


def create(call: Call) -> dict[str, Any]:
    """A code; who scans it is reported with its scene.

    Raises:
        ApiError: 40035 for an unknown kind or no scene.
    """
    body = call.json()
    action = str(body.get("action_name"))
    info = body.get("action_info")
    scene_of = info.get("scene") if isinstance(info, dict) else None
    scene = scene_of.get(ACTIONS.get(action, "")) if isinstance(scene_of, dict) else None
    if not scene:
        raise ApiError(40035)
    ticket = call.world.ticket(call.account, str(scene))
    answer: dict[str, Any] = {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[:22]}"}
    if "LIMIT" not in action:
        answer["expire_seconds"] = min(int(body.get("expire_seconds") or USUAL), LONGEST)
    return answer
