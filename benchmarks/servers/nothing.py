"""Reads the request and answers 200: what the HTTP server alone costs."""

from typing import Any

from benchmarks.servers.serve import Counter, answer, body_of, lifespan, serve

COUNTER = Counter()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    await body_of(receive)
    COUNTER.handled += 1
    return await answer(send, 200)


if __name__ == "__main__":
    serve(app, COUNTER)
