"""The official client: streams AI cards, delivers a form and answers clicks on it, takes events.

Usage: dingtalk_cards.py CLIENT_ID CLIENT_SECRET FORM_TEMPLATE, with DINGTALK_OPENAPI_ENDPOINT in the environment.
Prints a JSON line for everything it notices.
"""

import json
import logging
import sys

import dingtalk_stream
from dingtalk_stream import AckMessage

client_id, client_secret, form = sys.argv[1:]
AI = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
logging.disable(logging.CRITICAL)


def note(what, **facts):
    print(json.dumps({"what": what, **facts}), flush=True)


class Bot(dingtalk_stream.ChatbotHandler):
    async def process(self, callback):
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        text = message.text.content.strip()
        if text == "form":
            replier = dingtalk_stream.CardReplier(self.dingtalk_client, message)
            track = await replier.async_create_and_deliver_card(form, {"title": "Vote", "state": "open"})
        else:
            replier = dingtalk_stream.AICardReplier(self.dingtalk_client, message)
            track = await replier.async_start(AI, {"msgContent": ""})
            for part in ("One", "One, two", "One, two, three"):
                await replier.async_streaming(track, "msgContent", part, append=False, finished=False, failed=False)
            if text == "fail":
                await replier.async_fail(track, {"msgContent": "No."})
            elif text == "finalize":
                await replier.async_streaming(track, "msgContent", "Done.", append=False, finished=True, failed=False)
            else:
                await replier.async_finish(track, {"msgContent": "Done."})
        note("card", track=track)
        return AckMessage.STATUS_OK, "OK"


class Clicks(dingtalk_stream.CallbackHandler):
    async def process(self, callback):
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        private = click.content["cardPrivateData"]
        note("click", track=click.card_instance_id, user=click.user_id, corp=click.corp_id, private=private)
        return AckMessage.STATUS_OK, {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"state": private["actionIds"][0]}},
        }


class Events(dingtalk_stream.EventHandler):
    async def process(self, event):
        note("event", type=event.headers.event_type, id=event.headers.event_id, data=event.data)
        return AckMessage.STATUS_OK, "OK"


client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(client_id, client_secret))
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Bot())
client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, Clicks())
client.register_all_event_handler(Events())
note("starting")
client.start_forever()
