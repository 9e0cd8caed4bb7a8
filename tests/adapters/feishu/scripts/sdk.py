"""`adapter.sdk()` in a process of its own, over the emulator; writes one JSON line to stderr, and nothing to stdout.

Usage: sdk.py [preloaded]    preloaded: the application has imported lark_oapi before
"""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from imbridge.adapters.base import AdapterContext
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.emulators.feishu import EmulatorSettings, FeishuEmulator
from imbridge.protocol import DeliveryError, NotPermittedError, NotSupportedError
from imbridge.transport import HttpPool

found: dict[str, Any] = {}
connections = 0
late: Callable[[], Any]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def counted(connect: Any) -> Any:
    async def count(*args: Any, **options: Any) -> Any:
        global connections  # noqa: PLW0603 - a script
        connections += 1
        return await connect(*args, **options)

    return count


async def ticked(work: Any) -> tuple[Any, int]:
    """The work's result, and how often the loop could do something else meanwhile."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    result = await work
    ticking.cancel()
    return result, ticks


def message(chat_id: str, said: str, kind: str = "text") -> Any:
    from lark_oapi.api.im.v1 import CreateMessageRequest, CreateMessageRequestBody

    content = json.dumps({"text": said} if kind == "text" else {"image_key": said})
    body = CreateMessageRequestBody.builder().receive_id(chat_id).msg_type(kind).content(content).build()
    return CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build()


def upload() -> Any:
    from lark_oapi.api.im.v1 import CreateImageRequest, CreateImageRequestBody

    file = io.BytesIO(PNG)
    file.name = "a.png"
    body = CreateImageRequestBody.builder().image_type("message").image(file).build()
    return CreateImageRequest.builder().request_body(body).build()


async def refused(work: Any, kind: type[Exception]) -> str:
    try:
        await work
    except kind as error:
        return str(error)
    return ""


async def use(feishu: FeishuEmulator, adapter: FeishuAdapter, app: Any) -> None:
    """Everything one can do with it."""
    alice = feishu.add_user("Alice")
    chat = feishu.private_chat(alice, app).chat_id
    (client, again), found["ticks"] = await ticked(asyncio.gather(adapter.sdk(), adapter.sdk()))

    found["level"] = logging.getLogger("Lark").level
    import lark_oapi as lark
    from lark_oapi.api.authen.v1 import GetUserInfoRequest
    from lark_oapi.api.im.v1 import GetChatRequest, GetImageRequest, GetMessageRequest
    from lark_oapi.core.http import Transport
    from lark_oapi.core.token.manager import TokenManager

    found["shared"] = client is again and client is await adapter.sdk()
    found["real"] = isinstance(client, lark.Client)

    sent = await client.im.v1.message.acreate(message(chat, "from acreate"))
    found["sent"] = [sent.code, sent.get_log_id() is not None, feishu.messages[-1].text]
    got = await client.im.v1.message.aget(GetMessageRequest.builder().message_id(sent.data.message_id).build())
    found["got"] = got.data.items[0].body.content
    for _ in range(3):
        many = await asyncio.gather(*(client.im.v1.message.acreate(message(chat, f"{n}")) for n in range(50)))
        found["many"] = sorted({one.code for one in many})
    found["connections"] = connections
    found["token_requests"] = feishu.stats.token_requests

    adapter.caller.tokens._token.issued_at -= 60  # type: ignore[union-attr] - it is not refused right after its issue
    feishu.faults.expire_tokens()
    many = await asyncio.gather(*(client.im.v1.message.acreate(message(chat, f"{n}")) for n in range(10)))
    found["after_expiry"] = [sorted({one.code for one in many}), feishu.stats.token_requests]

    image = await client.im.v1.image.acreate(upload())
    picture = await client.im.v1.message.acreate(message(chat, image.data.image_key, "image"))
    back = await client.im.v1.image.aget(GetImageRequest.builder().image_key(image.data.image_key).build())
    found["image"] = [image.code, picture.code, back.file.read() == PNG]
    bad = await client.im.v1.message.acreate(message("oc_nowhere", "x"))
    found["refused"] = [bad.code != 0, bad.success()]

    generic = lark.BaseRequest.builder().http_method(lark.HttpMethod.GET).uri("/open-apis/bot/v3/info")
    answer = await client.arequest(generic.token_types({lark.AccessTokenType.TENANT}).build())
    found["generic"] = json.loads(answer.raw.content)["bot"]["app_name"]
    app_only = generic.token_types({lark.AccessTokenType.APP}).build()
    feishu.faults.http_fail("*/app_access_token/*", 502, body="<html>")
    found["app_token_gateway"] = await refused(client.arequest(app_only), DeliveryError)
    found["app_token"] = (await client.arequest(app_only)).code
    elsewhere = generic.uri("https://elsewhere.example/x").token_types({lark.AccessTokenType.TENANT}).build()
    found["elsewhere"] = await refused(client.arequest(elsewhere), ValueError)

    found["as_nobody"] = await refused(
        client.authen.v1.user_info.aget(GetUserInfoRequest.builder().build()), NotPermittedError
    )
    url = adapter.oauth.authorize_url("https://bot.example/back")
    query = parse_qs(urlsplit(await feishu.consents(alice, url)).query)
    token = await adapter.oauth.finish(query["code"][0], query["state"][0])
    option = lark.RequestOption.builder().user_access_token(await adapter.oauth.token(token.open_id)).build()
    person = await client.authen.v1.user_info.aget(GetUserInfoRequest.builder().build(), option)
    found["as_alice"] = person.data.name
    team = feishu.add_group("a/b", members=[alice], apps=[app])
    found["path"] = (await client.im.v1.chat.aget(GetChatRequest.builder().chat_id(team.chat_id).build())).data.name

    feishu.faults.http_fail("*/messages", 502, body="<html>")
    found["gateway"] = await refused(client.im.v1.message.acreate(message(chat, "x")), DeliveryError)

    async def blocking() -> None:
        client.im.v1.message.create(message(chat, "x"))

    found["blocking"] = await refused(blocking(), NotSupportedError)
    told = await asyncio.to_thread(client.im.v1.message.create, message(chat, "sync"))
    uploaded = await asyncio.to_thread(client.im.v1.image.create, upload())
    global late  # noqa: PLW0603 - a script
    late = partial(client.im.v1.message.create, message(chat, "after the end"))
    found["sync"] = [told.code, feishu.messages[-1].text, uploaded.code]

    stock = lark.Client.builder().app_id(app.app_id).app_secret(app.app_secret).domain(feishu.base_url).build()
    before = feishu.stats.token_requests
    other = await asyncio.to_thread(stock.im.v1.message.create, message(chat, "by the SDK's own client"))
    found["others"] = [
        other.code,
        Transport.__module__,
        type(stock.im.v1.message) is not type(client.im.v1.message),
        feishu.stats.token_requests - before,
        TokenManager.cache is not None,
    ]
    found["violations"] = [str(one) for one in feishu.violations]


async def main(preloaded: bool) -> None:
    aiohttp.TCPConnector._create_connection = counted(aiohttp.TCPConnector._create_connection)  # type: ignore[method-assign]
    logger = logging.getLogger("Lark")
    if preloaded:
        await asyncio.to_thread(__import__, "lark_oapi")
        logger.setLevel(logging.ERROR)
    handlers = list(logger.handlers)
    async with (
        FeishuEmulator(settings=EmulatorSettings(rate_limits=False)) as feishu,
        HttpPool(trust_env=False) as pool,
    ):
        app = feishu.add_app(name="Demo Bot")
        config = FeishuConfig(app_id=app.app_id, app_secret=app.app_secret, base_url=feishu.base_url)
        adapter = FeishuAdapter(config, AdapterContext(None, pool))  # type: ignore[arg-type] - nothing comes in
        found["loaded_before"] = "lark_oapi" in sys.modules
        await adapter.probe()
        found["not_loaded_by_other_calls"] = "lark_oapi" in sys.modules
        await use(feishu, adapter, app)
        found["handlers"] = [logger.handlers == handlers, len(handlers)]
        await adapter.close()
    found["threads"] = [thread.name for thread in threading.enumerate() if thread.name.startswith("lark_oapi")]


asyncio.run(main("preloaded" in sys.argv))
with warnings.catch_warnings():
    warnings.simplefilter("error")  # a coroutine that nobody awaits
    try:
        late()
    except DeliveryError as gone:
        found["loop_gone"] = str(gone)
sys.stderr.write(json.dumps(found))
