"""A host reservation, read as Kea's parser reads it and shown as Kea shows it."""

from ipaddress import IPv4Address
from typing import Any

from pydantic import BaseModel, ConfigDict

from onramp.sandbox.kea.answers import (
    NOWHERE,
    SUBNET_ID_MAX,
    SUBNET_ID_UNUSED,
    Json,
    KeaError,
    parse_address,
)
from onramp.sandbox.kea.identifiers import IDENTIFIER_TYPES, decode_identifier, encode_identifier

DETAILS: Json = {
    "hostname": "",
    "next-server": "0.0.0.0",
    "server-hostname": "",
    "boot-file-name": "",
    "client-classes": [],
    "option-data": [],
}
"""What a reservation shows beside its identifier and address, with the values that stand for "not given"."""

STRINGS = {*IDENTIFIER_TYPES, "hostname", "ip-address", "next-server", "server-hostname", "boot-file-name"}
PARAMETERS = {*IDENTIFIER_TYPES, *DETAILS, "ip-address", "user-context"}


Columns = dict[str, str | int | None]
"""The values of some of a reservation's columns, by name: what it is found by."""


class Host(BaseModel):
    """One reservation; `identifier` is upper-case hex, `host_id` is its source's own number for it."""

    model_config = ConfigDict(frozen=True)

    subnet_id: int
    identifier_type: str
    identifier: str
    ip_address: str | None
    details: dict[str, Any]
    host_id: int = 0

    @classmethod
    def parse(cls, reservation: object, subnet_id: int | None = None) -> "Host":
        """A reservation of a command, or of the configuration of the subnet `subnet_id`; raises KeaError."""
        if not isinstance(reservation, dict):
            raise KeaError(f"mapValue() called on non-map Element in {NOWHERE}")
        given = dict(reservation)
        placed = _subnet_id(given.pop("subnet-id", SUBNET_ID_UNUSED)) if subnet_id is None else subnet_id
        for name in sorted(given):
            if name not in PARAMETERS:
                raise KeaError(f"unsupported configuration parameter '{name}' {NOWHERE}")
            if name in STRINGS and not isinstance(given[name], str):
                raise KeaError(f"stringValue() called on non-string Element in {NOWHERE}")
        identifier_type = _identifier_type(given)
        try:
            identifier = decode_identifier(given[identifier_type])
        except ValueError:
            text = f"invalid host identifier value '{given[identifier_type]}' {NOWHERE}"
            raise KeaError(text) from None
        return cls(
            subnet_id=placed,
            identifier_type=identifier_type,
            identifier=identifier,
            ip_address=_reserved_address(given["ip-address"]) if "ip-address" in given else None,
            details={name: given[name] for name in (*DETAILS, "user-context") if name in given},
        )

    @property
    def client(self) -> Columns:
        """Whose reservation this is: a client has at most one in a subnet."""
        return {
            "subnet_id": self.subnet_id,
            "identifier_type": self.identifier_type,
            "identifier": self.identifier,
        }

    @property
    def identifier_text(self) -> str:
        """The identifier as this reservation shows it."""
        return encode_identifier(self.identifier_type, self.identifier)

    @property
    def hostname(self) -> str:
        """The reserved hostname in lower case, as Kea looks it up."""
        return str(self.details.get("hostname", "")).lower()

    def element(self) -> Json:
        """The reservation as Kea writes it into its configuration."""
        address = {"ip-address": self.ip_address} if self.ip_address else {}
        return {**DETAILS, **self.details, self.identifier_type: self.identifier_text, **address}


def _subnet_id(value: object) -> int:
    if type(value) is not int:
        raise KeaError("'subnet-id' parameter is not integer.")
    if value != SUBNET_ID_UNUSED and not 0 <= value <= SUBNET_ID_MAX:
        text = f"subnet-id: {value} is invalid, must be between 0 and {SUBNET_ID_MAX} (inclusive)."
        raise KeaError(text)
    return value


def _identifier_type(given: Json) -> str:
    types = [name for name in IDENTIFIER_TYPES if name in given]
    if not types:
        text = "one of the supported identifiers must be specified for host reservation:"
        raise KeaError(f"{text} {', '.join(IDENTIFIER_TYPES)} {NOWHERE}")
    if len(types) > 1:
        raise KeaError(f"the '{types[1]}' and '{types[0]}' are mutually exclusive {NOWHERE}")
    if not given[types[0]]:
        raise KeaError(f"empty host identifier used {NOWHERE}")
    return types[0]


def _reserved_address(text: str) -> str:
    try:
        address = parse_address(text)
    except KeaError as error:
        raise KeaError(f"{error.text} {NOWHERE}") from None
    if not isinstance(address, IPv4Address):
        raise KeaError(f"address '{address}' is not a valid IPv4 address {NOWHERE}")
    if int(address) in (0, 2**32 - 1):
        raise KeaError(f"must not make reservation for the '{address}' address {NOWHERE}")
    return str(address)
