"""The API by hand."""

import json
from typing import Any

import aiohttp

from imbridge.emulators.dingtalk import App

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(8)
TOKEN_HEADER = "x-acs-dingtalk-access-token"


class Api:
    """Calls of one app; `status` and `headers` are those of the last answer."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, app: App) -> None:
        self.session = session
        self.base_url = base_url
        self.app = app
        self.token = ""
        self.status = 0

    async def take_token(self, **body: str) -> dict[str, Any]:
        body = {"appKey": self.app.client_id, "appSecret": self.app.client_secret} | body
        data = await self.post(f"{self.base_url}/v1.0/oauth2/accessToken", body)
        self.token = data.get("accessToken", self.token)
        return data

    async def call(self, path: str, body: Any = None, *, method: str = "", **query: str) -> dict[str, Any]:
        """Asks either API: GET without a body, else POST; the token is fetched when there is none."""
        if not self.token:
            await self.take_token()
        new = path.startswith("/v")
        headers = {TOKEN_HEADER: self.token} if new else {}
        params = query if new else {"access_token": self.token} | query
        method = method or ("GET" if body is None else "POST")
        url = self.base_url + path
        async with self.session.request(method, url, params=params, json=body, headers=headers) as answer:
            self.status = answer.status
            data: dict[str, Any] = await answer.json()
            return data

    async def post(self, url: str, body: Any, **more: Any) -> dict[str, Any]:
        async with self.session.post(url, json=body, **more) as answer:
            self.status = answer.status
            data: dict[str, Any] = await answer.json()
            return data

    async def to_people(self, key: str, param: Any, *userids: str) -> dict[str, Any]:
        body = {"robotCode": self.app.robot_code, "userIds": list(userids or ("alice",)), "msgKey": key}
        return await self.call("/v1.0/robot/oToMessages/batchSend", {**body, "msgParam": json.dumps(param)})

    async def to_group(self, key: str, param: Any, cid: str) -> dict[str, Any]:
        body = {"robotCode": self.app.robot_code, "openConversationId": cid, "msgKey": key}
        return await self.call("/v1.0/robot/groupMessages/send", {**body, "msgParam": json.dumps(param)})

    async def upload(self, kind: str, data: bytes, name: str = "a.bin", *, in_query: bool = False) -> dict[str, Any]:
        if not self.token:
            await self.take_token()
        form = aiohttp.FormData()
        params = {"access_token": self.token}
        if in_query:
            params["type"] = kind
        else:
            form.add_field("type", kind)
        form.add_field("media", data, filename=name)
        async with self.session.post(f"{self.base_url}/media/upload", params=params, data=form) as answer:
            uploaded: dict[str, Any] = await answer.json()
            return uploaded

    async def media_id(self, kind: str) -> str:
        data = {"image": PNG, "voice": b"#!AMR\n", "video": MP4, "file": b"PK"}[kind]
        found: str = (await self.upload(kind, data))["media_id"]
        return found
