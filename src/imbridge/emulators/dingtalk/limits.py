"""How often an API may be called: 20 times a second by one app, 10,000 times a month by the organisation.

Rules: open.dingtalk.com, "API call frequency limits" (errors in both spellings, the older with `errcode` 88 and
`sub_code`), and the help page on the monthly allowance (code 90020). Tokens, login and contacts are not billed.
"""

from typing import TYPE_CHECKING

from imbridge.emulators.dingtalk.errors import ApiError, OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call

QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
MONTH = "Forbidden.AccessDenied.ApiCountLimitForOrg"
QPS_TEXT = "您的应用调用该接口次数过多，请求被暂时禁用了，建议错开整点时刻调用"


def limit(call: "Call") -> None:
    """Lets a call through, or refuses it for a fault, for its rate, or because the month's calls are used up.

    Raises:
        ApiError: It is refused, of api.dingtalk.com.
        OapiError: It is refused, of oapi.dingtalk.com.
    """
    world = call.world
    if world.faults.active:
        world.faults.refuse_call(call)
    if call.asked_by is None or call.route is None:
        return
    settings, name = world.settings, call.route.name
    if settings.rate_limits:
        wait, _ = world.api_rates.take(call.asked_by.client_id, name)
        if wait > 0:
            world.stats.rate_limited += 1
            world.violation(
                "rate_exceeded", f"{name} was called more than {settings.api_rate_second} times in a second"
            )
            raise over_qps(call)
    if call.route.billed:
        if settings.rate_limits and world.stats.billed_calls >= settings.api_calls_month:
            world.stats.rate_limited += 1
            world.violation("month_exceeded", f"{name} was called after {settings.api_calls_month} calls in the month")
            raise over_month(call)
        world.stats.billed_calls += 1


def over_qps(call: "Call") -> ApiError | OapiError:
    """The refusal of a call over the rate of its API."""
    if call.is_new:
        return ApiError(QPS, QPS_TEXT, status=403)
    text = f"ding talk error[subcode=90018,submsg={QPS_TEXT}]"
    return OapiError(88, text, fields={"sub_code": "90018", "sub_msg": QPS_TEXT})


def over_month(call: "Call") -> ApiError | OapiError:
    """The refusal of a call when the month's calls are used up."""
    most = call.world.settings.api_calls_month
    text = f"您的企业本月api调用量已超过限制,调用量:{most + 1}次，额度:{most}次，请登录开发者后台-资源管理-查看用量明细"
    return ApiError(MONTH, text, status=403) if call.is_new else OapiError(90020, text)
