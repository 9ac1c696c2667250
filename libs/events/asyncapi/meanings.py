"""What each field of an event or value means, in the reference and in the schemas.

A field's own description comes first; here is what the types leave to a reader's knowledge of the field.
"""

from collections.abc import Mapping

from pydantic import BaseModel

MEANINGS: Mapping[str, str] = {
    "onboarding_id": "One scan of one server and all that follows from it (UUIDv7).",
    "server": "The server's name, its identity everywhere: a lower-case DNS label.",
    "site": "The site as a subject token, fixed once by intake; `_` where the scan named none.",
    "registration": "What the scan said of the server, without its password.",
    "scanned_at": "When the label was scanned, if the client said so.",
    "outcome": "What the step did: `created`, `changed`, `unchanged` or `skipped`.",
    "reason": "Why, in a sentence for an operator.",
    "warnings": "What an operator should know although the step was completed.",
    "skipped": "The steps that had nothing to do for this onboarding so far.",
    "device_id": "NetBox's id of the device; none when netbox_sync was skipped.",
    "bmc_ip": "The BMC's address, given or allocated.",
    "credentials": "Where the BMC's user and password stand in OpenBao.",
    "reservations": "One for each DHCP server that serves the address.",
    "host": "The BareMetalHost that stands for the server.",
    "missing": "What the onboarding lacked to go on.",
    "by": "Who gave it up.",
    "step": "The step's name.",
    "next_attempt_at": "When it will be tried again.",
    "attempt": "How often this message has been handed back so far.",
    "error_type": "`Refuse`, or the kind of an error that the step does not know.",
    "culprit": "The object in the way, where there is one.",
    "Registration.bmc_ip": "The BMC's address, where the scan names it.",
    "Registration.site": "The site as NetBox knows it.",
    "bmc_mac": "The BMC's MAC address.",
    "bmc_username": "The BMC's user.",
    "bmc_prefix": "Where NetBox finds the BMC an address.",
    "boot_mac": "The boot NIC's MAC address, never the BMC's.",
    "location": "The location as NetBox knows it: a room, a row.",
    "rack": "The rack as NetBox knows it.",
    "position": "The lowest rack unit that the device takes.",
    "device_type": "The model as NetBox knows it: its slug, or `manufacturer/slug`.",
    "device_role": "The role as NetBox knows it.",
    "tenant": "The tenant as NetBox knows it.",
    "serial": "The device's serial number.",
    "asset_tag": "Its asset tag.",
    "StoredCredentials.mount": "The KV v2 mount.",
    "StoredCredentials.path": "The secret's path in it.",
    "StoredCredentials.version": "The version that was written; metal3_sync reads the newest.",
    "Reservation.dhcp_server": "The server's name in kea_sync's settings.",
    "Reservation.subnet_id": "The id of the subnet there.",
    "Host.namespace": "Its namespace.",
    "Host.name": "Its name, the server's.",
    "SkippedStep.reason": "Why it had nothing to do.",
    "SkippedStep.step": "The step's name.",
}


def meaning(model: type[BaseModel], field: str) -> str:
    """What a field means. Raises `KeyError` when nobody has said it yet."""
    own = model.model_fields[field].description
    return own or MEANINGS.get(f"{model.__name__}.{field}") or MEANINGS[field]
