"""The API by hand, for what wechatpy does not do or would hide."""

from typing import Any

import aiohttp

from imbridge.emulators.wecom import App

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
AMR = b"#!AMR\n" + bytes(8)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(8)


class Api:
    """Calls of one app."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, app: App) -> None:
        self.session = session
        self.base_url = base_url
        self.app = app
        self.token = ""
        self.headers: dict[str, str] = {}

    async def gettoken(self, **query: str) -> dict[str, Any]:
        params = {"corpid": self.app.corp_id, "corpsecret": self.app.secret} | query
        async with self.session.get(f"{self.base_url}/cgi-bin/gettoken", params=params) as answer:
            data: dict[str, Any] = await answer.json()
        self.token = data.get("access_token", self.token)
        return data

    async def call(self, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """GET without a body, else POST; the token is fetched when there is none."""
        if not self.token:
            await self.gettoken()
        url, params = f"{self.base_url}/cgi-bin/{path}", {"access_token": self.token} | query
        method = "GET" if body is None else "POST"
        async with self.session.request(method, url, params=params, json=body) as answer:
            self.headers = dict(answer.headers)
            data: dict[str, Any] = await answer.json()
            return data

    async def send(self, kind: str, content: Any, touser: str = "alice", **more: Any) -> dict[str, Any]:
        whom = {"touser": touser} if touser else {}
        return await self.call(
            "message/send", {**whom, "msgtype": kind, "agentid": self.app.agent_id, kind: content, **more}
        )

    async def upload(self, kind: str, data: bytes, name: str = "a.bin", **more: str) -> dict[str, Any]:
        if not self.token:
            await self.gettoken()
        form = aiohttp.FormData(quote_fields=False)  # quoted, the name would be shown with its %
        form.add_field("media", data, filename=name)
        params = {"access_token": self.token, "type": kind} | more
        async with self.session.post(f"{self.base_url}/cgi-bin/media/upload", params=params, data=form) as answer:
            uploaded: dict[str, Any] = await answer.json()
            return uploaded

    async def media_id(self, kind: str) -> str:
        data = {"image": PNG, "voice": AMR, "video": MP4, "file": b"123456"}[kind]
        found: str = (await self.upload(kind, data))["media_id"]
        return found


def text_card(**more: Any) -> dict[str, Any]:
    action = {"type": 1, "url": "https://example.com"}
    return {"card_type": "text_notice", "main_title": {"title": "T", "desc": "D"}, "card_action": action, **more}


def button_card(task_id: str = "task-1", **more: Any) -> dict[str, Any]:
    buttons = [{"text": "Yes", "style": 1, "key": "yes"}, {"text": "No", "style": 2, "key": "no"}]
    title = {"title": "Agree?"}
    return {
        "card_type": "button_interaction",
        "main_title": title,
        "task_id": task_id,
        "button_list": buttons,
        **more,
    }


def options(count: int) -> list[dict[str, str]]:
    return [{"id": f"o{number}", "text": f"Option {number}"} for number in range(count)]


def vote_card(task_id: str = "vote-1", **more: Any) -> dict[str, Any]:
    checkbox = {"question_key": "q", "mode": 1, "option_list": options(3)}
    submit = {"text": "Send", "key": "send"}
    card = {"card_type": "vote_interaction", "main_title": {"title": "Vote"}, "task_id": task_id}
    return {**card, "checkbox": checkbox, "submit_button": submit, **more}


def choice_card(task_id: str = "choice-1", **more: Any) -> dict[str, Any]:
    questions = [{"question_key": f"q{number}", "title": "?", "option_list": options(2)} for number in range(2)]
    submit = {"text": "Send", "key": "send"}
    card = {"card_type": "multiple_interaction", "main_title": {"title": "Choose"}, "task_id": task_id}
    return {**card, "select_list": questions, "submit_button": submit, **more}
