"""What can be said of a registration before it is sent, by the contract's own types.

Intake knows more (its name pattern, its settings, what was scanned before); whatever is refused here, it
refuses too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from events.types import Registration
from events.values import ServerName

PASSWORDS = ("bmc_password", "bmc_password_sealed")
KNOWN = {*Registration.model_fields, *PASSWORDS, "device_name", "onboarding_id", "scanned_at", "supersede"}


def problems(fields: Mapping[str, Any]) -> list[str]:
    """Why intake will not take it, a sentence a field. No value is quoted: it may be a password."""
    present = {name: value for name, value in fields.items() if value not in (None, "")}
    return [*_fields(present), *_name(present), *_password(present)]


def _fields(present: Mapping[str, Any]) -> Iterator[str]:
    for name in present.keys() - KNOWN:
        yield f"{name}: no such field"
    try:
        Registration.model_validate(
            {name: value for name, value in present.items() if name in Registration.model_fields}
        )
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False, include_context=False):
            name = str(error["loc"][0])
            said = error["msg"].removeprefix("Value error, ")
            yield f"{name}: {said.replace(repr(present.get(name)), 'this')}"


def _name(present: Mapping[str, Any]) -> Iterator[str]:
    name = present.get("device_name")
    if name is None:
        return
    try:
        ServerName(str(name))
    except ValueError as error:
        yield f"device_name: {error}"


def _password(present: Mapping[str, Any]) -> Iterator[str]:
    given = [name for name in PASSWORDS if name in present]
    if len(given) != 1:
        yield f"bmc_password: {'either this or bmc_password_sealed, not both' if given else 'required'}"
