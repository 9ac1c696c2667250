"""What is decided about a host and its Secret, by table."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from events.errors import Refuse, Retry
from events.types import Outcome
from metal3_sync.handler import BmcCredentials, FoundHost, FoundSecret, Policy
from metal3_sync.handler.decide import DETACHED_FIELD, Plan, decide_host, decide_secret
from metal3_sync.handler.values import DETACHED
from metal3_sync.handler.wanted import want_host

from .samples import ADDRESS, CREDENTIALS, POLICY, SECRET, SERVER, host, registration, spec_with, status_with

OTHER = "192.0.2.99"
BMC = {"address": ADDRESS, "credentialsName": SECRET, "disableCertificateVerification": False}
MOVED = {**BMC, "address": f"ipmi://{OTHER}"}
MACHINE = {"kind": "Metal3Machine", "name": "worker-3"}
PXE = "0c:42:a1:00:00:01"


def plan_for(
    found: FoundHost | None, ip: str = "192.0.2.31", policy: Policy = POLICY, **scanned: Any
) -> Plan:
    return decide_host(want_host(SERVER, registration(**scanned), ip_address(ip), policy), found)


def test_a_new_host_is_off_and_keeps_its_disks() -> None:
    plan = plan_for(None)
    assert plan.outcome is Outcome.CREATED
    assert plan.spec == {"online": False, "automatedCleaningMode": "metadata", "bmc": BMC}


def test_a_host_that_is_as_wanted_is_left_alone() -> None:
    plan = plan_for(host())
    assert (plan.outcome, plan.changes, plan.then) == (Outcome.UNCHANGED, {}, None)


@pytest.mark.parametrize(
    "found",
    [
        host(status=status_with("registering"), spec=spec_with(bmc={**BMC, "address": "ipmi://192.0.2.1"})),
        host(
            status=status_with("provisioned", operationalStatus="detached"),
            spec=spec_with(bmc={**BMC, "address": "ipmi://192.0.2.1"}, consumerRef=MACHINE),
        ),
        host(status=status_with("unmanaged"), spec={"online": True}, ours=frozenset()),
        host(spec=spec_with(bmc={**BMC, "credentialsName": "another-secret"})),
        host(spec=spec_with(bmc={**BMC, "disableCertificateVerification": True})),
    ],
    ids=["registering", "detached", "no-address-yet", "another-secret", "unverified"],
)
def test_what_reaches_the_bmc_is_changed_where_metal3_allows_it(found: FoundHost) -> None:
    plan = plan_for(found)
    assert plan.outcome is Outcome.CHANGED
    assert plan.spec["bmc"] == BMC
    assert plan.then is None


def test_a_change_keeps_what_is_still_ours_at_the_value_found() -> None:
    spec = spec_with(
        online=True, automatedCleaningMode="disabled", bootMACAddress=PXE, image={"url": "http://i"}
    )
    ours = frozenset({"online", "bootMACAddress", "bmc"})
    plan = plan_for(host("registering", spec=spec, ours=ours), OTHER)
    assert plan.spec == {"online": True, "bootMACAddress": PXE, "bmc": MOVED}
    cleaning = plan_for(host("registering", spec=spec, ours=frozenset({"automatedCleaningMode"})), OTHER)
    assert cleaning.spec == {"automatedCleaningMode": "disabled", "bmc": MOVED}


def test_an_available_host_is_detached_before_its_address_changes() -> None:
    plan = plan_for(host(), OTHER)
    assert plan.annotations == {DETACHED: "{}"}
    assert plan.spec == host().spec
    assert isinstance(plan.then, Retry)
    assert plan.then.delay == 2.0


@pytest.mark.parametrize("ours", [frozenset(), frozenset({DETACHED})], ids=["by-somebody", "by-us"])
def test_a_host_that_is_being_detached_is_only_waited_for(ours: frozenset[str]) -> None:
    plan = plan_for(host(annotations={DETACHED: "{}"}, ours=host().ours | ours), OTHER)
    assert plan.changes == {}
    assert isinstance(plan.then, Retry)


def test_with_the_address_only_our_own_annotation_goes() -> None:
    detached = status_with(operationalStatus="detached")
    annotated = {DETACHED: "{}"}
    ours = plan_for(host(status=detached, annotations=annotated, ours=host().ours | {DETACHED}), OTHER)
    theirs = plan_for(host(status=detached, annotations=annotated), OTHER)
    assert (ours.spec["bmc"], ours.annotations) == (MOVED, {})
    assert DETACHED_FIELD in ours.changes
    assert DETACHED_FIELD not in theirs.changes


def test_an_annotation_of_ours_that_is_needed_no_more_goes() -> None:
    plan = plan_for(host(annotations={DETACHED: "{}"}, ours=host().ours | {DETACHED}))
    assert (plan.outcome, list(plan.changes)) == (Outcome.CHANGED, [DETACHED_FIELD])


@pytest.mark.parametrize(
    ("state", "fields", "culprit"),
    [
        ("provisioned", {"consumerRef": MACHINE}, "Metal3Machine/worker-3"),
        ("available", {"consumerRef": MACHINE}, "Metal3Machine/worker-3"),
        ("externally provisioned", {}, "BareMetalHost metal3/dcoa-rb06u31"),
    ],
)
def test_a_host_that_may_be_in_use_keeps_its_address(state: str, fields: Any, culprit: str) -> None:
    plan = plan_for(host(state, spec=spec_with(**fields)), OTHER)
    assert isinstance(plan.then, Refuse)
    assert plan.then.culprit == culprit
    assert ADDRESS in plan.then.reason
    assert f"ipmi://{OTHER}" in plan.then.reason
    assert plan.changes == {}


def test_a_refused_address_leaves_no_detached_annotation_of_ours() -> None:
    taken = host(
        spec=spec_with(consumerRef=MACHINE), annotations={DETACHED: "{}"}, ours=host().ours | {DETACHED}
    )
    plan = plan_for(taken, OTHER)
    assert isinstance(plan.then, Refuse)
    assert (list(plan.changes), plan.annotations) == ([DETACHED_FIELD], {})


@pytest.mark.parametrize("state", ["inspecting", "preparing"])
def test_a_host_that_is_on_its_way_is_waited_for_unless_it_has_an_error(state: str) -> None:
    assert isinstance(plan_for(host(state), OTHER).then, Retry)
    stuck = status_with(state, operationalStatus="error", errorType="inspection error")
    assert isinstance(plan_for(host(status=stuck), OTHER).then, Refuse)


def test_a_host_that_its_operator_has_not_seen_is_waited_for() -> None:
    assert isinstance(plan_for(host(""), OTHER).then, Retry)


def test_a_host_that_is_being_deleted_is_waited_for() -> None:
    with pytest.raises(Retry, match="BareMetalHost metal3/dcoa-rb06u31 is being deleted"):
        plan_for(host(deleting=True))


def test_a_boot_mac_is_filled_in_once() -> None:
    assert plan_for(None, boot_mac=PXE).spec["bootMACAddress"] == PXE
    assert plan_for(host(), boot_mac=PXE).spec["bootMACAddress"] == PXE
    has = host(spec=spec_with(bootMACAddress=PXE.upper()))
    assert plan_for(has, boot_mac=PXE).outcome is Outcome.UNCHANGED
    assert plan_for(has).outcome is Outcome.UNCHANGED


def test_another_boot_mac_is_refused_naming_both() -> None:
    named = r"0c:42:a1:00:00:02.*0c:42:a1:00:00:01.*delete the BareMetalHost"
    with pytest.raises(Refuse, match=named) as refused:
        plan_for(host(spec=spec_with(bootMACAddress="0c:42:a1:00:00:02")), boot_mac=PXE)
    assert refused.value.culprit == f"BareMetalHost metal3/{SERVER}"


@pytest.mark.parametrize("address", ["libvirt://192.0.2.31", "redfish://192.0.2.31/x", "redfish+http://h/x"])
def test_an_address_whose_driver_needs_a_boot_mac_is_refused_without(address: str) -> None:
    with pytest.raises(Refuse, match="boot_mac"):
        plan_for(None, bmc_address=address)
    assert plan_for(None, bmc_address=address, boot_mac=PXE).spec["bmc"]["address"] == address
    has = host("registering", spec=spec_with(bootMACAddress=PXE))
    assert plan_for(has, bmc_address=address).spec["bmc"]["address"] == address


def test_an_address_without_a_driver_is_ipmis() -> None:
    with pytest.raises(Refuse, match="a ipmi address needs the boot NIC's MAC"):
        plan_for(None, bmc_address="192.0.2.31", policy=replace(POLICY, boot_mac_needed_for=("ipmi",)))


@pytest.mark.parametrize("address", ["redfish-virtualmedia+https://h/x", "ipmi://h", "192.0.2.31"])
def test_other_drivers_do_without_a_boot_mac(address: str) -> None:
    assert plan_for(None, bmc_address=address).outcome is Outcome.CREATED


@pytest.mark.parametrize(
    "found",
    [host(spec=spec_with(inspectionMode="disabled")), host(annotations={"inspect.metal3.io": "disabled"})],
)
def test_a_host_that_is_not_inspected_needs_a_boot_mac(found: FoundHost) -> None:
    with pytest.raises(Refuse, match="boot_mac"):
        plan_for(found)
    assert plan_for(found, boot_mac=PXE).outcome is Outcome.CHANGED


OURS = (f"BareMetalHost/{SERVER}",)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (None, Outcome.CREATED),
        (FoundSecret("7", CREDENTIALS), Outcome.UNCHANGED),
        (FoundSecret("7", CREDENTIALS, OURS), Outcome.UNCHANGED),
        (FoundSecret("7", BmcCredentials("ADMIN", "an old one"), OURS), Outcome.CHANGED),
        (FoundSecret("7", None, OURS), Outcome.CHANGED),
    ],
)
def test_a_secret_is_written_only_when_its_content_differs(
    found: FoundSecret | None, outcome: Outcome
) -> None:
    wanted = want_host(SERVER, registration(), ip_address("192.0.2.31"), POLICY)
    assert decide_secret(wanted, CREDENTIALS, found, host()) is outcome


def test_a_secret_of_somebody_else_is_refused_naming_him() -> None:
    wanted = want_host(SERVER, registration(), ip_address("192.0.2.31"), POLICY)
    with pytest.raises(Refuse, match="Deployment/billing") as refused:
        decide_secret(wanted, CREDENTIALS, FoundSecret("7", CREDENTIALS, ("Deployment/billing",)), host())
    assert refused.value.culprit == "Deployment/billing"


@pytest.mark.parametrize(
    ("found", "beside"),
    [(FoundSecret("7", CREDENTIALS, deleting=True), host()), (FoundSecret("7", CREDENTIALS, OURS), None)],
    ids=["being-deleted", "its-host-is-gone"],
)
def test_a_secret_that_is_going_is_waited_for(found: FoundSecret, beside: FoundHost | None) -> None:
    wanted = want_host(SERVER, registration(), ip_address("192.0.2.31"), POLICY)
    with pytest.raises(Retry, match="waiting until it is gone"):
        decide_secret(wanted, CREDENTIALS, found, beside)


def test_credentials_that_were_found_do_not_show_their_password() -> None:
    assert CREDENTIALS.password not in repr(FoundSecret("7", CREDENTIALS))
