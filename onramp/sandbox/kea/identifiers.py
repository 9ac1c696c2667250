"""How Kea reads and writes client identifiers."""

import re

from onramp.sandbox.kea.answers import KeaError

IDENTIFIER_TYPES = ("circuit-id", "client-id", "duid", "flex-id", "hw-address")


def decode_identifier(text: str) -> str:
    """An identifier as upper-case hex, from 'quoted' text, octets parted by `:` or a space, or plain hex.

    Raises ValueError for anything else.
    """
    if len(text) > 2 and text[0] == text[-1] == "'":
        return text[1:-1].encode().hex().upper()
    for separator in (":", " "):
        if separator in text:
            return _octets(text, separator)
    digits = text.removeprefix("0x")
    return bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0")).hex().upper()


def decode_octets(text: str) -> str:
    """A lease's MAC or client id as Kea writes it; only colons part its octets. Raises KeaError."""
    try:
        return colon_separated(_octets(text, ":"))
    except ValueError:
        raise KeaError(f"invalid format of the decoded string '{text}'") from None


def colon_separated(identifier: str) -> str:
    """Hex digits as `aa:bb:cc`, the way Kea shows a MAC or a DUID."""
    return ":".join(re.findall("..", identifier)).lower()


def encode_identifier(identifier_type: str, identifier: str) -> str:
    """An identifier as a reservation shows it."""
    return colon_separated(identifier) if identifier_type in ("hw-address", "duid") else identifier


def _octets(text: str, separator: str) -> str:
    octets = text.split(separator)
    if not all(re.fullmatch("[0-9A-Fa-f]{1,2}", octet) for octet in octets):
        raise ValueError(text)
    return "".join(octet.rjust(2, "0") for octet in octets).upper()
