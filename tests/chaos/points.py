"""The fault points of a first onboarding, by service: what the launcher's seams are called.

`sent` is the moment after a publish has left, and before its PubAck is heard.
"""

AROUND = ("before", "after")
PUBLISH = ("before", "sent", "after")

READS = {"netbox_sync": ("netbox_sync", "netbox_status")} | {
    name: (name,) for name in ("vault_writer", "kea_sync", "metal3_sync")
}
"""The steps of a service, each of which reads how the server stands, and acks."""

WRITES = {
    "netbox_sync": (
        "POST dcim/devices",
        "POST dcim/interfaces",
        "POST ipam/ip-addresses",
        "PATCH dcim/devices oob_ip",
        "PATCH dcim/devices status",
    ),
    "vault_writer": ("write secret", "write metadata"),
    "kea_sync": ("AddReservation kea-a", "AddReservation kea-b"),
    "metal3_sync": ("apply Secret", "apply BareMetalHost"),
}

PUBLISHES = {
    "intake": ("claim", "server-scanned", "claim completed"),
    "netbox_sync": ("device-recorded",),
    "vault_writer": ("credentials-stored",),
    "kea_sync": ("address-reserved",),
    "metal3_sync": ("host-enrolled", "server-ready"),
}


def all_points() -> list[tuple[str, str]]:
    """Every service and point, in the order in which an onboarding passes them."""
    found = []
    for service, publishes in PUBLISHES.items():
        steps = READS.get(service, ())
        found += [(service, f"{when} read {step}") for step in steps for when in AROUND]
        found += [(service, f"{when} {write}") for write in WRITES.get(service, ()) for when in AROUND]
        found += [(service, f"{when} publish {event}") for event in publishes for when in PUBLISH]
        found += [(service, f"{when} ack {step}") for step in steps for when in AROUND]
    return found
