"""Writing a plan, one difference at a time, so that a crash after any of them is found and mended again."""

from netbox_sync.handler.address import Adopt, Allocate, Choice, Create, Keep
from netbox_sync.handler.decide import Plan
from netbox_sync.handler.find import elevations
from netbox_sync.handler.identity import refuse_occupied
from netbox_sync.handler.port import NetBox, Rejected
from netbox_sync.handler.values import Address, Device, Found, Interface, Policy, Wanted


async def place_device(wanted: Wanted, found: Found, plan: Plan, netbox: NetBox) -> Device:
    """Create or change the device. NetBox judges whether its units are free; we say who holds them."""
    try:
        if found.device is None:
            return await netbox.create_device(plan.device)
        if plan.device:
            await netbox.change_device(found.device.id, plan.device)
        return found.device
    except Rejected:
        if plan.takes_units:
            refuse_occupied(wanted, *await elevations(wanted, found, netbox))
        raise


async def write_bmc(
    wanted: Wanted, device: Device, plan: Plan, netbox: NetBox, policy: Policy
) -> Address | None:
    """Write interface, MAC and address: the new ones, then what points to them, then the old ones go."""
    new_mac = None if plan.mac.use else wanted.mac
    interface = plan.interface or await netbox.create_interface(device.id, policy.bmc_interface, new_mac)
    if plan.mac.sets and interface.mac != wanted.mac:
        await netbox.set_mac(interface, wanted.mac, plan.mac.use)
    for old in plan.mac.old:
        if old.id is not None:
            await netbox.delete_mac(old.id)
    address = await _address(plan.address, interface, netbox, policy)
    if address and plan.sets_oob:
        await netbox.change_device(device.id, {"oob_ip": address.id})
    for surplus in plan.old_addresses:
        await _release(surplus, netbox, policy)
    return address


async def _address(choice: Choice, interface: Interface, netbox: NetBox, policy: Policy) -> Address | None:
    match choice:
        case Keep(address):
            return address
        case Adopt(address):
            await netbox.assign_address(interface.id, address)
            return address
        case Create(ip, prefix):
            return await netbox.create_address(interface.id, ip, prefix)
        case Allocate(prefix):
            # NetBox hands out the lowest free address, which may be a router's that it does not know.
            while (
                address := await netbox.allocate_address(interface.id, prefix)
            ).ip in policy.infrastructure_ips:
                await netbox.set_aside(address)
            return address
    return None


async def _release(address: Address, netbox: NetBox, policy: Policy) -> None:
    if address.ip in policy.infrastructure_ips:
        await netbox.set_aside(address)
    else:
        await netbox.delete_address(address)
