"""netbox_sync: records the scanned server in NetBox, and marks it there once it is usable."""

from events.service import Service
from events.stream import Stream
from events.types import ServerReady, ServerScanned
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import check_device, record_device, stage_device
from netbox_sync.reference import NetBoxTables, ReferenceBucket, Refresher
from netbox_sync.reference.bucket import STREAM
from netbox_sync.reference.refresher import SUBJECT
from netbox_sync.settings import Settings


def main() -> None:
    """Run netbox_sync until it is told to end."""
    settings = Settings.read()
    netbox = NetBoxClient(settings)
    policy = settings.policy
    service = Service("netbox_sync", settings)
    service.step(
        "netbox_sync",
        takes=ServerScanned,
        do=lambda event, _orders: record_device(event, netbox, policy),
        check=lambda question: check_device(question, netbox, policy),
    )
    service.step(
        "netbox_status", takes=ServerReady, do=lambda event, _orders: stage_device(event, netbox, policy)
    )
    refresher = Refresher(
        NetBoxTables(netbox.connection, settings.netbox_prefix_role),
        ReferenceBucket(lambda: Stream(service.stream.client, STREAM)),
        settings.netbox_reference_refresh,
        settings.netbox_infrastructure_ips,
    )
    service.answers(SUBJECT, refresher.answer)
    service.background(lambda _onboardings: refresher.run())
    service.ready_check("netbox", netbox.ready)
    service.run()


if __name__ == "__main__":
    main()
