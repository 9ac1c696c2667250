"""What NetBox holds that a scan is about: few reads, since requests are what a server costs."""

from collections.abc import Sequence
from dataclasses import replace

from netbox_sync.handler.identity import bmc_interface, this_device
from netbox_sync.handler.known import Prefix
from netbox_sync.handler.port import NetBox
from netbox_sync.handler.values import Address, Found, Policy, Unit, Wanted


async def find(wanted: Wanted, netbox: NetBox, policy: Policy) -> Found:
    """Read the device, its BMC interface and addresses, and whoever has its MAC or address."""
    device = this_device(wanted, await netbox.devices_named(wanted.server))
    macs = tuple(await netbox.mac_objects(wanted.mac))
    interfaces = tuple(await netbox.interfaces(device.id)) if device else ()
    bmc = bmc_interface(interfaces, policy.bmc_interface)
    found = Found(
        device, macs, interfaces, on_interface=tuple(await netbox.addresses_on(bmc.id)) if bmc else ()
    )
    return replace(
        found, at_bmc_ip=await _at_bmc_ip(wanted, found, netbox), prefixes=await _near(wanted, netbox)
    )


async def _at_bmc_ip(wanted: Wanted, found: Found, netbox: NetBox) -> tuple[Address, ...]:
    if wanted.bmc_ip is None or wanted.bmc_ip in {one.ip for one in found.on_interface}:
        return ()
    return tuple(await netbox.addresses_at(wanted.bmc_ip))


async def _near(wanted: Wanted, netbox: NetBox) -> tuple[Prefix, ...]:
    network = wanted.bmc_prefix or wanted.default_prefix
    ip = wanted.bmc_ip or (network.network_address if network else None)
    return tuple(await netbox.prefixes_near(ip)) if ip else ()


async def elevations(wanted: Wanted, found: Found, netbox: NetBox) -> Sequence[Sequence[Unit]]:
    """The rack as NetBox shows it: from one side, and for a full-depth device from the other side too."""
    mounted = (found.device.face if found.device else None) or "front"
    faces = ("front", "rear") if wanted.device_type.is_full_depth else (mounted,)
    without = found.device.id if found.device else None
    return [await netbox.elevation(wanted.rack.id, face, without=without) for face in faces]
