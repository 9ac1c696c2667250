"""A JSON array, read as far as it is looked at. Each element is taken only as I-JSON (RFC 7493)."""

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any, TextIO

from intake.i_json import parse
from intake.imports.formats.record import LONGEST, Record, too_long
from intake.problems import FieldError, Unreadable

_NO_SPACE = re.compile(r"[^ \t\n\r]")


def _any_number(_digits: str) -> None:
    """Where an element ends does not depend on its numbers."""


_SPLITTER = json.JSONDecoder(parse_int=_any_number, parse_float=_any_number, parse_constant=_any_number)


def read_json(text: TextIO) -> Iterator[Record]:
    """The objects of the array."""
    for index, element in enumerate(_Array(text).elements()):
        try:
            value: Any = parse(element)
        except Unreadable as unreadable:
            yield Record(index, {}, (FieldError("?", None, unreadable.detail),))
            continue
        if isinstance(value, dict):
            yield Record(index, value)
        else:
            yield Record(index, {}, (FieldError("?", None, "a JSON object, a server's registration"),))


class _Array:
    """The window on the text: what was read and not yet passed."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._window = ""
        self._at = 0

    def elements(self) -> Iterator[str]:
        """The text of each element. Raises `Unreadable`, and never quotes what it could not read."""
        if self._next() != "[":
            raise Unreadable("a JSON array of registrations is expected")
        self._at += 1
        closed = self._next() == "]"
        for index in count():
            if closed:
                break
            yield self._element(index)
            if self._next() not in ("]", ","):
                raise Unreadable(f"no JSON array: neither , nor ] follows record {index}")
            closed = self._next() == "]"
            self._at += 0 if closed else 1
        self._at += 1
        if self._next():
            raise Unreadable("something follows the JSON array")

    def _element(self, index: int) -> str:
        self._next()
        while True:
            try:
                _, end = _SPLITTER.raw_decode(self._window, self._at)
            except json.JSONDecodeError as error:
                if len(self._window) - self._at > LONGEST:
                    raise too_long(f"record {index}") from None
                if not self._more():
                    raise Unreadable(f"no JSON: {error.msg} in record {index}") from None
            except RecursionError:
                raise Unreadable(f"record {index} is nested too deeply") from None
            else:
                if end - self._at > LONGEST:
                    raise too_long(f"record {index}")
                if end < len(self._window) or not self._more():
                    element = self._window[self._at : end]
                    self._at = end
                    return element

    def _next(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            if found := _NO_SPACE.search(self._window, self._at):
                self._at = found.start()
                return found.group()
            self._at = len(self._window)
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read on: enough for the longest element."""
        self._window = self._window[self._at :]
        self._at = 0
        more = self._text.read(LONGEST)
        self._window += more
        return bool(more)
