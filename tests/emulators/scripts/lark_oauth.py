"""The official SDK: a code for tokens and back with the builders, the device flow with its own client.

Usage: lark_oauth.py BASE_URL APP_ID APP_SECRET CODE

Prints the device flow's address on a line, waits until somebody has agreed there, then prints one JSON line.
"""

import asyncio
import json
import sys

import lark_oapi as lark
from lark_oapi.api.authen.v1 import (
    CreateAccessTokenRequest,
    CreateAccessTokenRequestBody,
    CreateOidcAccessTokenRequest,
    CreateOidcAccessTokenRequestBody,
    CreateOidcRefreshAccessTokenRequest,
    CreateOidcRefreshAccessTokenRequestBody,
    GetUserInfoRequest,
)
from lark_oapi.channel.auth import DeviceFlowClient

base_url, app_id, app_secret, code = sys.argv[1:]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).build()
of_user = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(base_url).enable_set_token(True).build()


def exchange() -> object:
    body = CreateOidcAccessTokenRequestBody.builder().grant_type("authorization_code").code(code).build()
    request = CreateOidcAccessTokenRequest.builder().request_body(body).build()
    return client.authen.v1.oidc_access_token.create(request)


def user_info(token: str) -> object:
    option = lark.RequestOption.builder().user_access_token(token).build()
    return of_user.authen.v1.user_info.get(GetUserInfoRequest.builder().build(), option)


first = exchange()
body = (
    CreateOidcRefreshAccessTokenRequestBody.builder()
    .grant_type("refresh_token")
    .refresh_token(first.data.refresh_token)
    .build()
)
second = client.authen.v1.oidc_refresh_access_token.create(
    CreateOidcRefreshAccessTokenRequest.builder().request_body(body).build()
)
old_body = CreateAccessTokenRequestBody.builder().grant_type("authorization_code").code(code).build()
used = client.authen.v1.access_token.create(CreateAccessTokenRequest.builder().request_body(old_body).build())


async def device() -> tuple[list[str], list[str], str, str]:
    flow = DeviceFlowClient(app_id, app_secret, domain=base_url)
    start = await flow.start(["offline_access", "contact:user.email:readonly"])
    sys.stdout.write(start.verification_uri_complete + "\n")
    sys.stdout.flush()
    token = await flow.poll(start.device_code, interval=1)
    renewed = await flow.refresh(token.refresh_token)
    await flow.close()
    person = user_info(renewed.access_token)
    return sorted(token.scopes), sorted(renewed.scopes), person.data.name, person.data.email


scopes, renewed_scopes, name, email = asyncio.run(device())
result = {
    "by_code": user_info(first.data.access_token).data.name,
    "refreshed": user_info(second.data.access_token).data.name,
    "used_code": used.code,
    "wrong_token": user_info("u-wrong").code,
    "scopes": scopes,
    "renewed_scopes": renewed_scopes,
    "by_device": [name, email],
}
sys.stdout.write(json.dumps(result))
