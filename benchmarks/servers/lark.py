"""The official SDK's handler on the raw request, as its documentation shows it with a web framework."""

import warnings
from typing import Any

warnings.simplefilter("ignore")

import lark_oapi as lark  # noqa: E402
from lark_oapi.core.model import RawRequest  # noqa: E402

from benchmarks.servers.serve import (  # noqa: E402
    ENCRYPT_KEY,
    VERIFICATION_TOKEN,
    Counter,
    answer,
    body_of,
    lifespan,
    serve,
)

COUNTER = Counter()
# It looks headers up in this very spelling.
NAMES = {
    name.lower().encode(): name for name in ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature")
}


def on_message(data: Any) -> None:
    COUNTER.handled += 1


HANDLER = (
    lark.EventDispatcherHandler.builder(ENCRYPT_KEY, VERIFICATION_TOKEN, lark.LogLevel.ERROR)
    .register_p2_im_message_receive_v1(on_message)
    .build()
)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    request = RawRequest()
    request.uri = scope["path"]
    request.headers = {NAMES[name]: value.decode() for name, value in scope["headers"] if name in NAMES}
    request.body = await body_of(receive)
    response = HANDLER.do(request)
    return await answer(send, response.status_code, response.content)


if __name__ == "__main__":
    serve(app, COUNTER)
