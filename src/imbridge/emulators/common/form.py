"""Reading the parts of a multipart upload."""

from dataclasses import dataclass, field

from aiohttp import BodyPartReader, MultipartReader, web


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form.

    Attributes:
        name: The field's name.
        data: Its bytes.
        filename: The file's name; empty: the part has none.
        media_type: Its Content-Type; empty: it has none.
    """

    name: str
    data: bytes = field(repr=False)
    filename: str = ""
    media_type: str = ""


async def read_parts(request: web.BaseRequest) -> list[Part]:
    """The parts of a request's body that have a name, in their order.

    Raises:
        ValueError: The body is no well-formed multipart/form-data.
    """
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise ValueError("the body is not multipart/form-data")
    reader = MultipartReader(request.headers, request.content)
    parts = []
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name:
            data = bytes(await part.read(decode=True))
            parts.append(Part(part.name, data, part.filename or "", part.headers.get("Content-Type", "")))
    return parts
