"""The platform's calls for cards: make and deliver, stream, update.

Sources: open.dingtalk.com, "create and deliver cards", "streaming updates of AI cards" (2024), "update cards"; the
official connector, `services/messaging/card.ts`, for the variables of the AI card.
"""

from collections.abc import Mapping
from typing import Any

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.calls import HOST
from imbridge.adapters.dingtalk.config import Mode
from imbridge.adapters.errcode_calls import Answer, Limits
from imbridge.protocol import Channel, ChannelKind, DeliveryError, NotPermittedError
from imbridge.transport import Rate

_CREATE = "/v1.0/card/instances/createAndDeliver"
_UPDATE = "/v1.0/card/instances"
_STREAM = "/v1.0/card/streaming"
_BY_USER_ID = 1
EXISTS = frozenset({"param.cardAlreadyExist"})
"""A card of this outTrackId was made before: by an attempt whose answer got lost, or by an earlier process."""
GONE = frozenset({"param.cardNotExist", "param.stream.outTrackId"})
FULL = frozenset({"param.stream.content"})
"""The text is too long; that it is this code is unverified, and the limit is not documented."""
BUDGET = "Forbidden.AccessDenied.ApiCountLimitForOrg"
TEMPLATE = frozenset({"param.templateNotExist", "param.templateUnpublished", "param.cardTemplateIdEmpty"})


class CardApi:
    """One app's cards.

    All of their calls together are held below the rate that the platform allows for one of them: 20 a second of the
    some 40 that its cards take, as the official connector does.

    Attributes:
        hears: Clicks reach us: they come over stream, or not at all.
    """

    def __init__(self, api: DingTalkApi) -> None:
        """Over one app's endpoints."""
        self.api = api
        rates = dict(api.limits(_STREAM))
        self.hears = api.config.mode is Mode.STREAM
        self._limits: Limits = ((HOST, rates.pop(HOST)), ("cards", Rate.parse(api.config.api_rate)))

    async def create(
        self,
        track: str,
        template: str,
        variables: dict[str, str],
        channel: Channel,
        summary: str,
        *,
        private: Mapping[str, dict[str, str]] | None = None,
        grows: bool = False,
    ) -> Answer:
        """`POST /v1.0/card/instances/createAndDeliver`: a card is made, and shown in a conversation.

        Args:
            track: Its outTrackId, which makes it once, however often that is asked for.
            template: The template's id.
            variables: What fills it in.
            channel: Where it is shown.
            summary: What the list of chats says.
            private: What one person sees in their place, by userId.
            grows: Its text will change, and the list of chats with it, where that can be had (in private chats).

        Raises:
            DeliveryError: and its kinds, as `ErrcodeCaller.call`.
        """
        robot = self.api.config.robot
        body: dict[str, Any] = {
            "outTrackId": track,
            "cardTemplateId": template,
            "cardData": {"cardParamMap": variables},
            **({"callbackType": "STREAM"} if self.hears else {}),
            "userIdType": _BY_USER_ID,
            **_private(private),
        }
        space: dict[str, Any] = {"supportForward": True, "lastMessageI18n": {"ZH_CN": summary, "EN_US": summary}}
        if channel.kind is ChannelKind.GROUP:
            body |= {
                "openSpaceId": f"dtv1.card//IM_GROUP.{channel.id}",
                "imGroupOpenSpaceModel": space,
                "imGroupOpenDeliverModel": {"robotCode": robot},
            }
        else:
            body |= {
                "openSpaceId": f"dtv1.card//IM_ROBOT.{channel.id}",
                "imRobotOpenSpaceModel": {"supportForward": True} if grows else space,
                "imRobotOpenDeliverModel": {
                    "spaceType": "IM_ROBOT",
                    "robotCode": robot,
                    **({"extension": {"dynamicSummary": "true"}} if grows else {}),
                },
            }
        return await self._call("POST", _CREATE, body, None)

    async def stream(
        self, track: str, key: str, content: str, guid: str, *, end: bool = False, failed: bool = False,
        patience: float | None = None,
    ) -> Answer:  # fmt: skip
        """`PUT /v1.0/card/streaming`: put the whole text of an AI card into a variable; `guid` makes it happen once.

        Raises:
            DeliveryError: and its kinds, as `ErrcodeCaller.call`.
        """
        body = {
            "outTrackId": track,
            "guid": guid,
            "key": key,
            "content": content,
            "isFull": True,
            "isFinalize": end and not failed,
            "isError": failed,
        }
        return await self._call("PUT", _STREAM, body, patience)

    async def update(
        self, track: str, variables: dict[str, str], private: Mapping[str, dict[str, str]] | None = None
    ) -> Answer:
        """`PUT /v1.0/card/instances`: give variables new values; those that are not named keep theirs.

        Args:
            track: The card's outTrackId.
            variables: What everybody sees.
            private: What one person sees, by userId.

        Raises:
            DeliveryError: and its kinds, as `ErrcodeCaller.call`.
        """
        body: dict[str, Any] = {
            "outTrackId": track,
            "userIdType": _BY_USER_ID,
            "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        }
        if variables:
            body["cardData"] = {"cardParamMap": variables}
        return await self._call("PUT", _UPDATE, {**body, **_private(private)}, None)

    async def _call(self, method: str, path: str, body: dict[str, Any], patience: float | None) -> Answer:
        return await self.api.caller.call(method, path, json=body, limits=self._limits, patience=patience)


def is_forbidden(error: DeliveryError) -> bool:
    """Whether the app lacks a right; that the month's calls are used up is no such thing."""
    return isinstance(error, NotPermittedError) and error.code != BUDGET


def _private(people: Mapping[str, dict[str, str]] | None) -> dict[str, Any]:
    return {"privateData": {user: {"cardParamMap": values} for user, values in people.items()}} if people else {}
