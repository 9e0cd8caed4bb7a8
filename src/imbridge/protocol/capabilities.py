"""What an account's platform and mode can do, as data."""

from pydantic import Field

from imbridge.protocol.model import ProtocolModel


class Capabilities(ProtocolModel):
    """Read by rendering, the docs and checks; each adapter states its own with the platform's source beside it.

    Attributes:
        receives: Element types that arrive.
        sends: Element types that can be shown as they are; others are degraded.
        text_bytes: Most bytes of one text message as sent, in UTF-8.
        markdown_bytes: Most bytes of one Markdown or rich text message as sent.
        markdown_shows: What of Markdown is shown as what it is: of `imbridge.rendering.markdown.FEATURES`. In one
            message, if the account has several kinds of Markdown, perhaps not all of it.
        markdown_tables: Most tables in one message, where Markdown shows any.
        image_bytes: Largest image.
        file_bytes: Largest file.
        images: Formats that are shown as images (`png`, `jpg`, `gif`, `webp`, `bmp`, `tiff`, `ico`); empty when not
            known.
        voices: Formats that are played as voice messages (`opus` in Ogg, `amr`, `silk`, `mp3`, `wav`, `flac`); others
            are converted into the first, with the extra `media`.
        voice_bytes: Largest voice message; 0 when not known.
        voice_seconds: Longest voice message; None when not known.
        edit: Sent messages can be changed: texts, and cards where there are cards.
        edit_cards: Sent cards can be changed, and other messages cannot.
        max_edits: How often one message can be changed; None when not limited.
        recall: Sent messages can be taken back.
        recall_window: Seconds in which that works; None when the platform sets no limit we know.
        react: Reactions can be put on messages.
        typing: It can be shown that an answer is on its way.
        threads: Answers inside a thread.
        quote: An answer can be attached to a message.
        mention: People can be called by @.
        push: We can speak without being spoken to.
        idempotent_send: A repeated send with the same key makes one message.
        key_seconds: For how long that is so after the first; None when not limited.
        reply_window: Seconds after a message in which it can be answered; None when not limited.
    """

    receives: frozenset[str] = frozenset()
    sends: frozenset[str] = frozenset({"text"})
    text_bytes: int = Field(default=2048, gt=0)
    markdown_bytes: int = Field(default=2048, gt=0)
    markdown_shows: frozenset[str] = frozenset()
    markdown_tables: int | None = None
    image_bytes: int = Field(default=0, ge=0)
    file_bytes: int = Field(default=0, ge=0)
    images: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    voice_bytes: int = Field(default=0, ge=0)
    voice_seconds: float | None = None
    edit: bool = False
    edit_cards: bool = False
    max_edits: int | None = None
    recall: bool = False
    recall_window: float | None = None
    react: bool = False
    typing: bool = False
    threads: bool = False
    quote: bool = False
    mention: bool = False
    push: bool = True
    idempotent_send: bool = False
    key_seconds: float | None = None
    reply_window: float | None = None
