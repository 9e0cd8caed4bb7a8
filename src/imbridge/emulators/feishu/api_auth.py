"""Tokens, and who the bot is."""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


class AuthApi:
    """auth/v3 and bot/v3."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.public = {
            "/open-apis/auth/v3/tenant_access_token/internal": self.tenant_token,
            "/open-apis/auth/v3/tenant_access_token/internal/": self.tenant_token,
            "/open-apis/auth/v3/app_access_token/internal": self.app_token,
            "/open-apis/auth/v3/app_access_token/internal/": self.app_token,
        }

    def routes(self, routes: Routes) -> None:
        """Adds the routes that need a token."""
        routes.add("GET", "bot/v3/info", self.bot_info)

    def tenant_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST auth/v3/tenant_access_token/internal`."""
        token, expire = self._token(body)
        return {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire}

    def app_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST auth/v3/app_access_token/internal`: the same token serves as both, as on the platform."""
        token, expire = self._token(body)
        return {"code": 0, "msg": "ok", "app_access_token": token, "tenant_access_token": token, "expire": expire}

    def bot_info(self, call: Call) -> dict[str, Any]:
        """`GET bot/v3/info`; its answer has `bot` beside `code`, not below `data`."""
        app = call.app
        bot = {
            "activate_status": 2,
            "app_name": app.name,
            "avatar_url": "",
            "ip_white_list": [],
            "open_id": app.bot_open_id,
        }
        return {"code": 0, "msg": "ok", "bot": bot}

    def _token(self, body: dict[str, Any]) -> tuple[str, int]:
        world = self._world
        world.stats.token_requests += 1
        app = world.directory.apps.get(str(body.get("app_id")))
        # These two come with HTTP 200.
        if app is None:
            raise ApiError(10003, status=200)
        if app.app_secret != body.get("app_secret"):
            raise ApiError(10014, status=200)
        token = world.tokens.request(app)
        world.stats.tokens_issued = world.tokens.issued
        return token
