"""A minimal hand-written stream client that echoes text: what imbridge is measured against on DingTalk.

It does what has to be done and nothing else: a ticket, frames, acknowledgements, one pooled HTTP session, answers by
the session webhook. No deduplication, order, pacing, retry, reconnect, or error handling.
"""

import asyncio
import json
import os
from typing import Any

import aiohttp

from benchmarks.loops import run

BOT = "/v1.0/im/bot/messages/get"


async def main() -> None:
    base_url, client_id, secret = (
        os.environ[f"DINGTALK_{name}"] for name in ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET")
    )
    running: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession() as http:

        async def echo(message: dict[str, Any]) -> None:
            body = {"msgtype": "text", "text": {"content": message["text"]["content"]}}
            async with http.post(message["sessionWebhook"], json=body) as answer:
                assert (await answer.json())["errcode"] == 0

        opening = {
            "clientId": client_id,
            "clientSecret": secret,
            "subscriptions": [{"type": "CALLBACK", "topic": BOT}],
        }
        async with http.post(f"{base_url}/v1.0/gateway/connections/open", json=opening) as answer:
            opened = await answer.json()
        async with http.ws_connect(f"{opened['endpoint']}?ticket={opened['ticket']}") as ws:
            async for data in ws:
                frame = json.loads(data.data)
                headers = frame["headers"]
                said = '{"response": null}'
                if frame["type"] == "CALLBACK" and headers["topic"] == BOT:
                    task = asyncio.create_task(echo(json.loads(frame["data"])))
                    running.add(task)
                    task.add_done_callback(running.discard)
                elif headers["topic"] == "ping":
                    said = frame["data"]
                ack = {"messageId": headers["messageId"], "contentType": "application/json"}
                await ws.send_str(json.dumps({"code": 200, "headers": ack, "message": "OK", "data": said}))


if __name__ == "__main__":
    run(main())
