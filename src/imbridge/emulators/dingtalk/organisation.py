"""The organisation beside its robots: departments, card templates, logins, callbacks, and what happens in it."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.approvals import Approvals
from imbridge.emulators.dingtalk.callbacks import Callbacks
from imbridge.emulators.dingtalk.card_templates import CardTemplate, Kind, ai_template
from imbridge.emulators.dingtalk.cards import Card
from imbridge.emulators.dingtalk.consent import consents
from imbridge.emulators.dingtalk.directory import ROOT, Department
from imbridge.emulators.dingtalk.happenings import Happenings

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World


class Organisation:
    """What the emulator offers of the organisation."""

    _world: "World"

    @cached_property
    def happenings(self) -> Happenings:
        """What happens to groups, people, departments and approvals."""
        return Happenings(self._world)

    @property
    def callbacks(self) -> Callbacks:
        """The apps' callback addresses, and requests to them that are not as they should be."""
        return self._world.callbacks

    @property
    def approvals(self) -> Approvals:
        """Approvals that were asked for."""
        return self._world.approvals

    @property
    def cards(self) -> Sequence[Card]:
        """All cards, in the order they were made; the newest `settings.history`."""
        return self._world.cards.all()

    @property
    def unfinished_cards(self) -> Sequence[Card]:
        """The AI cards that people see turning: neither finished nor failed."""
        return self._world.cards.unfinished()

    def add_department(self, name: str, parent_id: int = ROOT, *, number: int | None = None) -> Department:
        """Adds a department below another; nobody is told: see `happenings`.

        Raises:
            ValueError: The one above does not exist, or the number is taken.
        """
        directory = self._world.directory
        return directory.add(name, parent_id, max(directory.departments) + 1 if number is None else number)

    def add_card_template(
        self, template_id: str, *, kind: Kind = "interactive", variables: Sequence[str] = (), content: str = ""
    ) -> CardTemplate:
        """Publishes a card template.

        Args:
            template_id: Its id, `....schema`.
            kind: `ai`: the card has a state and can be streamed; `interactive`: neither.
            variables: What can be filled in; none: anything.
            content: Of an AI card: the variable that people read as its text, by default the first.

        Raises:
            ValueError: An AI card has no variable for its text.
        """
        if kind == "ai":
            template = ai_template(template_id, tuple(variables), content)
        else:
            template = CardTemplate(template_id, kind, tuple(variables))
        self._world.cards.templates[template_id] = template
        return template

    async def set_callback(self, app: App, url: str, *, events_url: str | None = None, verify: bool = True) -> None:
        """Sets where an app takes robot messages and events over HTTP instead of the stream.

        Args:
            app: Whose.
            url: Where its robot's messages go; empty: over the stream as before.
            events_url: Where its events go, encrypted.
            verify: Whether `events_url` must answer `check_url` first.

        Raises:
            CallbackRefusedError: It did not answer the encrypted `success` in time.
        """
        await self._world.callbacks.set(app, url, events_url=events_url, verify=verify)

    async def consents(self, user: "User", url: str) -> str:
        """Somebody opens the login page and agrees; returns where their browser is sent, with authCode and state.

        Args:
            user: Who.
            url: The page's address, with the emulator's host or the real one.

        Raises:
            ConsentPageError: The page shows an error instead.
        """
        return consents(self._world, user, url)

    def login_code(self, user: "User", app: App | None = None) -> str:
        """The code that an app opened inside DingTalk gets for somebody (免登授权码)."""
        return self._world.grants.new_app_code(user, self._world.the_app(app))
