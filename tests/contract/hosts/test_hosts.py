"""What metal3_sync does to Secrets and BareMetalHosts, whoever answers: emulator or real API server."""

from dataclasses import replace
from typing import Any

import pytest

from events.errors import Refuse, Retry
from events.orders import Orders
from events.types import Outcome
from events.verdicts import Question, Would
from metal3_sync.handler import check_host
from tests.contract.hosts.subject import SAMPLE, Json, Machine, eventually

ROTATED = replace(SAMPLE, password="rotated")
DETACHED = "baremetalhost.metal3.io/detached"


async def settled(machine: Machine) -> Json:
    """The host once its operator has no more to do: available, its Secret proven."""

    def is_settled() -> bool:
        good = machine.host().get("status", {}).get("goodCredentials") or {}
        version = machine.secret()["metadata"]["resourceVersion"]
        return machine.state == "available" and good.get("credentialsVersion") == version

    await eventually(is_settled)
    return machine.host()


async def test_a_server_gets_its_secret_and_its_host(machine: Machine) -> None:
    event = await machine.enroll()

    assert event.outcome is Outcome.CREATED
    assert machine.credentials() == SAMPLE
    assert machine.secret()["metadata"]["labels"] == {"environment.metal3.io": "baremetal"}
    assert machine.host()["spec"] == {
        "online": False,
        "automatedCleaningMode": "metadata",
        "bmc": {
            "address": f"ipmi://{machine.ip}",
            "credentialsName": machine.secret_name,
            "disableCertificateVerification": False,
        },
    }


async def test_metal3_takes_what_was_enrolled(machine: Machine) -> None:
    await machine.enroll()
    host = await settled(machine)
    assert host["status"]["operationalStatus"] == "OK"


async def test_an_unchanged_rescan_writes_nothing(machine: Machine) -> None:
    await machine.enroll()
    host, secret = await settled(machine), machine.secret()

    event = await machine.enroll()

    assert event.outcome is Outcome.UNCHANGED
    assert machine.host()["metadata"]["resourceVersion"] == host["metadata"]["resourceVersion"]
    assert machine.secret()["metadata"]["resourceVersion"] == secret["metadata"]["resourceVersion"]


async def test_a_rescan_replaces_the_password_and_metal3_tries_it_at_once(machine: Machine) -> None:
    machine.subject.accept(f"ipmi://{machine.ip}", ROTATED.password)
    await machine.enroll()
    await eventually(lambda: machine.host().get("status", {}).get("errorType") == "registration error")

    event = await machine.enroll(ROTATED)

    assert (event.outcome, machine.credentials()) == (Outcome.CHANGED, ROTATED)
    await settled(machine)


async def test_what_others_decide_on_a_host_is_left_alone(machine: Machine) -> None:
    await machine.enroll()
    await settled(machine)
    theirs = {"online": True, "automatedCleaningMode": "disabled", "consumerRef": {"kind": "M", "name": "m"}}
    machine.edit_host({"spec": theirs})

    await machine.enroll(ROTATED, boot_mac=machine.boot_mac)

    spec = machine.host()["spec"]
    assert {name: spec[name] for name in theirs} == theirs
    assert spec["bootMACAddress"] == machine.boot_mac


async def test_what_we_set_stays_through_a_change(machine: Machine) -> None:
    await machine.enroll(boot_mac=machine.boot_mac)
    await settled(machine)

    await machine.enroll(settings={"disable_certificate_verification": True})

    spec = machine.host()["spec"]
    assert (spec["online"], spec["automatedCleaningMode"], spec["bootMACAddress"]) == (
        False,
        "metadata",
        machine.boot_mac,
    )
    assert spec["bmc"]["disableCertificateVerification"] is True


async def test_a_host_that_somebody_made_is_adopted_for_what_reaches_its_bmc(machine: Machine) -> None:
    machine.make_host({"online": True})

    event = await machine.enroll()

    spec = machine.host()["spec"]
    assert event.outcome is Outcome.CHANGED
    assert spec["online"] is True
    assert spec["bmc"]["address"] == f"ipmi://{machine.ip}"
    assert "automatedCleaningMode" not in spec or spec["automatedCleaningMode"] == "metadata"


async def test_the_address_of_a_registering_host_changes_at_once(machine: Machine) -> None:
    machine.subject.accept(f"ipmi://{machine.ip}", "another")
    await machine.enroll()
    await machine.comes_to("registering")

    await machine.enroll(bmc_ip=machine.moved_ip)

    assert machine.host()["spec"]["bmc"]["address"] == f"ipmi://{machine.moved_ip}"


async def test_an_available_host_is_detached_for_its_new_address_and_attached_again(machine: Machine) -> None:
    await machine.enroll()
    await settled(machine)

    with pytest.raises(Retry, match="detached first") as waiting:
        await machine.enroll(bmc_ip=machine.moved_ip)
    assert waiting.value.delay == 2.0
    await eventually(lambda: machine.host()["status"]["operationalStatus"] == "detached")
    event = await machine.enroll(bmc_ip=machine.moved_ip)

    assert event.outcome is Outcome.CHANGED
    assert machine.host()["spec"]["bmc"]["address"] == f"ipmi://{machine.moved_ip}"
    assert DETACHED not in machine.host()["metadata"].get("annotations", {})
    await eventually(lambda: machine.host()["status"]["operationalStatus"] == "OK")


