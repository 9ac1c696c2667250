"""What NetBox holds that a scan is about, and what follows: few reads, since they are what a server costs."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from events.errors import Refuse
from netbox_sync.handler.decide import Plan, decide
from netbox_sync.handler.identity import bmc_interface, this_device
from netbox_sync.handler.known import Prefix
from netbox_sync.handler.port import NetBox, Reads, References
from netbox_sync.handler.values import Address, Found, Policy, Unit, Wanted


async def look(wanted: Wanted, netbox: NetBox, policy: Policy) -> tuple[Found, Plan]:
    """Find and decide. At a glance, if that shows nothing there or nothing to be done; else closely."""
    if glance := await netbox.glance(wanted.server, wanted.mac, wanted.bmc_ip):
        # What a glance refuses may be let pass by a close look, and the other way round.
        with suppress(Refuse):
            found = await _find(wanted, glance, netbox, policy)
            plan = decide(wanted, found, policy)
            if not (found.is_anything and plan.changes):
                return found, plan
    found = await _find(wanted, netbox, netbox, policy)
    return found, decide(wanted, found, policy)


async def _find(wanted: Wanted, reads: Reads, references: References, policy: Policy) -> Found:
    device = this_device(wanted, await reads.devices_named(wanted.server))
    macs = tuple(await reads.mac_objects(wanted.mac))
    interfaces = tuple(await reads.interfaces(device.id)) if device else ()
    bmc = bmc_interface(interfaces, policy.bmc_interface)
    found = Found(
        device, macs, interfaces, on_interface=tuple(await reads.addresses_on(bmc.id)) if bmc else ()
    )
    return replace(
        found, at_bmc_ip=await _at_bmc_ip(wanted, found, reads), prefixes=await _near(wanted, references)
    )


async def _at_bmc_ip(wanted: Wanted, found: Found, reads: Reads) -> tuple[Address, ...]:
    if wanted.bmc_ip is None or wanted.bmc_ip in {one.ip for one in found.on_interface}:
        return ()
    return tuple(await reads.addresses_at(wanted.bmc_ip))


async def _near(wanted: Wanted, netbox: References) -> tuple[Prefix, ...]:
    network = wanted.bmc_prefix or wanted.default_prefix
    ip = wanted.bmc_ip or (network.network_address if network else None)
    return tuple(await netbox.prefixes_near(ip)) if ip else ()


async def elevations(wanted: Wanted, found: Found, netbox: NetBox) -> Sequence[Sequence[Unit]]:
    """The rack as NetBox shows it: from one side, and for a full-depth device from the other side too."""
    mounted = (found.device.face if found.device else None) or "front"
    faces = ("front", "rear") if wanted.device_type.is_full_depth else (mounted,)
    without = found.device.id if found.device else None
    return [await netbox.elevation(wanted.rack.id, face, without=without) for face in faces]
