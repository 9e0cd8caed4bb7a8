"""The official client: streams an echo, greets, sends cards, updates them, pushes, downloads.

Usage: aibot_bot.py WS_URL BOT_ID SECRET RECONNECTS
Prints a JSON line for everything it notices.
"""

import asyncio
import json
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # it imports a module that websockets 14 renamed

import aibot  # noqa: E402
import aibot.ws  # noqa: E402

aibot.ws._SSL_CONTEXT = None  # it passes a TLS context to ws:// addresses too

ws_url, bot_id, secret, reconnects = sys.argv[1:]
CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "Deploy?"},
    "button_list": [{"text": "Yes", "key": "yes", "style": 1}, {"text": "No", "key": "no", "style": 2}],
    "task_id": "deploy-1",
}


class Quiet:
    def __getattr__(self, name):
        return lambda *args: None


def note(what, **facts):
    print(json.dumps({"what": what, **facts}), flush=True)


options = aibot.WSClientOptions(
    bot_id=bot_id,
    secret=secret,
    ws_url=ws_url,
    logger=Quiet(),
    heartbeat_interval=200,
    reconnect_interval=10,
    max_reconnect_attempts=int(reconnects),
)
client = aibot.WSClient(options)
client.on("authenticated", lambda: note("authenticated"))
client.on("disconnected", lambda reason: note("disconnected"))
client.on("error", lambda error: note("error", text=str(error)))


@client.on("message.text")
async def on_text(frame):
    body = frame["body"]
    text = body["text"]["content"]
    if text == "card":
        await client.reply_template_card(frame, CARD)
        return
    if text == "push":
        target = body.get("chatid") or body["from"]["userid"]
        await client.send_message(target, {"msgtype": "markdown", "markdown": {"content": "**pushed**"}})
        return
    stream_id = aibot.generate_req_id("stream")
    await client.reply_stream(frame, stream_id, "echo:", feedback={"id": "trace_1"})
    await client.reply_stream(frame, stream_id, f"echo: {text}", True)


@client.on("message.file")
async def on_file(frame):
    file = frame["body"]["file"]
    data, name = await client.download_file(file["url"], file["aeskey"])
    await client.reply_stream(frame, "file", f"{name}: {data.decode()}", True)


@client.on("event.enter_chat")
async def on_enter(frame):
    await client.reply_welcome(frame, {"msgtype": "text", "text": {"content": "welcome"}})


@client.on("event.template_card_event")
async def on_click(frame):
    event = frame["body"]["event"]["template_card_event"]
    card = {**CARD, "main_title": {"title": f"You said {event['event_key']}"}, "task_id": event["task_id"]}
    await client.update_template_card(frame, card)


@client.on("event.feedback_event")
def on_feedback(frame):
    note("feedback", **frame["body"]["event"]["feedback_event"])


@client.on("event.disconnected_event")
def on_kick(frame):
    note("kicked")


async def main():
    await client.connect()
    await asyncio.Event().wait()


asyncio.run(main())
