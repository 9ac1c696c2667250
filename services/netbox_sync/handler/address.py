"""Which address the BMC gets: the one it has, the one that was scanned, or the next free one."""

from collections.abc import Sequence
from dataclasses import dataclass

from events.errors import Refuse
from events.values import IpAddress
from netbox_sync.handler.known import Prefix
from netbox_sync.handler.values import Address, Found, Policy, Wanted


@dataclass(frozen=True)
class Keep:
    """The interface has it."""

    address: Address


@dataclass(frozen=True)
class Adopt:
    """NetBox has it, and nobody holds it."""

    address: Address


@dataclass(frozen=True)
class Create:
    """It was scanned; the prefix gives it mask and VRF."""

    ip: IpAddress
    prefix: Prefix


@dataclass(frozen=True)
class Allocate:
    """NetBox chooses the next free one of the prefix."""

    prefix: Prefix


Choice = Keep | Adopt | Create | Allocate | None
"""`None`: nothing says where an address could come from."""


def choose(wanted: Wanted, found: Found, policy: Policy) -> Choice:
    """What the BMC's address is to be. Refuses one that is another's or no host's."""
    if wanted.bmc_ip in policy.infrastructure_ips:
        raise Refuse(f"{wanted.bmc_ip} is a router's or server's address", culprit=str(wanted.bmc_ip))
    if kept := _kept(wanted, found, policy):
        return Keep(kept)
    prefixes = [p for p in found.prefixes if policy.bmc_vrf in (None, p.vrf)]
    if wanted.bmc_ip:
        return _scanned(wanted.bmc_ip, found.at_bmc_ip, prefixes)
    network = wanted.bmc_prefix or wanted.default_prefix
    if network is None:
        return None
    return Allocate(_only([p for p in prefixes if p.network == network], f"prefix {network}"))


def surplus(choice: Choice, found: Found) -> tuple[Address, ...]:
    """The interface's other addresses of the chosen one's family: replaced, or left by a lost answer."""
    match choice:
        case Keep(address) | Adopt(address):
            ip, stays = address.ip, {address.id}
        case Create(ip, _):
            stays = set()
        case Allocate(prefix):
            ip, stays = prefix.network.network_address, set()
        case None:
            return ()
    return tuple(one for one in found.on_interface if one.ip.version == ip.version and one.id not in stays)


def _kept(wanted: Wanted, found: Found, policy: Policy) -> Address | None:
    usable = [one for one in found.on_interface if one.ip not in policy.infrastructure_ips]
    if wanted.bmc_ip:
        usable = [one for one in usable if one.ip == wanted.bmc_ip]
    elif wanted.bmc_prefix:
        usable = [one for one in usable if one.ip in wanted.bmc_prefix]
    oob = found.device.oob_ip_id if found.device else None
    return min(usable, key=lambda one: (one.id != oob, one.id), default=None)


def _scanned(ip: IpAddress, at_ip: Sequence[Address], prefixes: Sequence[Prefix]) -> Adopt | Create:
    around = [p for p in prefixes if ip in p.network]
    longest = max((p.network.prefixlen for p in around), default=0)
    prefix = _only([p for p in around if p.network.prefixlen == longest], f"prefix that holds {ip}")
    _refuse_no_host(ip, prefix)
    for address in at_ip:
        if address.vrf_id != prefix.vrf_id:
            continue
        if address.holder:
            raise Refuse(f"{ip} is held by {address.holder}", culprit=address.holder)
        if address.role:
            raise Refuse(f"{ip} is set aside in NetBox as {address.role}", culprit=str(ip))
        return Adopt(address)
    return Create(ip, prefix)


def _only(prefixes: Sequence[Prefix], what: str) -> Prefix:
    if not prefixes:
        raise Refuse(f"NetBox knows no {what}")
    if len(prefixes) > 1:
        vrfs = " and ".join(sorted(prefix.vrf or "the global table" for prefix in prefixes))
        raise Refuse(f"{what} exists in {vrfs}: set ONRAMP_NETBOX_BMC_VRF", culprit=str(prefixes[0].network))
    return prefixes[0]


def _refuse_no_host(ip: IpAddress, prefix: Prefix) -> None:
    network = prefix.network
    if network.num_addresses <= 2:
        return
    if ip == network.network_address:
        raise Refuse(f"{ip} is the network address of {network}", culprit=str(ip))
    if ip.version == 4 and ip == network.broadcast_address:
        raise Refuse(f"{ip} is the broadcast address of {network}", culprit=str(ip))
