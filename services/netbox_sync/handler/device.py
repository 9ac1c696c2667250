"""Which fields of the device are to be written, by NetBox's own names, and what to call each change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netbox_sync.handler.identity import is_placed_elsewhere
from netbox_sync.handler.values import Device, Policy, Wanted


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was scanned."""

    fields: Mapping[str, object]
    text: str


def new_device(wanted: Wanted, policy: Policy) -> Iterator[Difference]:
    """All that a device starts with. Its status is written here and, once, when it is ready."""
    fields = {
        "name": wanted.server,
        "site": wanted.site.id,
        "role": wanted.role.id,
        "device_type": wanted.device_type.id,
        "status": policy.status_new,
        "face": "front",
        **_place(wanted),
    }
    optional = {
        "tenant": wanted.tenant.id if wanted.tenant else None,
        "serial": wanted.serial,
        "asset_tag": wanted.asset_tag,
        "tags": [{"slug": tag} for tag in policy.tags],
        "custom_fields": dict(policy.custom_fields),
    }
    given = {name: value for name, value in optional.items() if value}
    yield Difference({**fields, **given}, f"creates device {wanted.server} in {wanted.place}")


def changed_device(wanted: Wanted, device: Device, policy: Policy) -> Iterator[Difference]:
    """Where the device differs. What the scan left out is no difference, and nor is the status."""
    yield from _moved(wanted, device)
    if device.device_type_id != wanted.device_type.id:
        yield Difference({"device_type": wanted.device_type.id}, f"device type is {wanted.device_type}")
    if device.role_id != wanted.role.id:
        yield Difference({"role": wanted.role.id}, f"role is {wanted.role}")
    if wanted.tenant and device.tenant_id != wanted.tenant.id:
        yield Difference({"tenant": wanted.tenant.id}, f"tenant is {wanted.tenant}")
    for name in ("serial", "asset_tag"):
        scanned, recorded = getattr(wanted, name), getattr(device, name)
        if scanned and scanned != recorded:
            was = f" instead of {recorded}" if recorded else ""
            yield Difference({name: scanned}, f"{name.replace('_', ' ')} is {scanned}{was}")
    if new := [tag for tag in policy.tags if tag not in device.tags]:
        yield Difference({"tags": [{"slug": tag} for tag in (*device.tags, *new)]}, f"tags {', '.join(new)}")
    empty = {k: v for k, v in policy.custom_fields.items() if device.custom_fields.get(k) is None}
    if empty:
        yield Difference({"custom_fields": empty}, f"custom fields {', '.join(empty)}")


def _moved(wanted: Wanted, device: Device) -> Iterator[Difference]:
    if (device.rack_id, device.position) == (wanted.rack.id, wanted.position):
        return
    face = {} if device.face else {"face": "front"}
    moves = is_placed_elsewhere(wanted, device)
    text = f"moves from {device.place} to {wanted.place}" if moves else f"placed in {wanted.place}"
    yield Difference({**_place(wanted), **face}, text)


def _place(wanted: Wanted) -> dict[str, object]:
    # The rack's own location: NetBox refuses a device whose location is another than its rack's.
    return {
        "location": wanted.rack.location_id,
        "rack": wanted.rack.id,
        "position": float(wanted.position),
    }
