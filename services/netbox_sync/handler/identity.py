"""Whose it is: what this server held before is replaced, what is another's is refused by name."""

from collections.abc import Sequence

from events.errors import Refuse
from netbox_sync.handler.values import Device, Interface, MacObject, Unit, Wanted


def this_device(wanted: Wanted, named: Sequence[Device]) -> Device | None:
    """The device of this name. Refuses a name that NetBox has twice or at another site."""
    if len(named) > 1:
        both = " and ".join(f"{device.site} {device.place} (id {device.id})" for device in named)
        raise Refuse(f"{wanted.server} stands in NetBox twice: {both}", culprit=wanted.server)
    for device in named:
        if device.site_id != wanted.site.id:
            raise Refuse(
                f"{wanted.server} is known at site {device.site}, not at {wanted.site}: names are unique",
                culprit=device.name,
            )
        return device
    return None


def bmc_interface(interfaces: Sequence[Interface], name: str) -> Interface | None:
    """The interface called `name`, else the only management-only one; `None`: it has to be made."""
    named = [interface for interface in interfaces if interface.name == name]
    fits = named or [interface for interface in interfaces if interface.mgmt_only]
    if len(fits) > 1:
        names = " and ".join(interface.name for interface in fits)
        raise Refuse(f"which interface is the BMC's? {names} are for management, none is called {name}")
    return fits[0] if fits else None


def refuse_others_mac(wanted: Wanted, device: Device | None, macs: Sequence[MacObject]) -> None:
    """Refuse a MAC address that is assigned to anything but this device."""
    for mac in macs:
        if mac.holder and (device is None or mac.device_id != device.id):
            raise Refuse(f"{wanted.mac} is the MAC address of {mac.holder}", culprit=mac.holder)


def refuse_other_interface(wanted: Wanted, bmc: Interface | None, macs: Sequence[MacObject]) -> None:
    """Refuse a MAC address that this device has on another interface than its BMC's."""
    for mac in macs:
        if mac.holder and (bmc is None or mac.interface_id != bmc.id):
            raise Refuse(
                f"{wanted.mac} is the MAC address of {mac.holder}, which is not its BMC interface",
                culprit=mac.holder,
            )


def refuse_another_server(wanted: Wanted, device: Device, bmc: Interface | None) -> None:
    """Refuse a new place together with a new MAC: nothing says then that it is the same server."""
    if is_placed_elsewhere(wanted, device) and (bmc is None or bmc.mac != wanted.mac):
        known = f"BMC {bmc.mac}" if bmc and bmc.mac else "no BMC MAC address"
        raise Refuse(
            f"{wanted.server} is known in {device.place} with {known}, and was scanned in {wanted.place}"
            f" with BMC {wanted.mac}: change the place or the BMC, one scan after the other",
            culprit=device.name,
        )


def is_placed_elsewhere(wanted: Wanted, device: Device) -> bool:
    """Whether NetBox has the device at another unit. A device without a rack or unit is yet to be placed."""
    other_rack = device.rack_id not in (None, wanted.rack.id)
    return other_rack or device.position not in (None, wanted.position)


def refuse_occupied(wanted: Wanted, *faces: Sequence[Unit]) -> None:
    """Refuse a place where one of the elevations has another device, or the rack no unit."""
    height = max(wanted.device_type.u_height, 0.5)
    needed = [wanted.position + step / 2 for step in range(int(height * 2))]
    for units in faces:
        there = {unit.unit: unit for unit in units}
        for unit in needed:
            if unit not in there:
                raise Refuse(
                    f"{wanted.rack.name} has no U{unit:g}: {wanted.device_type} is {height:g}U high",
                    culprit=wanted.rack.name,
                )
            if there[unit].occupied:
                holder = there[unit].device or "a device that the token may not see"
                raise Refuse(f"{wanted.rack.name} U{unit:g} is held by {holder}", culprit=holder)
