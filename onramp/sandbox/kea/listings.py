"""The commands of the `host_cmds` hook library that read reservations."""

from collections.abc import Callable

from onramp.sandbox.kea.answers import (
    EMPTY,
    SUCCESS,
    Json,
    KeaError,
    answer,
    as_map,
    found,
    integer,
    parse_address,
    required,
)
from onramp.sandbox.kea.hosts import Columns, Host
from onramp.sandbox.kea.queries import client, one_host, operation_target
from onramp.sandbox.kea.sources import HostSources
from onramp.sandbox.kea.subnets import Subnets, check_placement


class ReservationListings:
    """Finds reservations: in memory and in the database unless the command says otherwise."""

    def __init__(self, subnets: Subnets, sources: HostSources) -> None:
        self._subnets = subnets
        self._sources = sources
        self.commands: dict[str, Callable[[object], Json]] = {
            "reservation-get": self.get,
            "reservation-get-all": self.get_all,
            "reservation-get-by-address": self.get_by_address,
            "reservation-get-by-hostname": self.get_by_hostname,
            "reservation-get-by-id": self.get_by_id,
            "reservation-get-page": self.get_page,
        }

    def get(self, arguments: object) -> Json:
        """One reservation, by address or by client."""
        given = as_map(arguments)
        wanted = one_host(given)
        hosts = self._sources.find(operation_target(given, "all"), wanted)
        return answer(SUCCESS, "Host found.", _shown(hosts[0])) if hosts else answer(EMPTY, "Host not found.")

    def get_all(self, arguments: object) -> Json:
        """Every reservation of one subnet."""
        given = as_map(arguments)
        subnet_id = integer(given, "subnet-id")
        check_placement(self._subnets, subnet_id)
        return _found(self._sources.find(operation_target(given, "all"), {"subnet_id": subnet_id}))

    def get_by_address(self, arguments: object) -> Json:
        """Every reservation of an address, in one subnet or in all."""
        given = as_map(arguments)
        address = str(parse_address(required(given, "ip-address", str)))
        target = operation_target(given, "all")
        return _found(self._sources.find(target, {"ip_address": address, **self._subnet(given)}))

    def get_by_hostname(self, arguments: object) -> Json:
        """Every reservation of a hostname in whatever case, in one subnet or in all."""
        given = as_map(arguments)
        hostname = required(given, "hostname", str).lower()
        if not hostname:
            raise KeaError("Empty hostname")
        target = operation_target(given, "all")
        return _found(self._sources.find(target, {"hostname": hostname, **self._subnet(given)}))

    def get_by_id(self, arguments: object) -> Json:
        """Every reservation of a client, in all subnets."""
        given = as_map(arguments)
        for name in ("identifier-type", "identifier"):
            if not isinstance(given.get(name), str):
                raise KeaError(f"'{name}' is either missing or not a string.")
        if "subnet-id" in given:
            raise KeaError("'subnet-id' is forbidden in reservation-get-by-id")
        wanted = client(given)
        return _found(self._sources.find(operation_target(given, "all"), wanted))

    def get_page(self, arguments: object) -> Json:
        """Up to `limit` reservations of the first source that has any left, and where to go on."""
        given = as_map(arguments)
        limit = integer(given, "limit", 2**32 - 1)
        index = integer(given, "source-index", 10) if "source-index" in given else 0
        after = required(given, "from", int) if "from" in given else 0
        if not limit:
            raise KeaError("page size of retrieved hosts must not be 0")
        page: list[Host] = []
        following: Json = {}
        for place, source in list(enumerate(self._sources.of("all")))[index:]:
            page = source.find(self._subnet(given), after=after, limit=limit)
            if page:
                following = {"next": {"source-index": place, "from": page[-1].host_id}}
                break
            after = 0
        listing = _found(page)
        listing["arguments"] |= {"count": len(page), **following}
        return listing

    def _subnet(self, given: Json) -> Columns:
        if "subnet-id" not in given:
            return {}
        subnet_id = integer(given, "subnet-id")
        check_placement(self._subnets, subnet_id)
        return {"subnet_id": subnet_id}


def _shown(host: Host) -> Json:
    return {**host.element(), "subnet-id": host.subnet_id}


def _found(hosts: list[Host]) -> Json:
    return found("host", "hosts", [_shown(host) for host in hosts])
