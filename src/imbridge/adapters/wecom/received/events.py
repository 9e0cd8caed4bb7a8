"""What happens that is no message. Source: developer.work.weixin.qq.com, "event format" (path/90240)."""

from collections.abc import Callable, Mapping

from imbridge.adapters.wecom.received.facts import Facts
from imbridge.protocol import ChatOpened, Event

Reader = Callable[[Facts], Event]

READERS: Mapping[str, Reader] = {"enter_agent": lambda told: told.make(ChatOpened)}
"""By `Event`, in lower case."""
