"""Stores a scan: claimed when a client made its id, newer than what stands, and never twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from events import logs, telemetry
from events.envelope import encode
from events.ids import event_id
from events.seal import kid_of
from events.standing import scans_of
from events.store_errors import Overtaken, StoreError
from events.stored import Stored
from events.stream import Expected, Stream
from events.subjects import event_subject, parse
from events.types import ServerScanned
from events.values import ServerName
from intake.claims import Claim, Claimed, Claims
from intake.earlier import own_sequence, refuse_if_older
from intake.keys import SealingKeys
from intake.problems import BadRegistration, FieldError, IdTaken, Unavailable
from intake.scan import Scan
from intake.sites import Sites
from intake.standing_scans import StandingScans

ROUNDS = 5
"""How often a scan is looked at anew because another was stored while it was decided."""


Glance = Mapping[str, Stored]
"""The newest scan of each of some servers, as it was a moment ago; of those without one, nothing."""


@dataclass(frozen=True)
class Receipt:
    """The scan is stored at `sequence`; `repeated` says that it was before, by the same id."""

    scan: Scan
    sequence: int
    repeated: bool


class Scans:
    """The scans of every server."""

    def __init__(self, stream: Stream, claims: Claims, keys: SealingKeys, sites: Sites) -> None:
        self._stream = stream
        self._standing = StandingScans(stream)
        self._claims = claims
        self._keys = keys
        self._sites = sites

    async def glance(self, servers: Iterable[ServerName]) -> Glance:
        """The newest scans of many servers in one request. It may be from a moment ago, as a follower is."""
        found = await self._stream.last_of_each(map(scans_of, servers))
        oldest_first = sorted(found, key=lambda stored: stored.sequence)
        return {parse(stored.subject).server: stored for stored in oldest_first}

    async def store(self, scan: Scan, glance: Glance | None = None) -> Receipt:
        """Store a scan, once. Raises `Problem` when it can't be taken, `StoreError` when NATS won't.

        A `glance` that shows this server saves the first look; NATS refuses what it led astray.
        """
        for _ in range(ROUNDS):
            try:
                return await self._decide(scan, glance)
            except Overtaken:
                glance = None
        raise Unavailable(f"{scan.server} is being scanned by others at this moment")

    async def _decide(self, scan: Scan, glance: Glance | None) -> Receipt:
        """One look. Raises `Overtaken` when what it saw changed meanwhile."""
        claimed = await self._claim_on(scan)
        if claimed and (sequence := await self._standing.claimed(scan, claimed.claim)):
            await self._complete(scan, claimed, sequence)
            return Receipt(scan, sequence, repeated=True)
        sealed = await self._sealed(scan)
        newest = await self._standing.newest(scan) if glance is None else glance.get(scan.server)
        if newest and newest.onboarding_id == str(scan.onboarding_id):
            return Receipt(scan, own_sequence(newest, scan), repeated=True)
        refuse_if_older(scan, newest)
        site = claimed.claim.site if claimed else await self._sites.token(scan.registration.site)
        if scan.digest and not claimed:
            claim = Claim(server=scan.server, site=site, digest=scan.digest)
            claimed = await self._claims.make(scan.onboarding_id, claim)
        receipt = await self._publish(scan, site, sealed, newest)
        if claimed:
            await self._complete(scan, claimed, receipt.sequence)
        return receipt

    async def _claim_on(self, scan: Scan) -> Claimed | None:
        claimed = await self._claims.find(scan.onboarding_id) if scan.digest else None
        if claimed and claimed.claim.digest != scan.digest:
            raise IdTaken(
                f"onboarding {scan.onboarding_id} is another registration, of {claimed.claim.server}"
            )
        return claimed

    async def _sealed(self, scan: Scan) -> str:
        """The sealed password. Raises `NoSealingKey`, `BadRegistration` for one that nobody can open."""
        if scan.sealed_password is None:
            return await self._keys.seal(scan.password or "", scan.registration.bmc_mac)
        if not await self._keys.knows(kid_of(scan.sealed_password)):
            expected = "a password sealed to a key of /api/v1/keys: scan the password again"
            raise BadRegistration([FieldError("bmc_password_sealed", None, expected)])
        return scan.sealed_password

    async def _publish(self, scan: Scan, site: str, sealed: str, newest: Stored | None) -> Receipt:
        event = ServerScanned(
            onboarding_id=scan.onboarding_id,
            server=scan.server,
            site=site,
            registration=scan.registration,
            sealed_password=sealed,
            scanned_at=scan.scanned_at,
            registered_by=scan.registered_by,
            import_id=scan.import_id,
            import_index=scan.import_index,
        )
        id = event_id(event)
        headers, data = encode(event, id=id, source="intake")
        sequence, duplicate = await self._stream.publish(
            event_subject(event.name, site, scan.server),
            data,
            {**headers, **telemetry.trace_headers()},
            id=str(id),
            expected=Expected(newest.sequence if newest else 0, scans_of(scan.server)),
        )
        if duplicate:
            return await self._told_twice(scan, sequence, data)
        return Receipt(scan, sequence, repeated=False)

    async def _told_twice(self, scan: Scan, sequence: int, data: bytes) -> Receipt:
        """NATS knows the id already. Raises `IdTaken` when what it stands for is not this scan."""
        standing = await self._stream.at(sequence, from_leader=True)
        if standing is None:
            # As long as NATS remembers the id, it remembers those of the events that follow, and drops them.
            raise IdTaken(f"the scan of {scan.onboarding_id} was purged: scan it again, as a new onboarding")
        # A publish that was sent again because its PubAck was lost is a duplicate of itself.
        return Receipt(scan, own_sequence(standing, scan), repeated=standing.data != data)

    async def _complete(self, scan: Scan, claimed: Claimed, sequence: int) -> None:
        """The scan is stored, whatever becomes of this: an open claim is looked after when it comes again."""
        if claimed.claim.sequence == sequence:
            return
        try:
            await self._claims.complete(scan.onboarding_id, claimed, sequence)
        except StoreError as error:
            logs.logger().warning("a claim stays open", reason=str(error))
