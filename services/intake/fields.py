"""The kinds of field that a registration has, stricter than the events': what comes in, people typed."""

import unicodedata
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, WithJsonSchema

from events.values import IpAddress, IpPrefix, MacAddress, RackPosition, ServerName

CLIENT_AHEAD = timedelta(minutes=5)
"""How far a client's clock may be ahead of intake's."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text, in quotes")
    if not value.isprintable() and any(unicodedata.category(char) == "Cc" for char in value):
        raise ValueError("text without control characters")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a multiple of 0.5, from 0.5 up")
    return value


def _address(text: str) -> IpAddress:
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError("an IPv4 or IPv6 address, as in 10.16.28.78") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback or "%" in text:
        raise ValueError("the address of one interface: none that is multicast, unspecified or loopback")
    if address.is_reserved:
        raise ValueError("an address that is not reserved; an IPv4 one in its own spelling")
    return address


def _prefix(text: str) -> IpPrefix:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("a prefix without host bits, as in 10.16.28.0/24") from None


def _no_credentials(text: str) -> str:
    if "@" in text:
        raise ValueError("an address without credentials, as in redfish://10.16.28.78/redfish/v1/Systems/1")
    return text


def _no_nul(password: str) -> str:
    if "\0" in password:
        raise ValueError("a password without NUL")
    return password


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value).upper())
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise ValueError("a time and its offset (RFC 3339), as in 2026-11-21T07:10:00Z")
    return moment


def _not_ahead(moment: datetime) -> datetime:
    if moment > datetime.now(UTC) + CLIENT_AHEAD:
        raise ValueError("a time that has come: the clock that told this one is ahead")
    return moment


_ANY_MAC = {"type": "string", "description": "Any common spelling.", "examples": ["3c:ec:ef:a1:9c:e8"]}

Text = Annotated[str, StringConstraints(max_length=255), BeforeValidator(_text)]
Mac = Annotated[MacAddress, BeforeValidator(_text), WithJsonSchema(_ANY_MAC)]
Name = Annotated[ServerName, BeforeValidator(_text), WithJsonSchema({"type": "string", "maxLength": 59})]
Position = Annotated[RackPosition, BeforeValidator(_number)]
Address = Annotated[IpAddress, BeforeValidator(lambda value: _address(_text(value)))]
Prefix = Annotated[IpPrefix, BeforeValidator(lambda value: _prefix(_text(value)))]
BmcAddress = Annotated[Text, AfterValidator(_no_credentials)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_not_ahead)]
Password = Annotated[str, AfterValidator(_no_nul), Field(strict=True)]
