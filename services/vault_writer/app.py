"""vault_writer: stores the scanned credentials, and keeps the keys that passwords are sealed with."""

from events.openbao import Mount, OpenBao
from events.service import Service
from events.types import DeviceRecorded
from vault_writer.answers import answers
from vault_writer.client import OpenBaoPrivateKeys, OpenBaoSecrets, PublicKeyBucket
from vault_writer.handler import check_credentials, store_credentials
from vault_writer.keys import SealingKeys
from vault_writer.lost import LostKeys
from vault_writer.scans import NewestScans
from vault_writer.seals import OpeningKeys
from vault_writer.settings import Settings


def main() -> None:
    """Run vault_writer until it is told to end."""
    settings = Settings.read()
    openbao = OpenBao(settings)
    credentials, sealing = Mount(openbao, settings.openbao_mount), Mount(openbao, settings.openbao_keys_mount)
    secrets, private = OpenBaoSecrets(credentials), OpenBaoPrivateKeys(sealing)
    seals = OpeningKeys(private)
    service = Service("vault_writer", settings)
    service.step(
        "vault_writer",
        takes=DeviceRecorded,
        do=lambda event, _orders: store_credentials(event, secrets, seals, settings.bmc_username),
        check=lambda question: check_credentials(question, secrets),
    )
    public = PublicKeyBucket(lambda: service.stream)
    lost = LostKeys(private, public)
    keys = SealingKeys(private, public, NewestScans(lambda: service.stream), lost)
    for subject, answer in answers(keys).items():
        service.answers(subject, answer)
    service.ready_check("openbao", credentials.ready)
    service.ready_check("openbao-keys", sealing.ready)
    service.ready_check("sealing-keys", lost.check)
    service.run()


if __name__ == "__main__":
    main()
