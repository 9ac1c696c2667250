"""Values that cannot be wrong once made: one spelling out, whatever came in.

Each is a `str` or `float` of its own type, so that JSON and every client take it as it is. Making one
from bad input raises `ValueError` with a sentence that says what came and what would do.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

IpAddress = IPv4Address | IPv6Address
IpPrefix = IPv4Network | IPv6Network

SiteToken = Annotated[str, StringConstraints(pattern=r"^(_|[a-z0-9-]+)$")]
"""The site as a subject token, fixed once by intake; `_` where the scan named no site."""

NO_SITE = "_"

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
_LONGEST_NAME = 59
"""A DNS label has 63 characters; `<server>-bmc` must fit."""


class _Text(str):
    """A string that pydantic makes through its own constructor."""

    __slots__ = ()
    json_schema: ClassVar[dict[str, Any]]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(cls.json_schema)


class MacAddress(_Text):
    """A unicast MAC address, spelled `3c:ec:ef:a1:9c:e8`; any common spelling comes in."""

    __slots__ = ()
    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$"}

    def __new__(cls, text: str) -> Self:
        """Take colons, hyphens, dots or nothing between the digits; refuse what names no interface."""
        groups = re.split(r"[:.\- ]", text.strip().lower())
        digits = "".join(groups)
        # Groups of unequal length: a digit is missing in one, and another's was typed twice.
        if not re.fullmatch(r"[0-9a-f]{12}", digits) or len(set(map(len, groups))) > 1:
            raise ValueError(
                f"{text!r} is no MAC address: twelve hexadecimal digits, as in 3c:ec:ef:a1:9c:e8"
            )
        if digits == "0" * 12:
            raise ValueError("the all-zero MAC address names no interface")
        if digits == "f" * 12:
            raise ValueError("the broadcast MAC address names no interface")
        if int(digits[:2], 16) & 1:
            raise ValueError(f"{text!r} is a multicast MAC address; an interface has a unicast one")
        return super().__new__(cls, ":".join(digits[i : i + 2] for i in range(0, 12, 2)))


class ServerName(_Text):
    """A server's name, its identity everywhere: a lower-case DNS label of at most 59 characters."""

    __slots__ = ()
    json_schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "maxLength": _LONGEST_NAME,
    }

    def __new__(cls, text: str) -> Self:
        """Take any case; refuse what is no DNS label or could be taken for an onboarding id."""
        name = text.strip().lower()
        if len(name) > _LONGEST_NAME or not _DNS_LABEL.fullmatch(name):
            raise ValueError(
                f"{text!r} is no server name: letters, digits and inner hyphens, at most {_LONGEST_NAME}"
            )
        if _UUID.fullmatch(name):
            raise ValueError(f"{text!r} looks like a UUID, and those name onboardings")
        return super().__new__(cls, name)


class RackPosition(float):
    """The lowest rack unit that a device takes, in steps of one half from 0.5."""

    def __new__(cls, units: float | str) -> Self:
        """Take a number or its text; refuse what is not on the half-unit grid."""
        try:
            value = float(units)
        except (TypeError, ValueError, OverflowError):
            value = 0.0
        if not 0.5 <= value <= 1000 or value * 2 != int(value * 2):
            raise ValueError(f"{units!r} is no rack position: a multiple of 0.5, from 0.5 up")
        return super().__new__(cls, value)

    @property
    def label(self) -> str:
        """As it stands in a made server name, after the `u`: `05`, `31`, `10-5`."""
        whole = f"{int(self):02d}"
        return whole if self.is_integer() else f"{whole}-5"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "number", "minimum": 0.5, "multipleOf": 0.5}


def site_token(site: str | None) -> str:
    """A site as it stands in a subject: lower case, any other character as `-`; `_` where there is none."""
    return re.sub(r"[^a-z0-9-]", "-", site.strip().lower()) if site and site.strip() else NO_SITE
