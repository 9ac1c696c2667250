"""One scan as it is to be stored: the registration made sure of, its name and its id decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from events.ids import new_onboarding_id
from events.types import Registration
from events.values import ServerName
from intake.problems import BadRegistration
from intake.registration import read_registration, without_password
from intake.rules import check, warnings
from intake.settings import Settings


@dataclass(frozen=True)
class Scan:
    """A registration that can be taken. It has a password in the clear or a sealed one."""

    onboarding_id: UUID
    server: ServerName
    registration: Registration
    scanned_at: datetime | None
    supersede: bool
    warnings: tuple[str, ...]
    digest: str | None
    """What a client-made id is claimed for; `None` for an id of ours, which needs no claim."""
    password: str | None = field(default=None, repr=False)
    sealed_password: str | None = field(default=None, repr=False)
    registered_by: str | None = None
    import_id: UUID | None = None
    import_index: int | None = None

    @property
    def known_as(self) -> Mapping[str, str]:
        """What it is found by in logs and traces."""
        return {"onboarding_id": str(self.onboarding_id), "server": self.server}

    @classmethod
    def read(cls, record: Mapping[str, Any], settings: Settings, registered_by: str | None = None) -> "Scan":
        """The scan in a JSON object. Raises `BadRegistration`, which never shows the password."""
        try:
            request = read_registration(record)
            server = check(request, settings)
        except BadRegistration as bad:
            raise BadRegistration(without_password(bad.errors, record)) from None
        return cls(
            onboarding_id=request.onboarding_id or new_onboarding_id(),
            server=server,
            registration=request.registration(),
            scanned_at=request.scanned_at,
            supersede=request.supersede,
            warnings=warnings(request),
            digest=request.digest() if request.onboarding_id else None,
            password=request.bmc_password,
            sealed_password=request.bmc_password_sealed,
            registered_by=registered_by,
        )
