"""The same echo with the official SDK, used as its documentation shows."""

import logging
import os

os.environ["DINGTALK_OPENAPI_ENDPOINT"] = os.environ["DINGTALK_BASE_URL"]  # read when it is imported

import dingtalk_stream
from dingtalk_stream import AckMessage, CallbackMessage, ChatbotMessage


class Echo(dingtalk_stream.ChatbotHandler):  # type: ignore[misc]  # the package has no types
    """Repeats what is said."""

    async def process(self, callback: CallbackMessage) -> tuple[int, str]:
        message = ChatbotMessage.from_dict(callback.data)
        self.reply_text(message.text.content, message)
        return AckMessage.STATUS_OK, "OK"


def main() -> None:
    credential = dingtalk_stream.Credential(os.environ["DINGTALK_CLIENT_ID"], os.environ["DINGTALK_CLIENT_SECRET"])
    client = dingtalk_stream.DingTalkStreamClient(credential, logging.getLogger("bench"))
    client.register_callback_handler(ChatbotMessage.TOPIC, Echo())
    client.start_forever()


if __name__ == "__main__":
    main()
