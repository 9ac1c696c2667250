"""The commands of the `lease_cmds` hook library, on leases that live as long as the process."""

from collections.abc import Callable
from ipaddress import IPv4Address

from onramp.sandbox.kea.answers import (
    CONFLICT,
    EMPTY,
    SUCCESS,
    Json,
    KeaError,
    answer,
    as_map,
    found,
    integer,
    parse_address,
)
from onramp.sandbox.kea.identifiers import decode_octets
from onramp.sandbox.kea.lease_parser import parse_lease
from onramp.sandbox.kea.subnets import Subnets


class LeaseCommands:
    """One server's leases, at most one an address."""

    def __init__(self, subnets: Subnets) -> None:
        self._subnets = subnets
        self._leases: dict[str, Json] = {}
        self.commands: dict[str, Callable[[object], Json]] = {
            "lease4-add": self.add,
            "lease4-del": self.delete,
            "lease4-get": self.get,
            "lease4-get-all": self.get_all,
            "lease4-get-by-hostname": self.get_by_hostname,
            "lease4-get-by-hw-address": self.get_by_hw_address,
            "lease4-update": self.update,
            "lease4-wipe": self.wipe,
        }

    def add(self, arguments: object) -> Json:
        """Enter a lease; an address that has one, or no subnet, is a conflict."""
        if arguments is None:
            raise KeaError("no parameters specified for the command")
        lease = parse_lease(as_map(arguments), self._subnets)
        address, subnet_id = lease["ip-address"], lease["subnet-id"]
        if address in self._leases:
            raise KeaError("IPv4 lease already exists.", CONFLICT)
        self._leases[address] = lease
        return answer(SUCCESS, f"Lease for address {address}, subnet-id {subnet_id} added.")

    def update(self, arguments: object) -> Json:
        """Replace a lease, or enter it where `force-create` says so."""
        if arguments is None:
            raise KeaError("no parameters specified for lease4-update command")
        given = as_map(arguments)
        lease = parse_lease(given, self._subnets)
        address = lease["ip-address"]
        exists = address in self._leases
        if not exists and not given.get("force-create", False):
            raise KeaError(
                f"failed to update the lease with address {address} either because the lease has been "
                "deleted or it has changed in the database, in both cases a retry might succeed",
                CONFLICT,
            )
        self._leases[address] = lease
        return answer(SUCCESS, "IPv4 lease updated." if exists else "IPv4 lease added.")

    def delete(self, arguments: object) -> Json:
        """End the lease of an address, or of a client in a subnet."""
        lease = self._one(as_map(arguments), "Delete")
        if lease is None:
            return answer(EMPTY, "IPv4 lease not found.")
        del self._leases[lease["ip-address"]]
        return answer(SUCCESS, "IPv4 lease deleted.")

    def get(self, arguments: object) -> Json:
        """The lease of an address, or of a client in a subnet."""
        lease = self._one(as_map(arguments), "Query")
        if lease is None:
            return answer(EMPTY, "Lease not found.")
        return answer(SUCCESS, "IPv4 lease found.", lease)

    def get_all(self, arguments: object) -> Json:
        """Every lease, or those of the given subnets."""
        if arguments is None:
            return found("lease", "leases", list(self._leases.values()))
        subnets = as_map(arguments).get("subnets")
        if subnets is None:
            raise KeaError("'subnets' parameter not specified")
        if not isinstance(subnets, list):
            raise KeaError("'subnets' parameter must be a list")
        return self._matching(lambda lease: lease["subnet-id"] in subnets)

    def get_by_hw_address(self, arguments: object) -> Json:
        """Every lease of a MAC, in all subnets."""
        mac = decode_octets(_parameter(arguments, "hw-address"))
        return self._matching(lambda lease: lease["hw-address"] == mac)

    def get_by_hostname(self, arguments: object) -> Json:
        """Every lease of a hostname in whatever case, in all subnets."""
        hostname = _parameter(arguments, "hostname").lower()
        if not hostname:
            raise KeaError("'hostname' parameter is empty")
        return self._matching(lambda lease: lease["hostname"] == hostname)

    def wipe(self, arguments: object) -> Json:
        """End all leases of one subnet, or of all."""
        given = as_map(arguments or {})
        subnet_id = integer(given, "subnet-id", 2**32 - 1) if "subnet-id" in given else 0
        wiped = [subnet_id] if subnet_id else list(self._subnets)
        kept = {ip: lease for ip, lease in self._leases.items() if lease["subnet-id"] not in wiped}
        count = len(self._leases) - len(kept)
        self._leases = kept
        text = f"Deleted {count} IPv4 lease(s) from subnet(s) {' '.join(map(str, wiped))}"
        return answer(SUCCESS if count else EMPTY, text)

    def _matching(self, matches: Callable[[Json], bool]) -> Json:
        return found("lease", "leases", [lease for lease in self._leases.values() if matches(lease)])

    def _one(self, given: Json, verb: str) -> Json | None:
        if "ip-address" in given:
            return self._leases.get(_leased_address(given["ip-address"]))
        subnet_id, kind, identifier = _client(given, verb)
        wanted = (subnet_id, identifier)
        leases = self._leases.values()
        return next((lease for lease in leases if (lease["subnet-id"], lease.get(kind)) == wanted), None)


def _leased_address(text: object) -> str:
    if not isinstance(text, str):
        raise KeaError("'ip-address' is not a string.")
    address = parse_address(text)
    if not isinstance(address, IPv4Address):
        raise KeaError(f"Invalid IPv4 address specified: {text}")
    return str(address)


def _client(given: Json, verb: str) -> tuple[int, str, str]:
    if "subnet-id" not in given:
        raise KeaError("Mandatory 'subnet-id' parameter missing.")
    if type(given["subnet-id"]) is not int:
        raise KeaError("'subnet-id' parameter is not integer.")
    for name in ("identifier-type", "identifier"):
        if not isinstance(given.get(name), str):
            raise KeaError(f"No 'ip-address' provided and '{name}' is either missing or not a string.")
    kind = given["identifier-type"]
    if kind == "duid":
        raise KeaError(f"{verb} by duid is not allowed in v4.")
    if kind not in ("hw-address", "client-id"):
        expected = "the only supported values are: address, hw-address, duid"
        raise KeaError(f"Incorrect identifier type: {kind}, {expected}")
    return given["subnet-id"], kind, decode_octets(given["identifier"])


def _parameter(arguments: object, name: str) -> str:
    """A command's one string; `lease4-get-by-*` have their own words for its absence."""
    if not isinstance(arguments, dict):
        raise KeaError("Command arguments missing or a not a map.")
    if name not in arguments:
        raise KeaError(f"'{name}' parameter not specified")
    if not isinstance(arguments[name], str):
        raise KeaError(f"'{name}' parameter must be a string")
    return str(arguments[name])
