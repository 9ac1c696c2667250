"""Which reservations a `host_cmds` command means, read from its arguments."""

from onramp.sandbox.kea.answers import Json, KeaError, integer, parse_address, required
from onramp.sandbox.kea.hosts import Columns
from onramp.sandbox.kea.identifiers import IDENTIFIER_TYPES, decode_identifier

TARGETS = ("memory", "database", "all", "default")


def operation_target(given: Json, default: str) -> str:
    """Which sources a command means; `default` where it does not say."""
    target = required(given, "operation-target", str) if "operation-target" in given else "default"
    if target not in TARGETS:
        expected = f"({', '.join(TARGETS)})"
        raise KeaError(f"The 'operation-target' value ({target}) is not within expected set: {expected}")
    return default if target == "default" else str(target)


def one_host(given: Json) -> Columns:
    """The one reservation that `reservation-get` and `reservation-del` mean."""
    named = {"ip-address", "identifier-type", "identifier"} & given.keys()
    subnet_id = integer(given, "subnet-id") if "subnet-id" in given or not named else None
    if "ip-address" in given:
        if not isinstance(given["ip-address"], str):
            raise KeaError("'ip-address' is not a string.")
        address = str(parse_address(given["ip-address"]))
        if subnet_id is None:
            values = f"'ip-address' set to \"{address}\""
            raise KeaError(_hint("reservation-get-by-address", values, "address"))
        return {"subnet_id": subnet_id, "ip_address": address}
    for name in ("identifier-type", "identifier"):
        if not isinstance(given.get(name), str):
            raise KeaError(f"No 'ip-address' provided and '{name}' is either missing or not a string.")
    wanted = client(given)
    if subnet_id is None:
        kind, identifier = given["identifier-type"], given["identifier"]
        values = f"'identifier-type' set to \"{kind}\" and 'identifier' to \"{identifier}\""
        raise KeaError(_hint("reservation-get-by-id", values, "identifier"))
    return {"subnet_id": subnet_id, **wanted}


def _hint(command: str, values: str, what: str) -> str:
    listing = f"to get the list of reservations with this {what}"
    return f"missing parameter 'subnet-id', use '{command}' with {values} {listing}"


def client(given: Json) -> Columns:
    """The identifier type and the identifier, as upper-case hex, that a command names."""
    try:
        identifier = decode_identifier(given["identifier"])
    except ValueError:
        raise KeaError("Unable to parse 'identifier' value.") from None
    if not identifier:
        raise KeaError("Unable to query for empty 'identifier'.")
    if given["identifier-type"] not in IDENTIFIER_TYPES:
        raise KeaError("Value of 'identifier-type' was not recognized.")
    return {"identifier_type": given["identifier-type"], "identifier": identifier}
