"""Saying something unasked, and changing it afterwards: that half of a bridge."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable
from typing import Any, TypeVar

from imbridge.adapters.base import Adapter
from imbridge.config.options import BridgeOptions
from imbridge.protocol import Address, Channel, CredentialState, Degradation, Receipt, to_reply
from imbridge.runtime.changes import change, take_back
from imbridge.runtime.delivery import Delivery, push_key
from imbridge.runtime.outbox.dead_targets import DeadTarget
from imbridge.runtime.outbox.listeners import Listener
from imbridge.runtime.strictness import unless_refused
from imbridge.runtime.thinking import whole_answer

ReceiptListener = TypeVar("ReceiptListener", bound=Listener[Receipt])
CredentialsListener = TypeVar("CredentialsListener", bound=Listener[CredentialState])
_LONGEST_KEY = 40
"""As in `Reply.key`; adapters append to it, and Feishu's `uuid` has 50 characters."""
_WAITS = 120.0
"""Seconds for which a storage that is away is waited for, as `send_timeout` has it."""
_AT_LEAST = 10.0
"""However short that is: a storage that is slow for a moment is not away."""


class Speaking(ABC):
    """Sends, changes and takes back by addresses and receipts."""

    options: BridgeOptions
    _delivery: Delivery

    @abstractmethod
    def adapter(self, account: str) -> Adapter:
        """The adapter of an account key."""

    @abstractmethod
    def _check_running(self) -> None:
        """Raises: ImbridgeError: the bridge does not run."""

    async def send(
        self, to: Address | Channel | str, content: Any, *, key: str | None = None, strict: bool | None = None
    ) -> Receipt:
        """Say something unasked.

        Args:
            to: An address (`feishu:work/group/oc_1`), or a channel.
            content: Anything sendable; a stream is sent whole when it has ended.
            key: Idempotency key: an account says one key once, for 12 hours (`dedup_hours`).
            strict: True: send nothing that would be shown otherwise than meant. None: as the content says if it is a
                `Reply`, else as `options.strict` says.

        Raises:
            DegradedError: `strict` forbids what would be lost.
            ValueError: `to` is not an address, or `key` has more than 40 characters.
            ConfigError: it names an account that this bridge does not have.
            StorageError: the storage is away for longer than the account's `send_timeout`, or cannot keep it; it is not
                sent then. With the same key it can be said again.
            ImbridgeError: the bridge does not run.
        """
        self._check_running()
        if key is not None and not 1 <= len(key) <= _LONGEST_KEY:
            raise ValueError(f"an idempotency key has 1 to {_LONGEST_KEY} characters, not {len(key)}")
        lost: tuple[Degradation, ...] = ()
        if isinstance(content, AsyncIterable):
            content, lost = await whole_answer(content, self.options.thinking)
        channel = to if isinstance(to, Channel) else Address(to).channel
        config = self.adapter(channel.account_key).config
        # A platform that somebody added may have no such setting.
        within = max(getattr(config, "send_timeout", _WAITS), _AT_LEAST)
        reply = to_reply(content)
        if strict is not None:
            reply = reply.model_copy(update={"strict": strict})
        entry = await self._delivery.post(channel, reply, key=key or push_key(), degradations=lost, within=within)
        return unless_refused(await entry.receipt)

    def dead_targets(self) -> tuple[DeadTarget, ...]:
        """Chats to which nothing is sent at the moment, since the platform says that they are gone."""
        return self._delivery.targets.all()

    def revive(self, address: Address | Channel | str) -> bool:
        """Send to a chat that seemed gone again: somebody has put that right, the bot back into its group for example.

        Args:
            address: The chat; a thread in it stands for it.

        Returns:
            False where it was not left alone.
        """
        return self._delivery.targets.revive(address if isinstance(address, Channel) else Address(address).channel)

    def on_receipt(self, listener: ReceiptListener) -> ReceiptListener:
        """Decorator: this function hears the end of what nobody waits for.

        That is what was put off (its receipt was `pending` so far), and what an earlier process left unsaid: the one
        argument is the receipt, and `receipt.key` tells which it is. It may be a coroutine function. What it raises is
        logged.
        """
        self._delivery.unsaid.listeners.add(listener)
        return listener

    def on_credentials(self, listener: CredentialsListener) -> CredentialsListener:
        """Decorator: this function hears when a platform begins to refuse an account's credentials, and when it ends.

        It is told once each time, with a `CredentialState`, when the account has something to say: `refused` is true
        when it begins, and false when the platform has taken something with them again. It may be a coroutine function.
        What it raises is logged.
        """
        self._delivery.refused.listeners.add(listener)
        return listener

    async def edit(self, receipt: Receipt, content: Any) -> Receipt:
        """Change what was sent under a receipt: a text, or a card that was pushed.

        Raises:
            DegradedError: the content is strict (`Reply(strict=True)`, or the option), and would be shown otherwise.
            SkillError: the receipt is not of one message, or the content does not make one.
            ConfigError: it names an account that this bridge does not have.
            ImbridgeError: the bridge does not run.
        """
        self._check_running()
        channel = Address(receipt.channel).channel
        adapter = self.adapter(channel.account_key)
        changed = await change(adapter, channel, receipt, content, strict=self.options.strict)
        if changed:
            self._delivery.choices.withdraw(channel, receipt.message_ids)
        return changed

    async def recall(self, receipt: Receipt) -> Receipt:
        """Take back what was sent under a receipt: all its messages.

        Raises:
            ConfigError: it names an account that this bridge does not have.
            ImbridgeError: the bridge does not run.
        """
        self._check_running()
        channel = Address(receipt.channel).channel
        gone = await take_back(self.adapter(channel.account_key), channel, receipt)
        self._delivery.choices.withdraw(channel, gone.message_ids)
        return gone
