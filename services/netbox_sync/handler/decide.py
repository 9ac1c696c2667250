"""The plan: every difference between the scan and NetBox, as data. Pure; nothing is read or written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from netbox_sync.handler.address import Adopt, Allocate, Choice, Create, Keep, choose, surplus
from netbox_sync.handler.device import changed_device, new_device
from netbox_sync.handler.identity import (
    bmc_interface,
    refuse_another_server,
    refuse_other_interface,
    refuse_others_mac,
)
from netbox_sync.handler.values import Address, Device, Found, Interface, MacObject, Policy, Wanted


@dataclass(frozen=True)
class MacPlan:
    """The BMC's MAC address: whether it is to be set, with which object (`None`: a new one), what goes."""

    sets: bool
    use: MacObject | None
    old: tuple[MacObject, ...]


@dataclass(frozen=True)
class Plan:
    """All that is to be written, in this order; `changes` says it to a person, empty when nothing is."""

    creates: bool
    device: Mapping[str, object]
    interface: Interface | None
    mac: MacPlan
    address: Choice
    sets_oob: bool
    old_addresses: tuple[Address, ...]
    changes: tuple[str, ...]

    @property
    def takes_units(self) -> bool:
        """Whether the device takes rack units that it did not have."""
        return bool(self.device.keys() & {"rack", "device_type"})


def decide(wanted: Wanted, found: Found, policy: Policy) -> Plan:
    """Compare the scan with what was found. Refuses what is another's."""
    device, interface = found.device, bmc_interface(found.interfaces, policy.bmc_interface)
    refuse_others_mac(wanted, device, found.macs)
    if device:
        refuse_other_interface(wanted, interface, found.macs)
        refuse_another_server(wanted, device, interface)
    differences = list(changed_device(wanted, device, policy) if device else new_device(wanted, policy))
    address = choose(wanted, found, policy)
    mac = _mac(wanted, interface, found.macs)
    sets_oob, old = _sets_oob(device, address), surplus(address, found)
    said = [difference.text for difference in differences]
    said += [*_mac_changes(wanted, interface, mac), *_address_changes(address, old, sets_oob)]
    return Plan(
        creates=device is None,
        device={name: value for difference in differences for name, value in difference.fields.items()},
        interface=interface,
        mac=mac,
        address=address,
        sets_oob=sets_oob,
        old_addresses=old,
        changes=tuple(said),
    )


def _mac(wanted: Wanted, interface: Interface | None, macs: Sequence[MacObject]) -> MacPlan:
    if interface is None:
        return MacPlan(True, next((mac for mac in macs if not mac.holder), None), ())
    ours = [mac for mac in macs if not mac.holder or mac.interface_id == interface.id]
    # The interface was read after the MACs: another replica may have put this one on it in between.
    ours += [mac for mac in interface.macs if mac.mac == wanted.mac]
    ranked = sorted(
        ours,
        key=lambda mac: (mac.id != interface.primary_id, mac.interface_id != interface.id),
    )
    use = ranked[0] if ranked else None
    old = tuple(mac for mac in interface.macs if use is None or mac.id != use.id)
    return MacPlan(interface.mac != wanted.mac, use, old)


def _sets_oob(device: Device | None, address: Choice) -> bool:
    match address:
        case None:
            return False
        case Keep(kept):
            return device is None or device.oob_ip_id != kept.id
    return True


def _mac_changes(wanted: Wanted, interface: Interface | None, mac: MacPlan) -> Iterator[str]:
    if mac.sets and interface and interface.mac:
        yield f"replaces BMC MAC address {interface.mac} by {wanted.mac}"
    elif mac.sets:
        yield f"BMC MAC address {wanted.mac}"
    elif mac.old:
        yield f"removes MAC address {', '.join(one.mac for one in mac.old)}"


def _address_changes(address: Choice, old: Sequence[Address], sets_oob: bool) -> Iterator[str]:
    match address:
        case Adopt(Address(ip=ip)) | Create(ip, _):
            yield f"BMC address {ip}"
        case Allocate(prefix):
            yield f"BMC address: the next free one of {prefix.network}"
        case Keep(kept) if sets_oob:
            yield f"out-of-band address {kept.ip}"
    if old:
        yield f"frees {', '.join(str(one.ip) for one in old)}"
