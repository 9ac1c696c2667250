"""BMC credentials in OpenBao, read by a role that can do nothing else."""

from events.errors import Refuse
from events.openbao import Mount, OpenBao
from events.types import StoredCredentials
from metal3_sync.handler import BmcCredentials


class OpenBaoCredentials:
    """The newest version at the path that an event names, whatever version it names."""

    def __init__(self, openbao: OpenBao) -> None:
        self._openbao = openbao

    async def read(self, stored: StoredCredentials) -> BmcCredentials:
        """One request. Raises `Refuse` where somebody removed them, `Retry` and `Unreachable`."""
        place = f"{stored.mount}/{stored.path}"
        secret = await Mount(self._openbao, stored.mount).read(stored.path)
        if secret is None:
            raise Refuse(f"OpenBao holds no credentials at {place}: scan the password again", culprit=place)
        try:
            return BmcCredentials(secret.data["username"], secret.data["password"])
        except KeyError as missing:
            lacks = missing.args[0]
        raise Refuse(f"the secret at {place} has no {lacks}: scan the password again", culprit=place)
