"""A request's body, read with a bound and taken only as what it says it is."""

from collections.abc import Collection
from email.message import Message
from io import BytesIO
from typing import Any

from starlette.requests import ClientDisconnect, Request

from intake.i_json import parse
from intake.problems import TooLarge, Unreadable, UnsupportedBody


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """The JSON object in the body. Raises `UnsupportedBody`, `TooLarge`, `Unreadable`."""
    check_type(request, {"application/json"})
    body = await read_body(request, limit)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} of the body is not UTF-8") from None
    value = parse(text)
    if not isinstance(value, dict):
        raise Unreadable("one JSON object is expected")
    return value


def check_type(request: Request, taken: Collection[str]) -> str:
    """The body's media type, if it is one of these. Raises `UnsupportedBody`."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if (sent := header.get_content_type()) not in taken:
        raise UnsupportedBody(f"send it with the header Content-Type: {' or '.join(sorted(taken))}")
    if str(header.get_param("charset", "utf-8")).lower() not in {"utf-8", "utf8"}:
        raise UnsupportedBody("it is taken as UTF-8: leave the charset out")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedBody("send it without a Content-Encoding")
    return sent


async def read_body(request: Request, limit: int) -> bytes:
    """All of the body, kept once. Raises `TooLarge`, `Unreadable`."""
    body = BytesIO()
    try:
        async for chunk in request.stream():
            body.write(chunk)
            if body.tell() > limit:
                raise TooLarge(f"at most {limit} bytes are taken")
    except ClientDisconnect:
        raise Unreadable("the body ended early") from None
    return body.getvalue()
