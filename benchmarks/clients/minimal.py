"""A minimal hand-written client of Feishu's long connection that echoes text: what imbridge is measured against.

It does what has to be done and nothing else: frames, acknowledgements, a token fetched once, one pooled HTTP session.
No deduplication, order, pacing, retry, reconnect, or error handling.
"""

import asyncio
import json
import os
import time
import uuid

import aiohttp

from benchmarks.clients.frame import frame_class
from benchmarks.loops import run


async def main() -> None:
    base_url, app_id, secret = (os.environ[f"FEISHU_{name}"] for name in ("BASE_URL", "APP_ID", "APP_SECRET"))
    frame_type = frame_class()
    silent = bool(os.environ.get("BENCH_SILENT"))
    running: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession() as http:
        credentials = {"app_id": app_id, "app_secret": secret}
        url = f"{base_url}/open-apis/auth/v3/tenant_access_token/internal"
        async with http.post(url, json=credentials) as answer:
            token = (await answer.json())["tenant_access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        async def echo(message: dict[str, str]) -> None:
            if silent and "warm" not in message["content"]:
                return
            body = {
                "receive_id": message["chat_id"],
                "msg_type": "text",
                "content": json.dumps({"text": json.loads(message["content"])["text"]}),
                "uuid": uuid.uuid4().hex,
            }
            url = f"{base_url}/open-apis/im/v1/messages?receive_id_type=chat_id"
            async with http.post(url, json=body, headers=headers) as answer:
                assert (await answer.json())["code"] == 0

        async with http.post(f"{base_url}/callback/ws/endpoint", json={"AppID": app_id, "AppSecret": secret}) as answer:
            ws_url = (await answer.json())["data"]["URL"]
        async with http.ws_connect(ws_url) as ws:
            async for data in ws:
                received = time.monotonic()
                frame = frame_type()
                frame.ParseFromString(data.data)
                if frame.method != 1:
                    continue
                event = json.loads(frame.payload)
                if event["header"]["event_type"] == "im.message.receive_v1":
                    task = asyncio.create_task(echo(event["event"]["message"]))
                    running.add(task)
                    task.add_done_callback(running.discard)
                header = frame.headers.add()
                header.key, header.value = "biz_rt", str(int((time.monotonic() - received) * 1000))
                frame.payload = b'{"code": 200}'
                await ws.send_bytes(frame.SerializeToString())


if __name__ == "__main__":
    run(main())
