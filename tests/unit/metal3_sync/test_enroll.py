"""The step's story, against Kubernetes and OpenBao in memory."""

from dataclasses import replace

import pytest

from events.errors import Refuse, Retry, Unreachable
from events.orders import Orders
from events.placing import NEEDED
from events.types import HostEnrolled, Outcome, ServerIncomplete, SkippedStep
from events.verdicts import Question, Verdict, Would
from metal3_sync.handler import BmcCredentials, FieldConflict, FoundSecret, check_host, enroll_host
from metal3_sync.handler.values import DETACHED, RETRY

from .fake import FakeCluster, FakeStore
from .samples import (
    ADDRESS,
    CREDENTIALS,
    POLICY,
    SECRET,
    SERVER,
    registration,
    reserved,
    spec_with,
    status_with,
)

NOTHING = Orders()


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


async def enroll(
    cluster: FakeCluster, store: FakeStore, orders: Orders = NOTHING, **event: str
) -> HostEnrolled:
    enrolled = await enroll_host(reserved(**event), cluster, store, POLICY, orders)
    assert isinstance(enrolled, HostEnrolled)
    return enrolled


async def ask(cluster: FakeCluster, **question: str) -> Verdict:
    return await check_host(Question(server=SERVER, registration=registration(**question)), cluster, POLICY)


async def test_a_server_gets_its_secret_and_then_its_host(cluster: FakeCluster, store: FakeStore) -> None:
    event = await enroll(cluster, store)
    assert cluster.writes == ["apply_secret", "apply_host"]
    assert cluster.secrets[SECRET].content == CREDENTIALS
    assert event.outcome is Outcome.CREATED
    assert (event.host.namespace, event.host.name) == ("metal3", SERVER)


async def test_what_was_known_is_carried_on(cluster: FakeCluster, store: FakeStore) -> None:
    before = reserved()
    event = await enroll(cluster, store)
    carried = {
        "registration",
        "device_id",
        "bmc_ip",
        "credentials",
        "reservations",
        "skipped",
        "onboarding_id",
    }
    assert event.model_dump(include=carried) == before.model_dump(include=carried)
    assert event.warnings == ()


async def test_an_unchanged_rescan_writes_nothing(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    cluster.writes.clear()
    event = await enroll(cluster, store)
    assert cluster.writes == []
    assert (event.outcome, event.reason) == (
        Outcome.UNCHANGED,
        f"BareMetalHost metal3/{SERVER}: as it was",
    )


async def test_a_new_password_changes_the_secret_alone(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    cluster.writes.clear()
    store.credentials = BmcCredentials("ADMIN", "rotated")
    event = await enroll(cluster, store)
    assert cluster.writes == ["apply_secret"]
    assert cluster.secrets[SECRET].content == store.credentials
    assert (event.outcome, event.reason) == (
        Outcome.CHANGED,
        f"BareMetalHost metal3/{SERVER}: its Secret changed",
    )


async def test_a_new_address_waits_for_the_host_to_be_detached(
    cluster: FakeCluster, store: FakeStore
) -> None:
    await enroll(cluster, store)
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], status=status_with())
    store.credentials = BmcCredentials("ADMIN", "rotated")
    with pytest.raises(Retry):
        await enroll(cluster, store, bmc_ip="192.0.2.99")
    assert cluster.secrets[SECRET].content == CREDENTIALS
    cluster.detach(SERVER)
    event = await enroll(cluster, store, bmc_ip="192.0.2.99")
    assert cluster.hosts[SERVER].bmc["address"] == "ipmi://192.0.2.99"
    assert DETACHED not in cluster.hosts[SERVER].annotations
    assert cluster.secrets[SECRET].content == store.credentials
    assert ADDRESS in event.reason


async def test_a_refused_address_changes_no_secret_either(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    used = spec_with(consumerRef={"kind": "Metal3Machine", "name": "worker-3"})
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], spec=used, status=status_with("provisioned"))
    cluster.writes.clear()
    store.credentials = BmcCredentials("ADMIN", "rotated")
    with pytest.raises(Refuse):
        await enroll(cluster, store, bmc_ip="192.0.2.99")
    assert cluster.writes == []


async def test_a_server_without_an_address_is_incomplete(cluster: FakeCluster, store: FakeStore) -> None:
    skipped = (SkippedStep(step="netbox_sync", reason="no rack"),)
    event = reserved(bmc_ip=None).model_copy(update={"skipped": skipped})
    end = await enroll_host(event, cluster, store, POLICY, NOTHING)
    assert isinstance(end, ServerIncomplete)
    assert (end.missing, end.skipped) == (("bmc_ip",), skipped)
    assert (cluster.writes, store.asked) == ([], [])


async def test_a_replay_that_changes_nothing_tells_the_operator_to_try_again(
    cluster: FakeCluster, store: FakeStore
) -> None:
    await enroll(cluster, store)
    event = await enroll(cluster, store, Orders(dead_letter=42))
    assert cluster.hosts[SERVER].annotations == {RETRY: "42"}
    assert event.outcome is Outcome.UNCHANGED
    assert event.reason.endswith("its operator is told to try again")


async def test_a_replay_that_changes_something_needs_no_annotation(
    cluster: FakeCluster, store: FakeStore
) -> None:
    await enroll(cluster, store)
    store.credentials = BmcCredentials("ADMIN", "rotated")
    await enroll(cluster, store, Orders(dead_letter=42))
    unverified = {**cluster.hosts[SERVER].bmc, "disableCertificateVerification": True}
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], spec=spec_with(bmc=unverified))
    await enroll(cluster, store, Orders(dead_letter=43))
    assert cluster.hosts[SERVER].annotations == {}


