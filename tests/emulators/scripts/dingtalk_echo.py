"""The official client: answers in text or Markdown at the session webhook, fetches pictures, takes events.

Usage: dingtalk_echo.py CLIENT_ID CLIENT_SECRET, with DINGTALK_OPENAPI_ENDPOINT in the environment.
Prints a JSON line for everything it notices.
"""

import json
import logging
import sys

import dingtalk_stream
from dingtalk_stream import AckMessage

client_id, client_secret = sys.argv[1:]
logging.disable(logging.CRITICAL)


def note(what, **facts):
    print(json.dumps({"what": what, **facts}), flush=True)


class Bot(dingtalk_stream.ChatbotHandler):
    async def process(self, callback):
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        texts = message.get_text_list()
        note(
            "message",
            kind=message.message_type,
            texts=texts,
            images=[self.get_image_download_url(code) for code in message.get_image_list() or ()],
            staff=message.sender_staff_id,
            at=[user.to_dict() for user in message.at_users],
            same=message.to_dict() == {"atUsers": [], **callback.data},
        )
        if message.message_type == "text":
            if message.conversation_type == "1":
                self.reply_text(f"Echo: {texts[0].strip()}", message)
            else:
                self.reply_markdown("Echo", f"**{texts[0].strip()}**", message)
        return AckMessage.STATUS_OK, "OK"


class Other(dingtalk_stream.CallbackHandler):
    async def process(self, callback):
        return AckMessage.STATUS_NOT_IMPLEMENT, "not implemented"


class Events(dingtalk_stream.EventHandler):
    async def process(self, event):
        note("event", type=event.headers.event_type, id=event.headers.event_id, data=event.data)
        event.data = {"status": "SUCCESS"}  # of itself it acknowledges with what it was sent
        return AckMessage.STATUS_OK, "OK"


client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(client_id, client_secret))
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Bot())
client.register_callback_handler("/v1.0/other", Other())
client.register_all_event_handler(Events())
note("starting")
client.start_forever()
