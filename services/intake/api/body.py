"""A request's body, read with a bound and taken only as I-JSON (RFC 7493)."""

import json
from collections.abc import Sequence
from email.message import Message
from math import isfinite
from typing import Any

from starlette.requests import ClientDisconnect, Request

from intake.problems import TooLarge, Unreadable, UnsupportedBody

LONGEST_INTEGER = 15
"""Digits: what every JSON reader takes exactly (RFC 7493, section 2.2)."""


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """The JSON object in the body. Raises `UnsupportedBody`, `TooLarge`, `Unreadable`."""
    _check_type(request)
    body = await _read(request, limit)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} of the body is not UTF-8") from None
    value = parse(text)
    if not isinstance(value, dict):
        raise Unreadable("one JSON object is expected, a server's registration")
    return value


def parse(text: str) -> Any:
    """The value of a JSON text. What is said of an unreadable one never quotes it: it holds a password."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Unreadable(f"no JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply") from None
    except UnicodeEncodeError:
        raise Unreadable("the JSON holds half of a surrogate pair, which is no character") from None
    return value


def _check_type(request: Request) -> None:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if header.get_content_type() != "application/json":
        raise UnsupportedBody("send it with the header Content-Type: application/json")
    if str(header.get_param("charset", "utf-8")).lower() not in {"utf-8", "utf8"}:
        raise UnsupportedBody("JSON is UTF-8: leave the charset out")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedBody("send it without a Content-Encoding")


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise TooLarge(f"at most {limit} bytes are taken")
    except ClientDisconnect:
        raise Unreadable("the body ended early") from None
    return bytes(body)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Unreadable("an object has two members of the same name")
    return members


def _no_constant(name: str) -> None:
    raise Unreadable(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_INTEGER:
        raise Unreadable("a number is too large")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise Unreadable("a number is too large")
    return number
