"""What a client may say of a server, read from JSON with every field that won't do named."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError
from pydantic_core import ErrorDetails

from events.types import Registration
from intake import fields
from intake.problems import BadRegistration, FieldError

HIDDEN = frozenset({"bmc_password", "bmc_password_sealed", "bmc_address"})
"""Fields whose value is never shown again; an address may have credentials typed into it."""

SHOWN_LENGTH = 100

MOST_UNKNOWN = 5
"""Unknown fields that are told of: what each may be meant for is slow to find."""


class RegistrationRequest(BaseModel):
    """One server as a client registers it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    device_name: fields.Name | None = Field(None, description="Made from the rack's place when absent.")
    bmc_mac: fields.Mac
    bmc_password: fields.Password | None = Field(None, repr=False)
    bmc_password_sealed: fields.Password | None = Field(
        None,
        repr=False,
        description="The password as a compact JWE, sealed by the client to a key of /api/v1/keys.",
    )
    bmc_ip: fields.Address | None = None
    bmc_username: fields.Text | None = None
    bmc_address: fields.BmcAddress | None = Field(None, description="Metal3's `bmc.address`.")
    boot_mac: fields.Mac | None = Field(None, description="The boot NIC's MAC, never the BMC's.")
    site: fields.Text | None = None
    location: fields.Text | None = None
    rack: fields.Text | None = None
    position: fields.Position | None = None
    device_type: fields.Text | None = None
    device_role: fields.Text | None = None
    bmc_prefix: fields.Prefix | None = Field(None, description="Where NetBox finds the BMC an address.")
    tenant: fields.Text | None = None
    serial: fields.Text | None = None
    asset_tag: fields.Text | None = None
    onboarding_id: UUID | None = Field(None, description="Made by a client that may send this twice.")
    scanned_at: fields.Moment | None = Field(None, description="When the label was scanned (RFC 3339).")
    supersede: StrictBool = Field(False, description="Take this scan even if a newer one is stored.")

    def registration(self) -> Registration:
        """What the event says of the server: the same values, already made sure of."""
        return Registration.model_construct(
            **{name: getattr(self, name) for name in Registration.model_fields}
        )

    def digest(self) -> str:
        """What makes it the same registration when it comes again: all of it but password and `supersede`."""
        left_out = {"bmc_password", "bmc_password_sealed", "supersede"}
        record = self.model_dump(mode="json", exclude=left_out, exclude_none=True)
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def read_registration(record: Mapping[str, Any]) -> RegistrationRequest:
    """The registration in a JSON object. Raises `BadRegistration`.

    Empty texts mean absent, and what surrounds a text is no part of it, save for a password's.
    """
    tidy = {
        name: value.strip() if isinstance(value, str) and name != "bmc_password" else value
        for name, value in record.items()
    }
    present = {name: value for name, value in tidy.items() if value is not None and value != ""}
    try:
        return RegistrationRequest.model_validate(present)
    except ValidationError as invalid:
        details = invalid.errors(include_url=False, include_input=False, include_context=False)
    unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
    wrong = [detail for detail in details if detail["type"] != "extra_forbidden"]
    told = [*wrong, *unknown[:MOST_UNKNOWN]]
    raise BadRegistration([_field_error(detail, present) for detail in told])


def without_password(errors: Iterable[FieldError], record: Mapping[str, Any]) -> list[FieldError]:
    """The errors as they may be shown: a password typed into another field is not told from there either.

    Nor as a field's name, but for the names that everybody knows.
    """
    password = str(record.get("bmc_password") or "").strip().casefold()

    def told(text: str | None) -> str | None:
        hidden = text is None or (password and password in text.casefold())
        return None if hidden or text is None else text[:SHOWN_LENGTH]

    def named(field: str) -> str:
        return field if field in RegistrationRequest.model_fields else told(field) or "?"

    return [FieldError(named(error.field), told(error.came), error.expected) for error in errors]


def _field_error(detail: ErrorDetails, record: Mapping[str, Any]) -> FieldError:
    name = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        return FieldError(name, None, _nearest(name))
    if detail["type"] == "missing":
        return FieldError(name, None, "required")
    quoted, said = repr(record[name]), detail["msg"].removeprefix("Value error, ")
    expected = "this" + said.removeprefix(quoted) if said.startswith(quoted) else said
    return FieldError(name, None if name in HIDDEN else _spelled(record[name]), expected)


def _nearest(name: str) -> str:
    """The value of an unknown field is never shown: it may be a password under a misspelled name."""
    known = list(RegistrationRequest.model_fields)
    nearest = get_close_matches(name.lower(), known, n=1)
    return f"no such field; did you mean {nearest[0]}?" if nearest else f"no such field of {', '.join(known)}"


def _spelled(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return value if isinstance(value, str) else json.dumps(value)
