"""A bridge inside a FastAPI application.

Run it with `uvicorn fastapi_app:app` in this folder (`pip install fastapi uvicorn`). The bot answers, and the
application's own routes can make it speak.
Callbacks, for accounts with `mode: webhook`, arrive at /im/feishu/<account>; /im/readyz tells a load balancer how the
accounts are.
"""

from fastapi import FastAPI, HTTPException

from imbridge import Bridge, Markdown, Message

bridge = Bridge.from_env()


@bridge.command("ping")
async def ping() -> str:
    """Answer."""
    return "pong"


@bridge.on_message
async def echo(msg: Message) -> str:
    return f"echo: {msg.text}"


app = FastAPI(lifespan=bridge.lifespan)
app.mount("/im", bridge.asgi())


# Put your own authentication before this: whoever can call it speaks as your bot.
@app.post("/deployed")
async def deployed(version: str, to: str) -> dict[str, list[str]]:
    """Tell a chat, such as `feishu:default/group/oc_1`, about a new version."""
    try:
        receipt = await bridge.send(to, Markdown(f"**{version}** is live"), key=f"deployed-{version}"[:40])
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    if not receipt:
        raise HTTPException(502, receipt.error)
    return {"message_ids": list(receipt.message_ids)}
