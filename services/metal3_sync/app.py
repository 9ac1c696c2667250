"""`python -m metal3_sync.app`: enrols servers as BareMetalHosts and watches them until they are ready."""

from events.openbao import Mount, OpenBao
from events.service import Service
from events.types import AddressReserved
from metal3_sync.client import KubernetesCluster, OpenBaoCredentials
from metal3_sync.handler import check_host, enroll_host
from metal3_sync.settings import Settings
from metal3_sync.watch import Watch


def main() -> None:
    """Run metal3_sync until it is told to end."""
    settings = Settings.read()
    policy = settings.policy
    cluster = KubernetesCluster(settings)
    openbao = OpenBao(settings)
    store = OpenBaoCredentials(openbao)
    watch = Watch(cluster, settings.rules)
    service = Service("metal3_sync", settings)
    service.step(
        "metal3_sync",
        takes=AddressReserved,
        do=lambda event, orders: enroll_host(event, cluster, store, policy, orders),
        check=lambda question: check_host(question, cluster, policy),
    )
    service.background(watch.run)
    service.ready_check("kubernetes", cluster.ready)
    service.ready_check("openbao", Mount(openbao, settings.openbao_mount).ready)
    service.ready_check("watch", watch.ready)
    service.run()


if __name__ == "__main__":
    main()
