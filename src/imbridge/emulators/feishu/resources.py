"""What a message may refer to: uploads, groups, people.

Rules: https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json and the error codes of
https://open.feishu.cn/document/server-docs/im-v1/message/create.
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.uploads import Upload

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

FILE_TYPES = {"audio": "opus", "media": "mp4"}
"""Message types that take one type of file only."""


def check_references(world: "World", app: App, msg_type: str, content: dict[str, Any]) -> None:
    """Refuses a message that refers to something that is not there, not the app's, or of the wrong type."""
    if msg_type == "image":
        _own(world, app, content["image_key"], "image")
    elif msg_type in {"file", "audio", "media"}:
        upload = _own(world, app, content["file_key"], "file")
        wanted = FILE_TYPES.get(msg_type)
        # opus and mp4 files are voice and video: they do not go out as a plain file.
        if (wanted or upload.file_type) != upload.file_type or (not wanted and upload.file_type in FILE_TYPES.values()):
            raise ApiError(230055, f"a file uploaded as {upload.file_type} can not be sent as {msg_type}")
        if content.get("image_key"):
            _own(world, app, content["image_key"], "image")
    elif msg_type == "sticker":
        if not world.store.has_sticker(app, content["file_key"]):
            raise ApiError(230001, "a bot can send the stickers only that it was sent")
    elif msg_type == "share_chat":
        chat = world.directory.chats.get(content["chat_id"])
        if chat is None:
            raise ApiError(230001, "invalid chat_id")
        if chat.kind == "p2p":
            raise ApiError(230015)
        if app not in chat.apps:
            raise ApiError(230002)
    elif msg_type == "share_user":
        who = world.directory.find(app, "open_id", content["user_id"])
        if who is None or isinstance(who, App):
            raise ApiError(230001, "user_id is not the open_id of a person")
    elif msg_type == "post":
        for body in content.values():
            for row in body["content"]:
                for tag in row:
                    if tag["tag"] == "img":
                        _own(world, app, tag["image_key"], "image")
                    elif tag["tag"] == "media":
                        _own(world, app, tag["file_key"], "file")


def _own(world: "World", app: App, key: str, kind: str) -> Upload:
    upload = world.uploads.get(key)
    if upload is None or upload.kind != kind:
        raise ApiError(230001, f"invalid {kind}_key")
    # Documented for files. That a received image can be sent on by its key is unverified, and allowed here.
    if upload.by is not app and (kind == "file" or isinstance(upload.by, App)):
        raise ApiError(230017)
    return upload
