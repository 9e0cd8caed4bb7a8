"""The API's refusals: code and text as the platform's documents list them.

Sources: the error-code tables of the API pages below https://open.feishu.cn/document/server-docs/im-v1/ and the
general list at https://open.feishu.cn/document/server-docs/getting-started/server-error-codes.
"""

from collections.abc import Mapping
from typing import Any

TEXTS: Mapping[int, str] = {
    9499: "Bad Request",
    10003: "invalid param",
    10002: "Your request contains an invalid request parameter.",
    10014: "app secret invalid",
    11246: "Create message content fail.",
    11227: "Image key not exist.",
    11231: "Chat not found.",
    11311: "card format is wrong",
    200000: "The card is recalled",
    200220: "Failed to generate card content",
    200310: "can not update the card of another app",
    200320: "open_ids is wrong",
    200740: "The card entity does not exist",
    200750: "The card entity has expired",
    200770: "UUID conflict",
    200810: "The card is in an ongoing interaction and cannot be updated",
    200850: "Card streaming timeout",
    200860: "Card content exceeds limit.",
    300020: "token is malformed",
    300030: "token is invalid or expired",
    300040: "token is used up",
    300090: "open_ids is required for a card that is not shared",
    300121: "Failed to replace element",
    300122: "Failed to update card configuration",
    300301: "Duplicate element_id in card component.",
    300302: "update_multi property is false",
    300303: "Only schema 2.0 is supported",
    300305: "The number of card components exceeds 200",
    300307: "The card DSL is empty",
    300309: "Card streaming closed",
    300310: "Only update text",
    300311: "The current application does not have permission to update/use this card",
    300312: "Unable to update element tag",
    300313: "Failed to update element properties",
    300314: "Failed to delete element",
    300315: "Failed to add element",
    300317: "The sequence number for operating on the card did not increment consecutively",
    20007: "Invalid code.",
    20026: "The refresh token passed is invalid. Please check the value.",
    20036: "The specified grant_type is not supported.",
    20037: "The refresh token passed has expired. Please generate a new one.",
    20064: "The refresh token has been revoked. Please note that a refresh token can only be used once.",
    20073: "The refresh token has been used. Please note that a refresh token can only be used once.",
    99991400: "request trigger frequency limit",
    99991661: "Missing access token for authorization. Please make a request with token attached.",
    99991663: "Invalid access token for authorization. Please make a request with token attached.",
    99991668: "Invalid access token for authorization. Please make a request with token attached.",
    99991671: "Invalid access token format. The token must start with 't-' or 'u-'.",
    99991677: "Authentication token expired.",
    99991679: "Unauthorized. You do not have permission to perform the requested operation on the resource.",
    99992351: "The request you send is not a valid {open_id} or not exists.",
    99992361: "open_id cross app",
    230001: "Your request contains an invalid request parameter.",
    230002: "The bot can not be outside the group.",
    230006: "Bot ability is not activated.",
    230011: "The message is recalled.",
    230012: "Bot is NOT the sender of the message.",
    230013: "Bot has NO availability to this user.",
    230015: "P2P chat can NOT be shared.",
    230017: "Bot is NOT the owner of the resource.",
    230019: "The topic does NOT exist.",
    230020: "This operation triggers the frequency limit.",
    230025: "The length of the message content reaches its limit.",
    230026: "No permission to recall this message.",
    230030: "The message id is invalid, record not found.",
    230031: "Message can only be modified within 14 days after sending.",
    230033: "Get the reading status must be done within 7 days after the message is sent.",
    230049: "The message is being sent.",
    230054: "This operation is not supported for this message type.",
    230055: "The type of file upload does not match the type of message being sent.",
    230061: "The message type does not support forwarding.",
    230064: "The message to be forwarded is invalid.",
    230065: "The message to be forwarded has been recalled.",
    230067: "The source of the messages to be merged and forwarded are not in compliance.",
    230069: "Does not support forwarding messages from different groups.",
    230071: "The operator is not the sender of the message.",
    230072: "The message has reached the number of times it can be edited.",
    230099: "Failed to create card content,",
    231001: "Reaction type is invalid.",
    231003: "The message is not found, or is recalled.",
    231007: "The reaction does not belong to the operator.",
    231010: "The reaction does not exist.",
    232006: "Your request specifies a chat_id which is invalid.",
    232011: "Operator can NOT be out of the chat.",
    234001: "Invalid request param.",
    234003: "File not in msg.",
    234004: "App not in chat.",
    234006: "The file size exceed the max value.",
    234008: "The app is not the resource sender.",
    234010: "File's size can't be 0.",
    234037: "Downloaded file size exceeds limit.",
    234043: "Unsupported message type.",
    234011: "Can't recognize the image format.",
    40001: "invalid parameter",
    40004: "no dept authority error",
    40011: "page size is invalid",
    40012: "page token is invalid error",
    40015: "department not exist",
    41012: "user id invalid error",
    41050: "no user authority error",
    99991672: "Access denied.",
    232001: "Your request contains an invalid request parameter.",
    232009: "Your request specifies a chat which has already been dissolved.",
    1390002: "approval code not found",
    1390003: "instance code not found",
    1390007: "subscription existed",
}


class ApiError(Exception):
    """A request is refused.

    Args:
        code: The platform's error code.
        ext: What precisely is wrong, appended to the code's text.
        status: HTTP status of the answer.
        headers: Further headers of the answer.
        text: Instead of the code's usual text.
        details: What `error` of the answer has beside the log id.
    """

    def __init__(
        self,
        code: int,
        ext: str = "",
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        text: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        text = text or TEXTS.get(code, "refused")
        self.msg = f"{text} ext={ext}" if ext else text
        super().__init__(f"{code}: {self.msg}")
        self.code = code
        self.status = status
        self.headers = dict(headers or {})
        self.details: dict[str, Any] = dict(details or {})
