"""`department/list`, `simplelist`, `get`; `tag/list`, `tag/get`; `agent/get`, `agent/list`; `menu/*`.

Rules: https://developer.work.weixin.qq.com/document/path/90208, /path/95350, /path/95351, /path/90213, /path/90216,
/path/90227, /path/90231.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.contact_json import department_json
from imbridge.emulators.wecom.directory import Department
from imbridge.emulators.wecom.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.wecom.gateway import Call, Routes


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("GET", "department/list", department_list)
    routes.add("GET", "department/simplelist", department_simplelist)
    routes.add("GET", "department/get", department_get)
    routes.add("GET", "tag/list", tag_list)
    routes.add("GET", "tag/get", tag_get)
    routes.add("GET", "agent/get", agent_get)
    routes.add("GET", "agent/list", agent_list)
    routes.add("POST", "menu/create", menu_create)
    routes.add("GET", "menu/get", menu_get)
    routes.add("GET", "menu/delete", menu_delete)


def department_list(call: "Call") -> dict[str, Any]:
    """A department and all below it; without an id all there are."""
    return {"department": [department_json(one) for one in _departments(call)]}


def department_simplelist(call: "Call") -> dict[str, Any]:
    """The same, ids only."""
    found = _departments(call)
    return {"department_id": [{"id": one.id, "parentid": one.parent_id, "order": one.order} for one in found]}


def department_get(call: "Call") -> dict[str, Any]:
    """One department."""
    return {"department": department_json(_department(call))}


def tag_list(call: "Call") -> dict[str, Any]:
    """All tags."""
    return {"taglist": [{"tagid": tag.id, "tagname": tag.name} for tag in call.world.directory.tags.values()]}


def tag_get(call: "Call") -> dict[str, Any]:
    """Who has a tag."""
    number = call.query.get("tagid", "")
    directory = call.world.directory
    tag = directory.tags.get(int(number)) if number.isdigit() else None
    if tag is None:
        raise ApiError(40068)
    users = [user for user in directory.users.values() if user.userid in tag.userids and call.app.sees(user.userid)]
    userlist = [{"userid": user.userid, "name": user.name} for user in users]
    return {"tagname": tag.name, "userlist": userlist, "partylist": sorted(tag.parties)}


def agent_get(call: "Call") -> dict[str, Any]:
    """The app itself, and who it is for."""
    app = _own_agent(call)
    everybody = app.visible is None
    return {
        "agentid": app.agent_id,
        "name": app.name,
        "square_logo_url": f"https://p.qlogo.cn/bizmail/{app.agent_id}/0",
        "description": "",
        "allow_userinfos": {"user": [{"userid": userid} for userid in app.visible or ()]},
        "allow_partys": {"partyid": [1] if everybody else []},
        "allow_tags": {"tagid": []},
        "close": 0,
        "redirect_domain": next(iter(app.trusted_domains or ()), ""),
        "report_location_flag": 0,
        "isreportenter": 1,
        "home_url": "",
    }


def agent_list(call: "Call") -> dict[str, Any]:
    """The apps that the token may see: its own."""
    app = call.app
    shown = {
        "agentid": app.agent_id,
        "name": app.name,
        "square_logo_url": f"https://p.qlogo.cn/bizmail/{app.agent_id}/0",
    }
    return {"agentlist": [shown]}


def menu_create(call: "Call") -> dict[str, Any]:
    """Sets the app's menu: 1 to 3 items, each with up to 5 below it."""
    app, body = _own_agent(call), call.json()
    buttons = body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40016)
    for button in buttons:
        below = button.get("sub_button") or []
        if not isinstance(below, list) or len(below) > 5:
            raise ApiError(40016)
        for one in below or [button]:
            if not one.get("name") or not one.get("type"):
                raise ApiError(40017)
    app.menu = body
    return {}


def menu_get(call: "Call") -> dict[str, Any]:
    """The app's menu."""
    app = _own_agent(call)
    if app.menu is None:
        raise ApiError(46003)
    return app.menu


def menu_delete(call: "Call") -> dict[str, Any]:
    """Takes the app's menu away."""
    _own_agent(call).menu = None
    return {}


def _own_agent(call: "Call") -> App:
    number = call.query.get("agentid", "")
    if not number:
        raise ApiError(41011)
    if not number.isdigit() or int(number) not in call.world.apps:
        raise ApiError(40056)
    if int(number) != call.app.agent_id:
        raise ApiError(301002)
    return call.app


def _department(call: "Call") -> Department:
    number = call.query.get("id", "")
    found = call.world.directory.departments.get(int(number)) if number.isdigit() else None
    if found is None:
        raise ApiError(60003)
    return found


def _departments(call: "Call") -> list[Department]:
    directory = call.world.directory
    if not call.query.get("id"):
        return list(directory.departments.values())
    wanted = directory.below(_department(call).id)
    return [one for one in directory.departments.values() if one.id in wanted]
