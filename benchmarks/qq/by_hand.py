"""A minimal hand-written gateway client that echoes text: what imbridge is measured against on QQ.

It does what has to be done and nothing else: a token, the gateway, identify, heartbeats, one pooled HTTP session,
answers to each message. No resume, deduplication, order, pacing, retry, reconnect, or error handling.
"""

import asyncio
import json
import os
from typing import Any

import aiohttp

from benchmarks.loops import run

DISPATCH, HEARTBEAT, IDENTIFY, HELLO = 0, 1, 2, 10
GROUP_AND_C2C = 1 << 25


async def main() -> None:
    api, token_url, app_id, secret = (
        os.environ[f"QQ_{name}"] for name in ("API_BASE_URL", "TOKEN_URL", "APP_ID", "SECRET")
    )
    running: set[asyncio.Task[None]] = set()
    newest: int | None = None
    async with aiohttp.ClientSession() as http:
        async with http.post(token_url, json={"appId": app_id, "clientSecret": secret}) as answer:
            token = f"QQBot {(await answer.json())['access_token']}"
        headers = {"Authorization": token, "X-Union-Appid": app_id}

        async def echo(message: dict[str, Any]) -> None:
            openid = message["author"]["user_openid"]
            body = {"msg_type": 0, "content": message["content"], "msg_id": message["id"], "msg_seq": 1}
            async with http.post(f"{api}/v2/users/{openid}/messages", json=body, headers=headers) as answer:
                assert (await answer.json())["id"]

        async def beat(ws: aiohttp.ClientWebSocketResponse, every: float) -> None:
            while True:
                await ws.send_str(json.dumps({"op": HEARTBEAT, "d": newest}))
                await asyncio.sleep(every)

        def start(work: Any) -> None:
            task = asyncio.create_task(work)
            running.add(task)
            task.add_done_callback(running.discard)

        async with http.get(f"{api}/gateway/bot", headers=headers) as answer:
            url = (await answer.json())["url"]
        async with http.ws_connect(url) as ws:
            async for data in ws:
                frame = json.loads(data.data)
                newest = frame.get("s") or newest
                if frame["op"] == DISPATCH and frame["t"] == "C2C_MESSAGE_CREATE":
                    start(echo(frame["d"]))
                elif frame["op"] == HELLO:
                    start(beat(ws, frame["d"]["heartbeat_interval"] / 1000))
                    identify = {"token": token, "intents": GROUP_AND_C2C, "shard": [0, 1], "properties": {}}
                    await ws.send_str(json.dumps({"op": IDENTIFY, "d": identify}))


if __name__ == "__main__":
    run(main())