@pytest.mark.parametrize(
    ("verb", "field"),
    [
        ("apply_secret", "data.username"),
        ("apply_secret", "data.password"),
        ("apply_secret", "metadata.labels.environment.metal3.io"),
        ("apply_host", "spec.bmc.disableCertificateVerification"),
    ],
)
async def test_a_field_that_we_want_changed_and_another_holds_is_refused_naming_him(
    cluster: FakeCluster, store: FakeStore, verb: str, field: str
) -> None:
    await enroll(cluster, store)
    bmc = {**cluster.hosts[SERVER].bmc, "disableCertificateVerification": True}
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], spec=spec_with(bmc=bmc))
    cluster.failures[verb] = FieldConflict("held", {field: "kubectl-edit"})
    store.credentials = BmcCredentials("ADMIN", "rotated")
    with pytest.raises(Refuse, match="kubectl-edit") as refused:
        await enroll(cluster, store)
    assert refused.value.culprit == "kubectl-edit"


async def test_a_conflict_on_a_field_that_is_only_kept_passes_by_itself(
    cluster: FakeCluster, store: FakeStore
) -> None:
    await enroll(cluster, store)
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], status=status_with("registering"))
    cluster.failures["apply_host"] = FieldConflict("held", {"spec.online": "capm3"})
    with pytest.raises(Retry) as waiting:
        await enroll(cluster, store, bmc_ip="192.0.2.99")
    assert waiting.value.reason == "held"


async def test_a_crash_between_secret_and_host_is_made_good(cluster: FakeCluster, store: FakeStore) -> None:
    cluster.failures["apply_host"] = Unreachable("gone", backend="kubernetes")
    with pytest.raises(Unreachable):
        await enroll(cluster, store)
    cluster.failures.clear()
    event = await enroll(cluster, store)
    assert cluster.writes == ["apply_secret", "apply_host"]
    assert event.outcome is Outcome.CREATED


async def test_a_verdict_says_what_would_be_and_does_nothing(cluster: FakeCluster, store: FakeStore) -> None:
    assert (await ask(cluster, bmc_ip="192.0.2.31")).would is Would.CREATE
    assert cluster.writes == []
    await enroll(cluster, store)
    unchanged = await ask(cluster, bmc_ip="192.0.2.31")
    assert unchanged.would is Would.NOTHING
    assert unchanged.reason == f"BareMetalHost metal3/{SERVER} is as this scan wants it"
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], status=status_with("available"))
    verdict = await ask(cluster, bmc_ip="192.0.2.99")
    assert verdict.would is Would.CHANGE
    assert "ipmi://192.0.2.99" in verdict.changes[0]
    assert "is detached first" in verdict.reason


async def test_a_verdict_names_each_difference_with_what_is_wanted_and_found(
    cluster: FakeCluster, store: FakeStore
) -> None:
    verdict = await ask(cluster, bmc_ip="192.0.2.31")
    assert verdict.changes[:2] == (
        f"Secret metal3/{SECRET}: wanted, found none",
        f"BareMetalHost metal3/{SERVER}: wanted, found none",
    )
    assert f"bmc.address: wanted {ADDRESS}, found none" in verdict.changes
    await enroll(cluster, store)
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], status=status_with("registering"))
    verdict = await ask(cluster, bmc_ip="192.0.2.99")
    assert verdict.changes == (f"bmc.address: wanted ipmi://192.0.2.99, found {ADDRESS}",)


async def test_a_verdict_misses_a_secret_that_is_gone(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    del cluster.secrets[SECRET]
    verdict = await ask(cluster, bmc_ip="192.0.2.31")
    assert (verdict.would, verdict.changes) == (
        Would.CREATE,
        (f"Secret metal3/{SECRET}: wanted, found none",),
    )


async def test_a_verdict_misses_a_host_that_is_gone(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    del cluster.hosts[SERVER]
    verdict = await ask(cluster, bmc_ip="192.0.2.31")
    assert (verdict.would, verdict.changes[0]) == (
        Would.CREATE,
        f"BareMetalHost metal3/{SERVER}: wanted, found none",
    )


async def test_a_verdict_tells_nothing_of_passwords(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    before = await ask(cluster, bmc_ip="192.0.2.31")
    await cluster.apply_secret(SECRET, BmcCredentials("ADMIN", "another"))
    assert await ask(cluster, bmc_ip="192.0.2.31") == before


async def test_a_verdict_refuses_as_the_step_would(cluster: FakeCluster, store: FakeStore) -> None:
    await enroll(cluster, store)
    cluster.hosts[SERVER] = replace(cluster.hosts[SERVER], status=status_with("provisioned"))
    with pytest.raises(Refuse):
        await ask(cluster, bmc_ip="192.0.2.99")


async def test_a_verdict_refuses_a_secret_of_somebody_else(cluster: FakeCluster) -> None:
    cluster.secrets[SECRET] = FoundSecret("7", CREDENTIALS, owners=("Deployment/billing",))
    with pytest.raises(Refuse, match="Deployment/billing"):
        await ask(cluster, bmc_ip="192.0.2.31")


async def test_a_verdict_without_an_address_depends_on_netbox(cluster: FakeCluster) -> None:
    verdict = await ask(cluster, **dict.fromkeys(NEEDED, "1"))
    assert (verdict.would, verdict.step) == (Would.DEPENDS, "metal3_sync")
    assert "netbox_sync" in verdict.reason


async def test_a_verdict_where_netbox_is_skipped_says_that_no_address_will_come(cluster: FakeCluster) -> None:
    verdict = await ask(cluster, site="dcoa")
    assert verdict.would is Would.SKIP
    assert "there is no BMC address" in verdict.reason
