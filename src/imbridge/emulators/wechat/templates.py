"""Message templates, and which template messages were sent already.

Rule: https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html: the same
`client_msg_id` for the same person is sent once in ten minutes.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

from imbridge.emulators.common.newest import Newest
from imbridge.emulators.wechat.account import Account
from imbridge.emulators.wechat.ids import Ids
from imbridge.emulators.wechat.settings import EmulatorSettings

PLACE = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A template of an account; its content has places like `{{first.DATA}}`."""

    template_id: str
    account: Account
    title: str
    content: str

    @property
    def places(self) -> list[str]:
        """The names of its places."""
        return PLACE.findall(self.content)

    def filled(self, data: dict[str, Any]) -> str:
        """The content with the values in its places."""

        def value(place: re.Match[str]) -> str:
            given = data.get(place.group(1))
            return str(given.get("value", "")) if isinstance(given, dict) else ""

        return PLACE.sub(value, self.content)


class Templates:
    """All templates."""

    def __init__(self, settings: EmulatorSettings, ids: Ids) -> None:
        self._settings = settings
        self._ids = ids
        self._by_id: dict[str, Template] = {}
        self._sent: Newest[tuple[str, str], tuple[float, int]] = Newest(settings.history)

    def add(self, account: Account, content: str, title: str) -> Template:
        """Adds a template to an account."""
        template = Template(self._ids.text("template", 43), account, title, content)
        self._by_id[template.template_id] = template
        return template

    def of(self, account: Account) -> list[Template]:
        """The account's templates."""
        return [one for one in self._by_id.values() if one.account is account]

    def get(self, account: Account, template_id: object) -> Template | None:
        """The account's template with this id."""
        template = self._by_id.get(str(template_id))
        return template if template is not None and template.account is account else None

    def earlier(self, openid: str, client_msg_id: str) -> int | None:
        """The number of the message that was sent with this `client_msg_id` lately."""
        sent = self._sent.get((openid, client_msg_id))
        if sent is None or time.monotonic() - sent[0] >= self._settings.client_id_window:
            return None
        return sent[1]

    def remember(self, openid: str, client_msg_id: str, msg_id: int) -> None:
        """A message was sent with this `client_msg_id`."""
        self._sent[openid, client_msg_id] = time.monotonic(), msg_id
