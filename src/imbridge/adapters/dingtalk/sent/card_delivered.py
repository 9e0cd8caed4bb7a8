"""What became of a card that was made and delivered: the platform says success also when nobody sees it.

Source: open.dingtalk.com, "create and deliver cards": `deliverResults` has `success` and `errorMsg` for each place.
"""

from dataclasses import dataclass

from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import DegradeError


class NotDeliveredError(DegradeError):
    """A card was made, and cannot be shown where it was to go."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A card that is seen.

    Attributes:
        carrier: The id of its message, by which it can be taken back; empty when it is not known.
        attempts: The attempts made.
    """

    carrier: str = ""
    attempts: int = 1


def delivered(answer: Answer) -> Delivered:
    """Read the answer to a delivery.

    Raises:
        NotDeliveredError: nobody sees the card.
    """
    result = answer.body.get("result")
    found = result.get("deliverResults") if isinstance(result, dict) else None
    places = [place for place in found if isinstance(place, dict)] if isinstance(found, list) else []
    for place in places:
        if place.get("success") is False:
            said = str(place.get("errorMsg") or "")[:200]
            raise NotDeliveredError(f"dingtalk: the card cannot be shown there: {said}", platform="dingtalk")
    carrier = places[0].get("carrierId") if places else None
    return Delivered(carrier if isinstance(carrier, str) else "", answer.attempts)
