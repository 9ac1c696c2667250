"""The commands of the `host_cmds` hook library that change reservations."""

from collections.abc import Callable

from onramp.sandbox.kea.answers import (
    EMPTY,
    SUBNET_ID_GLOBAL,
    SUBNET_ID_UNUSED,
    SUCCESS,
    Json,
    KeaError,
    answer,
    as_map,
    required,
)
from onramp.sandbox.kea.hosts import Host
from onramp.sandbox.kea.queries import one_host, operation_target
from onramp.sandbox.kea.sources import HostSources
from onramp.sandbox.kea.subnets import Subnets, check_placement, refuse_address_without_subnet


class ReservationChanges:
    """Adds, replaces and drops reservations: in the database unless the command says otherwise."""

    def __init__(self, subnets: Subnets, sources: HostSources) -> None:
        self._subnets = subnets
        self._sources = sources
        self.commands: dict[str, Callable[[object], Json]] = {
            "reservation-add": self.add,
            "reservation-del": self.delete,
            "reservation-update": self.update,
        }

    def add(self, arguments: object) -> Json:
        """Reserve; without a subnet the reservation is global, which an address cannot be."""
        if arguments is None:
            raise KeaError("no parameters specified for the command")
        given = as_map(arguments)
        target = operation_target(given, "database")
        if "reservation" not in given:
            raise KeaError("reservation must be specified")
        host, assumed = Host.parse(given["reservation"]), ""
        if host.subnet_id == SUBNET_ID_UNUSED:
            refuse_address_without_subnet(self._subnets, host)
            host = host.model_copy(update={"subnet_id": SUBNET_ID_GLOBAL})
            assumed = " subnet-id not specified, assumed global (subnet-id 0)."
        sources = self._sources.writable(target, "Host database not available, cannot add host.")
        check_placement(self._subnets, host.subnet_id, host.ip_address)
        for source in sources:
            source.add(host)
        return answer(SUCCESS, f"Host added.{assumed}")

    def update(self, arguments: object) -> Json:
        """Replace the reservation of one client in one subnet."""
        given = as_map(arguments)
        target = operation_target(given, "database")
        host = Host.parse(required(given, "reservation", dict))
        if host.subnet_id == SUBNET_ID_UNUSED:
            raise KeaError(
                "Mandatory 'subnet-id' parameter missing. Use `reservation-get-by-id' or "
                "'reservation-get-by-address' to get the list of reservations with given identifier or "
                "address."
            )
        sources = self._sources.writable(target, "host database not available, cannot update host")
        check_placement(self._subnets, host.subnet_id, host.ip_address)
        for source in sources:
            source.update(host)
        return answer(SUCCESS, "Host updated.")

    def delete(self, arguments: object) -> Json:
        """Drop one reservation, by address or by client."""
        given = as_map(arguments)
        wanted = one_host(given)
        missing = "Unable to delete a host because there is no hosts-database configured."
        sources = self._sources.writable(operation_target(given, "database"), missing)
        deleted = [source.delete(wanted) for source in sources]
        if any(deleted):
            return answer(SUCCESS, "Host deleted.")
        return answer(EMPTY, "Host not deleted (not found).")
