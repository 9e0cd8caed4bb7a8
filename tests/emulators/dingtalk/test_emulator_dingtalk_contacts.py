"""The contact API: people and departments."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from dingtalk_raw_org import Org, organisation


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    async with organisation() as opened:
        yield opened


async def result(org: Org, path: str, **body: Any) -> Any:
    answer = await org.old(path, body)
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
    assert answer["request_id"]
    return answer["result"]


async def refusal(org: Org, path: str, **body: Any) -> int:
    answer = await org.old(path, body)
    assert answer["errmsg"]
    code = answer["errcode"]
    assert isinstance(code, int)
    return code


async def test_somebody_in_full(org: Org) -> None:
    design = org.ding.add_department("Design")
    carol = org.ding.add_user("Carol", mobile="13900000000", departments=[design.id])
    design.managers.append(carol.userid)
    shown = await result(org, "/topapi/v2/user/get", userid=carol.userid, language="zh_CN")
    assert shown["userid"] == carol.userid
    assert shown["unionid"] == carol.union_id
    assert shown["name"] == "Carol"
    assert shown["mobile"] == "13900000000"
    assert shown["dept_id_list"] == [design.id]
    assert shown["leader_in_dept"] == [{"dept_id": design.id, "leader": True}]
    assert (shown["admin"], shown["active"]) == (False, True)


async def test_a_department_page_by_page(org: Org) -> None:
    for number in range(5):
        org.ding.add_user(f"P{number}")
    seen: list[str] = []
    cursor: int | None = 0
    pages = 0
    while cursor is not None:
        page = await result(org, "/topapi/v2/user/list", dept_id=1, cursor=cursor, size=3)
        seen += [one["userid"] for one in page["list"]]
        pages += 1
        assert page["has_more"] == ("next_cursor" in page)
        cursor = page.get("next_cursor")
    assert seen == [user.userid for user in org.ding.world.people()]
    assert pages == 3


async def test_names_and_ids_of_a_department(org: Org) -> None:
    page = await result(org, "/topapi/user/listsimple", dept_id=1, cursor=0, size=100)
    assert page == {
        "has_more": False,
        "list": [{"userid": one.userid, "name": one.name} for one in (org.alice, org.bob)],
    }
    ids = await result(org, "/topapi/user/listid", dept_id=1)
    assert ids == {"userid_list": [org.alice.userid, org.bob.userid]}


async def test_a_userid_by_what_else_is_known(org: Org) -> None:
    assert (await result(org, "/topapi/v2/user/getbymobile", mobile="13800000001"))["userid"] == org.alice.userid
    by_union = await result(org, "/topapi/user/getbyunionid", unionid=org.bob.union_id)
    assert by_union == {"contact_type": 0, "userid": org.bob.userid}


async def test_departments(org: Org) -> None:
    design = org.ding.add_department("Design")
    inner = org.ding.add_department("Icons", design.id, number=77)
    listed = await result(org, "/topapi/v2/department/listsub")
    assert [(one["dept_id"], one["name"], one["parent_id"]) for one in listed] == [(design.id, "Design", 1)]
    assert await result(org, "/topapi/v2/department/listsubid", dept_id=design.id) == {"dept_id_list": [77]}
    shown = await result(org, "/topapi/v2/department/get", dept_id=inner.id)
    assert (shown["name"], shown["parent_id"], shown["dept_manager_userid_list"]) == ("Icons", design.id, [])
    carol = org.ding.add_user("Carol", departments=[inner.id])
    parents = await result(org, "/topapi/v2/department/listparentbyuser", userid=carol.userid)
    assert parents == {"parent_list": [{"parent_dept_id_list": [77, design.id, 1]}]}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/topapi/v2/user/get", {"userid": "nobody"}, 60121),
        ("/topapi/v2/user/get", {}, 40),
        ("/topapi/v2/user/get", {"userid": 7}, 400002),
        ("/topapi/v2/user/getbymobile", {"mobile": "1"}, 60121),
        ("/topapi/user/getbyunionid", {"unionid": "none"}, 60121),
        ("/topapi/v2/user/list", {"dept_id": 9, "cursor": 0, "size": 10}, 60003),
        ("/topapi/v2/user/list", {"dept_id": 1, "cursor": 0, "size": 101}, 400002),
        ("/topapi/v2/user/list", {"dept_id": 1, "cursor": -1, "size": 10}, 400002),
        ("/topapi/v2/user/list", {"dept_id": 1, "size": 10}, 40),
        ("/topapi/v2/department/get", {}, 40),
        ("/topapi/v2/department/get", {"dept_id": "1"}, 400002),
        ("/topapi/v2/department/listsub", {"dept_id": 9}, 60003),
    ],
)
async def test_what_is_wrong_is_refused(org: Org, path: str, body: dict[str, Any], code: int) -> None:
    assert await refusal(org, path, **body) == code


async def test_people_of_elsewhere_are_not_listed(org: Org) -> None:
    stranger = org.ding.add_user("Mallory", external=True, mobile="13700000000")
    assert await refusal(org, "/topapi/v2/user/getbymobile", mobile=stranger.mobile) == 60121


async def test_reading_contacts_is_not_billed(org: Org) -> None:
    before = org.ding.stats.billed_calls
    await result(org, "/topapi/v2/user/get", userid=org.alice.userid)
    assert org.ding.stats.billed_calls == before
