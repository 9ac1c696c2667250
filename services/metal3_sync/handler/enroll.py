"""The two verbs: enrol a server as a BareMetalHost, or say what that would do."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from events.errors import Refuse
from events.orders import Orders
from events.types import AddressReserved, HostEnrolled, Outcome, ServerIncomplete, StoredCredentials
from events.values import ServerName
from events.verdicts import Question, Verdict, Would
from metal3_sync.handler.decide import Detaching, decide_host, decide_secret
from metal3_sync.handler.facts import NO_ADDRESS, enrolled, incomplete
from metal3_sync.handler.foreseen import STEP, foreseen
from metal3_sync.handler.values import (
    RETRY,
    BmcCredentials,
    FieldConflict,
    FoundHost,
    FoundSecret,
    secret_name,
)
from metal3_sync.handler.wanted import Policy, want_host

SECRET_FIELDS = ("data.username", "data.password", "metadata.labels.environment.metal3.io")


class CredentialStore(Protocol):
    """Where the BMC's credentials stand."""

    async def read(self, stored: StoredCredentials) -> BmcCredentials:
        """Their newest version. Raises `Refuse` where there are none."""
        ...


class Cluster(Protocol):
    """Secrets and BareMetalHosts of the namespace; an apply is server-side and never forced."""

    async def secret(self, name: str) -> FoundSecret | None:
        """The Secret as it stands."""
        ...

    async def host(self, server: ServerName) -> FoundHost | None:
        """The server's BareMetalHost as it stands."""
        ...

    async def apply_secret(self, name: str, content: BmcCredentials) -> None:
        """Make or change the Secret. Raises `FieldConflict`."""
        ...

    async def apply_host(
        self, server: ServerName, spec: Mapping[str, Any], annotations: Mapping[str, str]
    ) -> None:
        """Make or change the host; what we held and leave out here goes. Raises `FieldConflict`."""
        ...


async def enroll_host(
    event: AddressReserved, cluster: Cluster, store: CredentialStore, policy: Policy, orders: Orders
) -> HostEnrolled | ServerIncomplete:
    """Have Secret and host as the scan wants them; Metal3 takes it from there."""
    if event.bmc_ip is None:
        return incomplete(event)
    credentials = await store.read(event.credentials)
    wanted = want_host(event.server, event.registration, event.bmc_ip, policy)
    found_secret = await cluster.secret(secret_name(event.server))
    found = await cluster.host(event.server)
    secret = decide_secret(wanted, credentials, found_secret, found)
    plan = decide_host(wanted, found)
    if secret is not Outcome.UNCHANGED and plan.then is None:
        with refusing_conflicts(wanted.secret_label, SECRET_FIELDS):
            await cluster.apply_secret(secret_name(event.server), credentials)
    if plan.changes:
        with refusing_conflicts(wanted.label, plan.changes):
            await cluster.apply_host(event.server, plan.spec, plan.annotations)
    if plan.then is not None:
        raise plan.then
    nudged = bool(orders.dead_letter) and secret is Outcome.UNCHANGED and not plan.changes
    if nudged:
        await cluster.apply_host(event.server, plan.spec, {RETRY: str(orders.dead_letter)})
    return enrolled(event, wanted, plan, secret, nudged=nudged)


async def check_host(question: Question, cluster: Cluster, policy: Policy) -> Verdict:
    """What enrolling would do. The password is no part of it: no verdict ever says whether one is right."""
    if question.address is None:
        if question.address_may_come:
            return Verdict(
                step=STEP, would=Would.DEPENDS, reason="depends on netbox_sync for the BMC's address"
            )
        return Verdict(step=STEP, would=Would.SKIP, reason=NO_ADDRESS)
    wanted = want_host(question.server, question.registration, question.address, policy)
    found_secret = await cluster.secret(secret_name(question.server))
    found = await cluster.host(question.server)
    secret = decide_secret(wanted, None, found_secret, found)
    plan = decide_host(wanted, found)
    if plan.then is not None and not isinstance(plan.then, Detaching):
        raise plan.then
    return foreseen(wanted, secret, found, plan)


@contextmanager
def refusing_conflicts(what: str, wanted: Collection[str]) -> Iterator[None]:
    """A field that we want changed and another holds is for a person; any other conflict passes by itself."""
    try:
        yield
    except FieldConflict as conflict:
        for field, manager in conflict.managers.items():
            if field in wanted:
                raise Refuse(
                    f"{field} of {what} is held by the field manager {manager!r}: "
                    "change it there, or take it from that manager, then replay",
                    culprit=manager,
                ) from None
        raise
