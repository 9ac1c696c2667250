"""kea_sync's wiring: its settings, its Kea servers, its one step."""

from events.service import Service
from events.types import CredentialsStored
from kea_sync.client import KeaServers
from kea_sync.handler import STEP, check_address, reserve_address
from kea_sync.settings import Settings


def main() -> None:
    """Run kea_sync until it is told to end."""
    settings = Settings.read()
    dhcp = KeaServers(settings)
    service = Service("kea_sync", settings)
    service.step(
        STEP,
        takes=CredentialsStored,
        do=lambda event, orders: reserve_address(event, dhcp, force=orders.force_lease),
        check=lambda question: check_address(question, dhcp),
    )
    service.ready_check("kea", dhcp.ready)
    service.run()


if __name__ == "__main__":
    main()
