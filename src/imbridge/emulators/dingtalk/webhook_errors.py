"""Refusals of webhooks, in today's and in older words.

Texts as clients report them: github.com/qd-today/qd issue 510 and github.com/feiyu563/PrometheusAlert issue 318
(today), github.com/jenkinsci/dingtalk-plugin issues 88 and 116 and github.com/timonwong/prometheus-webhook-dingtalk
issue 30 (older). Those on addresses and on the rate are known in English only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imbridge.emulators.dingtalk.errors import OapiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.routes import Call

LINK = "link:请参考本接口对应文档获得具体要求，或者在https://open.dingtalk.com/document/  搜索相关文档;"
SIGN = "请确认签名和生成签名的时间戳必须都放在调用的网址中，请确认机器人的密钥加密和填写正确"
KEYWORDS = "请联系群管理员查看此机器人的关键词，并在发送的信息中包含此关键词"
CODES: Mapping[str, int] = {
    "keywords": 310000,
    "sign": 310000,
    "timestamp": 310000,
    "address": 310000,
    "rate": 130101,
    "size": 460101,
}
TODAY: Mapping[str, str] = {
    "keywords": f"description:关键词不匹配;solution:{KEYWORDS};{LINK}",
    "sign": f"description:机器人发送签名不匹配;solution:{SIGN};{LINK}",
    "timestamp": f"description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在 timestampms 以内;{LINK}",
    "size": "description: body 大小不合法;solution:请保持大小在 {size}bytes 以内;",
}
ENGLISH: Mapping[str, str] = {
    "keywords": "keywords not in content",
    "sign": "sign not match",
    "timestamp": "invalid timestamp",
    "address": "ip {address} not in whitelist",
    "rate": "send too fast, exceed {rate} times per minute",
    "size": "message too long, exceed {size} bytes",
}


def refusal(call: "Call", why: str) -> OapiError:
    """The refusal of what was posted: `why` is one of `CODES`."""
    settings = call.world.settings
    text = ENGLISH[why] if settings.english_errors else TODAY.get(why, ENGLISH[why])
    shown = text.format(address=call.address, rate=settings.robot_rate_minute, size=settings.webhook_limit)
    return OapiError(CODES[why], shown)
