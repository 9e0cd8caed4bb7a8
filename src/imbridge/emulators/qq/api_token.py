"""`POST /app/getAppAccessToken`.

Rules: bot.q.qq.com/wiki, `dev-prepare/access-token.html` (2026): refusals come with HTTP 200; bot-docs,
`dev-prepare/interface-framework/api-use.md`: within the last minute of a token there is a new one, both are valid.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.qq.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.qq.routes import Call, Routes

PATH = "/app/getAppAccessToken"


def add_routes(routes: "Routes") -> None:
    """Adds the paths of this part."""
    routes.add("POST", PATH, access_token, public=True)


def access_token(call: "Call") -> dict[str, Any]:
    """The bot's token: the same while it lives; `expires_in` is a string, unless a fault says otherwise."""
    world, body = call.world, call.json()
    world.stats.token_requests += 1
    bot = world.bots.get(str(body.get("appId")))
    if bot is None or bot.banned:
        raise ApiError(100007, "appid invalid", status=200)
    if body.get("clientSecret") != bot.secret:
        raise ApiError(100016, "invalid appid or secret", status=200)
    value, left = world.tokens.request(bot, overlap=world.settings.token_overlap)
    world.stats.tokens_issued = world.tokens.issued
    fault = world.faults.take("expires_in") if world.faults.active else None
    return {"access_token": value, "expires_in": fault.facts["type"](left) if fault is not None else str(left)}
