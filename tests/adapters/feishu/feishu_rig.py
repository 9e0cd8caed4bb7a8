"""What the tests of the Feishu adapter share: a platform with adapters made on demand, and frames of any kind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contract import RecordingIntake, until

from imbridge.adapters.base import AdapterContext, Health, Target
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.feishu.frames import frame_type
from imbridge.emulators.feishu import App, BotMessage, Chat, FeishuEmulator
from imbridge.protocol import Channel, ChannelKind, Element, Text
from imbridge.rendering import Part, PartKind
from imbridge.transport import Backoff, HttpPool, LinkOptions

SECRET = "canary-app-secret"


class Rig:
    """An emulated Feishu with one app, one person, and adapters made on demand."""

    def __init__(self, feishu: FeishuEmulator, pool: HttpPool) -> None:
        self.feishu = feishu
        self.pool = pool
        self.app: App = feishu.add_app("cli_rig", SECRET, name="Demo Bot", verification_token="canary-verification")
        self.alice = feishu.add_user("Alice")
        self.chat: Chat = feishu.private_chat(self.alice, self.app)
        self.intake = RecordingIntake()
        self.health: list[tuple[Health, str]] = []
        self.adapters: list[FeishuAdapter] = []
        self.requests: list[dict[str, Any]] = []
        feishu.wire.watch(self._watch)

    def _watch(self, direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "http":
            self.requests.append(facts)

    def make(
        self, app: App | None = None, *, options: LinkOptions | None = None, intake: Any = None, **config: Any
    ) -> FeishuAdapter:
        """An adapter that is not started."""
        app = app or self.app
        settings = {
            "name": "work", "app_id": app.app_id, "app_secret": app.app_secret, "base_url": self.feishu.base_url,
            "chat_rate": "1000/s",
        } | config  # fmt: skip
        context = AdapterContext(intake or self.intake, self.pool, self._on_health)
        adapter = FeishuAdapter(FeishuConfig(**settings), context, link_options=options)
        adapter.caller._backoff = Backoff(0.05, 1.0)
        adapter.caller.tokens._backoff = 0.02
        self.adapters.append(adapter)
        return adapter

    async def start(self, app: App | None = None, **options: Any) -> FeishuAdapter:
        adapter = self.make(app, **options)
        await adapter.start()
        return adapter

    async def close(self) -> None:
        for adapter in self.adapters:
            await adapter.close()

    def _on_health(self, adapter: Any, health: Health, reason: str) -> None:
        self.health.append((health, reason))

    def target(self, chat: Chat | None = None, **facts: Any) -> Target:
        """Where `chat` is, the private one when left out."""
        chat = chat or self.chat
        kind = ChannelKind.PRIVATE if chat.kind == "p2p" else ChannelKind.GROUP
        thread = facts.pop("thread", None)
        return Target(Channel(platform="feishu", account="work", kind=kind, id=chat.chat_id, thread=thread), **facts)

    async def intake_has(self, number: int) -> None:
        """Wait for so many deliveries."""
        await until(lambda: len(self.intake.offered) >= number, f"{number} deliveries")

    def calls(self, part: str, method: str | None = None) -> list[dict[str, Any]]:
        """The HTTP calls whose path has this in it."""
        return [call for call in self.requests if part in call["path"] and (method is None or call["method"] == method)]

    def send_frame(self, payload: bytes = b"", *, method: int = 1, **headers: str) -> None:
        """Send one data frame of any content to the adapter."""
        assert self.feishu.faults.send_raw(self.app, raw_frame(payload, method=method, **headers)) == 1


def text(*elements: Element | str) -> Part:
    """A text part."""
    return Part(PartKind.TEXT, tuple(Text(e) if isinstance(e, str) else e for e in elements))


def raw_frame(payload: bytes = b"", *, method: int = 1, service: int = 33_554_678, **headers: str) -> bytes:
    """A well-formed frame as bytes."""
    wire = frame_type()(SeqID=1, LogID=2, service=service, method=method, payload=payload)
    for key, value in headers.items():
        wire.headers.add(key=key, value=value)
    data: bytes = wire.SerializeToString()
    return data


def event_payload(event_id: str, said: str, chat_id: str = "oc_x", **header: Any) -> bytes:
    """A received message, as in a frame's payload."""
    return json.dumps(
        {
            "schema": "2.0",
            "header": {"event_id": event_id, "event_type": "im.message.receive_v1", "create_time": "1"} | header,
            "event": {
                "sender": {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"},
                "message": {
                    "message_id": f"om_{event_id}", "chat_id": chat_id, "chat_type": "p2p", "message_type": "text",
                    "create_time": "1700000000000", "content": json.dumps({"text": said}),
                },
            },
        }
    ).encode()  # fmt: skip


@contextmanager
def no_violations(feishu: FeishuEmulator) -> Iterator[None]:
    """Nothing in the block may break a rule of the platform."""
    before = len(feishu.violations)
    yield
    assert feishu.violations[before:] == []


async def said(rig: Rig, adapter: FeishuAdapter, chat: Chat, what: str = "hi", key: str = "k") -> BotMessage:
    """Has the bot say it; the message as the platform knows it."""
    await adapter.send(rig.target(chat), text(what), key)
    return rig.feishu.messages[-1]


def channel(kind: ChannelKind, chat_id: str, thread: str | None = None) -> Channel:
    """One of the account that a rig makes."""
    return Channel(platform="feishu", account="work", kind=kind, id=chat_id, thread=thread)