async def test_a_host_that_somebody_detached_stays_detached(machine: Machine) -> None:
    await machine.enroll()
    await settled(machine)
    machine.edit_host({"metadata": {"annotations": {DETACHED: "theirs"}}})
    await eventually(lambda: machine.host()["status"]["operationalStatus"] == "detached")

    await machine.enroll(bmc_ip=machine.moved_ip)

    assert machine.host()["spec"]["bmc"]["address"] == f"ipmi://{machine.moved_ip}"
    assert machine.host()["metadata"]["annotations"][DETACHED] == "theirs"


async def test_the_address_of_a_host_in_use_is_refused_and_nothing_changes(machine: Machine) -> None:
    await machine.enroll()
    await settled(machine)
    machine.edit_host({"spec": {"consumerRef": {"kind": "Metal3Machine", "name": "worker-3"}}})
    machine.put_in("provisioned")
    before = machine.host()["metadata"]["resourceVersion"]

    with pytest.raises(Refuse, match="provisioned, used by Metal3Machine/worker-3") as refused:
        await machine.enroll(ROTATED, bmc_ip=machine.moved_ip)

    assert refused.value.culprit == "Metal3Machine/worker-3"
    assert (machine.credentials(), machine.host()["metadata"]["resourceVersion"]) == (SAMPLE, before)


async def test_a_replay_that_changes_nothing_annotates_the_host(machine: Machine) -> None:
    await machine.enroll()
    await settled(machine)

    event = await machine.enroll(orders=Orders(dead_letter=42))

    assert event.outcome is Outcome.UNCHANGED
    assert machine.host()["metadata"]["annotations"] == {"onramp/retry": "42"}
    assert machine.host()["spec"]["online"] is False


async def test_another_boot_mac_is_refused(machine: Machine) -> None:
    await machine.enroll(boot_mac=machine.boot_mac)
    with pytest.raises(Refuse, match=machine.boot_mac):
        await machine.enroll(boot_mac="0c:42:a1:00:00:02")


async def test_a_field_that_another_manager_holds_is_refused_naming_him(machine: Machine) -> None:
    await machine.enroll()
    await settled(machine)
    machine.edit_host({"spec": {"bmc": {"disableCertificateVerification": True}}})

    with pytest.raises(Refuse, match="disableCertificateVerification") as refused:
        await machine.enroll()

    assert refused.value.culprit == "kubectl-edit"


async def test_a_password_that_was_changed_by_hand_is_refused_naming_the_manager(machine: Machine) -> None:
    await machine.enroll()
    machine.edit_secret("by-hand")

    with pytest.raises(Refuse) as refused:
        await machine.enroll(ROTATED)

    assert refused.value.culprit == "kubectl-edit"
    assert all(password not in refused.value.reason for password in ("by-hand", ROTATED.password))


async def test_the_same_secret_made_by_hand_is_taken_as_it_is(machine: Machine) -> None:
    machine.make_secret(SAMPLE.password)
    await machine.enroll()
    assert machine.credentials() == SAMPLE


async def test_a_secret_of_somebody_else_is_refused(machine: Machine) -> None:
    owner = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "billing",
        "uid": "d9607e19-f88f-11e6-a518-42010a800195",
    }
    machine.make_secret(ownerReferences=[owner])
    with pytest.raises(Refuse) as refused:
        await machine.enroll()
    assert refused.value.culprit == "ConfigMap/billing"


async def test_a_host_that_is_being_deleted_is_waited_for(machine: Machine) -> None:
    await machine.enroll()
    machine.begin_to_delete_host()
    with pytest.raises(Retry, match="being deleted"):
        await machine.enroll()


async def test_an_address_that_metal3_does_not_know_is_refused(machine: Machine) -> None:
    with pytest.raises(Refuse) as refused:
        await machine.enroll(bmc_address=f"libvirt://{machine.ip}")
    assert "boot_mac" in refused.value.reason


async def test_a_namespace_that_does_not_exist_is_waited_for_by_name(machine: Machine) -> None:
    with pytest.raises(Retry, match="nowhere"):
        await machine.enroll(settings={"namespace": "nowhere"})


async def test_a_verdict_is_found_without_a_write(machine: Machine) -> None:
    def question(ip: str, **scanned: Any) -> Question:
        return Question(
            server=machine.name, registration=machine.reserved(ip, **scanned).registration, bmc_ip=ip
        )

    cluster, policy = machine.subject.cluster(), machine.subject.settings().policy
    assert (await check_host(question(machine.ip), cluster, policy)).would is Would.CREATE
    await machine.enroll()
    await settled(machine)
    before = machine.host()["metadata"]["resourceVersion"]
    assert (await check_host(question(machine.ip), cluster, policy)).would is Would.NOTHING
    assert (await check_host(question(machine.moved_ip), cluster, policy)).would is Would.CHANGE
    assert machine.host()["metadata"]["resourceVersion"] == before


async def test_the_client_is_ready_where_hosts_can_be_listed(machine: Machine) -> None:
    await machine.subject.cluster().ready()
