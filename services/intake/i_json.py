"""JSON that every reader takes alike: I-JSON (RFC 7493)."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

from intake.problems import Unreadable

LONGEST_INTEGER = 15
"""Digits: what every JSON reader takes exactly (RFC 7493, section 2.2)."""


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
