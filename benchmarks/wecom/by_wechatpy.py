"""The package that many use, as its documentation shows it: wechatpy's crypto, parser and replies."""

import os
from typing import Any
from urllib.parse import parse_qsl

from wechatpy.enterprise import create_reply, parse_message
from wechatpy.enterprise.crypto import WeChatCrypto

from benchmarks.servers.serve import Counter, answer, body_of, lifespan, serve
from benchmarks.wecom.settings import AES_KEY, CORP_ID, TOKEN

COUNTER = Counter()
CRYPTO = WeChatCrypto(TOKEN, AES_KEY, CORP_ID)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    body = await body_of(receive)
    query = dict(parse_qsl(scope["query_string"].decode()))
    xml = CRYPTO.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
    message = parse_message(xml)
    COUNTER.handled += 1
    reply = create_reply(message.content, message).render()
    return await answer(send, 200, CRYPTO.encrypt_message(reply, os.urandom(8).hex()).encode())


if __name__ == "__main__":
    serve(app, COUNTER)
