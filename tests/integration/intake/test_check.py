"""Before a scan is sent, every step says what it would do; nothing is done, and no password is spoken of."""

import asyncio
import json
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from time import monotonic
from typing import Any

import httpx
import pytest
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from events.breaker import Backend
from events.errors import Unreachable
from events.questions import Check, answer_requests, checked
from events.types import Outcome, ServerScanned
from events.values import MacAddress
from events.verdicts import Question, Verdict
from kea_sync.handler import check_address
from kea_sync.handler.values import Configuration, Subnet
from metal3_sync.handler import check_host
from netbox_sync.handler import Policy, check_device
from netbox_sync.handler.values import Device
from tests.integration.intake.conftest import Intake
from tests.integration.rig import recorded
from tests.unit.kea_sync.fake import FakeServer, FakeServers, reserved
from tests.unit.metal3_sync import samples
from tests.unit.metal3_sync.fake import FakeCluster
from tests.unit.netbox_sync.fake import FakeNetBox
from tests.unit.vault_writer.fake import FakeSecrets
from vault_writer.handler import Secret, check_credentials

STEPS = ["netbox_sync", "vault_writer", "kea_sync", "metal3_sync"]
PASSWORD = "canary-7f3a"
RECORD = {
    "device_name": "dcoa-ra07u45", "bmc_mac": "3CECEFA19CE8", "bmc_ip": "10.16.28.78", "site": "dcoa",
    "location": "ra07", "rack": "RA07", "position": 45, "device_type": "supermicro-1u",
    "device_role": "k8s-worker", "bmc_prefix": "10.16.28.0/24", "tenant": "",
}  # fmt: skip
NETWORK = Configuration(subnets=(Subnet(7, IPv4Network("10.16.28.0/24")),))


@dataclass
class Backends:
    """What the steps look at. It is all empty, but for a NetBox with sites and racks."""

    netbox: FakeNetBox = field(default_factory=FakeNetBox)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    kea: FakeServer = field(default_factory=lambda: FakeServer(running=NETWORK))
    cluster: FakeCluster = field(default_factory=FakeCluster)
    payloads: list[bytes] = field(default_factory=list)
    """What the steps were asked."""

    def checks(self) -> dict[str, Check]:
        dhcp = FakeServers(self.kea)
        return {
            "netbox_sync": lambda asked: check_device(asked, self.netbox, Policy()),
            "vault_writer": lambda asked: check_credentials(asked, self.secrets),
            "kea_sync": lambda asked: check_address(asked, dhcp),
            "metal3_sync": lambda asked: check_host(asked, self.cluster, samples.POLICY),
        }


class Asker:
    """A client of intake's, and the steps that answer it."""

    def __init__(self, intake: Intake, backends: Backends) -> None:
        self.intake = intake
        self.backends = backends

    async def answering(self, *silent: str, **instead: Check) -> None:
        """Have every step answer but the silent ones."""
        checks = {**self.backends.checks(), **instead}
        answers = {
            f"check.{name}": checked(name, check) for name, check in checks.items() if name not in silent
        }

        async def overheard(message: Msg) -> None:
            self.backends.payloads.append(message.data)

        await self.intake.rig.client.subscribe("check.*", cb=overheard)
        await answer_requests(self.intake.rig.client, "steps", answers)

    async def post(self, **fields: Any) -> httpx.Response:
        record = {name: value for name, value in {**RECORD, **fields}.items() if value is not None}
        return await self.intake.http.post("/api/v1/servers/check", json=record)

    async def ask(self, **fields: Any) -> dict[str, dict[str, Any]]:
        """The verdicts by step."""
        answer = await self.post(**fields)
        assert answer.status_code == 200, answer.text
        return {verdict["step"]: verdict for verdict in answer.json()["steps"]}


@pytest.fixture
async def asker(intake: Intake) -> Asker:
    return Asker(intake, Backends())


async def hung(_question: Question) -> Verdict:
    """A backend that takes the call and says nothing."""
    async with Backend("NetBox", "http://netbox").call():
        await asyncio.Event().wait()
    raise AssertionError


async def test_every_step_answers_in_the_order_of_the_chain(asker: Asker) -> None:
    await asker.answering()
    answer = (await asker.post()).json()
    assert answer["server"] == "dcoa-ra07u45"
    assert [verdict["step"] for verdict in answer["steps"]] == STEPS
    assert [verdict["would"] for verdict in answer["steps"]] == ["would-create"] * 4


async def test_nothing_is_done(asker: Asker) -> None:
    await asker.answering()
    await asker.ask()
    backends = asker.backends
    assert (backends.netbox.writes, backends.kea.acts, backends.cluster.writes) == ([], [], [])
    assert backends.secrets.asked == ["read"]
    assert await asker.intake.scans() == []


async def test_what_would_change_is_named(asker: Asker) -> None:
    asker.backends.netbox.devices[1] = Device(
        id=1, name="dcoa-ra07u45", status="planned", site_id=1, site="dcoa", device_type_id=1, role_id=1,
        rack_id=1, rack="RA07", position=40, face="front",
    )  # fmt: skip
    asker.backends.netbox.interfaces_of[1] = []
    await asker.backends.netbox.create_interface(1, "BMC", None)
    [interface] = asker.backends.netbox.interfaces_of[1]
    await asker.backends.netbox.set_mac(interface, _mac(RECORD), None)
    await asker.answering()
    verdict = (await asker.ask())["netbox_sync"]
    assert verdict["would"] == "would-change"
    assert "moves from RA07 U40 to RA07 U45" in verdict["changes"]


async def test_a_refusal_names_its_culprit(asker: Asker) -> None:
    asker.backends.kea.reservations.append(reserved("other-bmc", "3c:ec:ef:00:00:01", "10.16.28.78"))
    await asker.answering()
    verdict = (await asker.ask())["kea_sync"]
    assert (verdict["would"], verdict["culprit"]) == ("refused", "other-bmc")


async def test_without_an_address_the_later_steps_depend_on_an_earlier_one(asker: Asker) -> None:
    await asker.answering()
    verdicts = await asker.ask(bmc_ip=None)
    assert [verdicts[step]["would"] for step in ("kea_sync", "metal3_sync")] == ["depends", "depends"]


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"bmc_ip": None}, "10.16.28.90"),
        ({"bmc_ip": None, "bmc_prefix": None}, "10.16.28.90"),
        ({"bmc_ip": None, "bmc_prefix": "10.20.0.0/24"}, None),
        ({}, None),
    ],
)
async def test_the_address_that_the_server_keeps_is_asked_about(
    asker: Asker, fields: dict[str, Any], address: str | None
) -> None:
    scan = await asker.intake.rig.scan("dcoa-ra07u45")
    assert isinstance(scan, ServerScanned)
    await asker.intake.rig.publish(recorded(scan, Outcome.CREATED, ip="10.16.28.90"))
    await asker.answering()
    await asker.ask(**fields)
    assert {json.loads(payload)["bmc_ip"] for payload in asker.backends.payloads} == {address}


async def test_an_address_that_cant_be_read_is_not_asked_about(asker: Asker) -> None:
    subject = "onboarding.device-recorded.dcoa.dcoa-ra07u45"
    await asker.intake.rig.stream.publish(subject, b'{"bmc_ip": "?"}', {}, id="odd")
    await asker.answering()
    await asker.ask(bmc_ip=None)
    assert {json.loads(payload)["bmc_ip"] for payload in asker.backends.payloads} == {None}


async def test_a_step_whose_service_does_not_run_is_named_and_the_others_answer(asker: Asker) -> None:
    await asker.answering("kea_sync")
    verdicts = await asker.ask()
    assert (verdicts["kea_sync"]["would"], verdicts["metal3_sync"]["would"]) == (
        "unreachable",
        "would-create",
    )
    assert "kea_sync" in verdicts["kea_sync"]["reason"]


async def test_a_backend_that_is_down_is_named(asker: Asker) -> None:
    asker.backends.secrets.fails["read"] = Unreachable("OpenBao does not answer", backend="http://bao")
    await asker.answering()
    verdict = (await asker.ask())["vault_writer"]
    assert (verdict["would"], verdict["reason"]) == ("unreachable", "OpenBao does not answer")


async def test_a_backend_that_hangs_is_named_and_not_waited_for(asker: Asker) -> None:
    await asker.answering(netbox_sync=hung)
    begun = monotonic()
    verdicts = await asker.ask()
    assert monotonic() - begun < 10
    assert (verdicts["netbox_sync"]["would"], verdicts["kea_sync"]["would"]) == (
        "unreachable",
        "would-create",
    )
    assert verdicts["netbox_sync"]["reason"] == "not done within 1.5 s by NetBox"


async def test_a_service_that_hangs_is_named_and_not_waited_for(asker: Asker) -> None:
    async def nothing(_message: Msg) -> None:
        return

    await asker.answering("kea_sync")
    await asker.intake.rig.client.subscribe("check.kea_sync", cb=nothing)
    begun = monotonic()
    verdict = (await asker.ask())["kea_sync"]
    assert monotonic() - begun < 10
    assert (verdict["would"], verdict["reason"]) == ("unreachable", "kea_sync does not answer within 1.8 s")


async def test_a_nats_that_is_silent_is_not_waited_for(asker: Asker) -> None:
    asker.intake.rig.server.kill()
    begun = monotonic()
    answer = await asker.post()
    assert monotonic() - begun < 2
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:onramp:problem:unavailable")


async def test_those_who_ask_at_once_do_not_wait_for_one_another(asker: Asker) -> None:
    await asker.answering(netbox_sync=hung)
    begun = monotonic()
    answers = await asyncio.gather(*(asker.ask() for _ in range(5)))
    assert monotonic() - begun < 7
    assert {answer["netbox_sync"]["reason"] for answer in answers} == {"not done within 1.5 s by NetBox"}


async def test_an_answer_that_is_none_is_named(asker: Asker) -> None:
    async def rubbish(message: Msg) -> None:
        await message.respond(b"?")

    await asker.answering("kea_sync")
    await asker.intake.rig.client.subscribe("check.kea_sync", cb=rubbish)
    verdict = (await asker.ask())["kea_sync"]
    assert (verdict["would"], verdict["reason"]) == (
        "unreachable",
        "kea_sync gives an answer that can't be read",
    )


@pytest.mark.parametrize("name", ["bmc_password", "bmc_password_sealed"])
async def test_a_password_is_refused_before_anybody_is_asked(asker: Asker, name: str) -> None:
    await asker.answering()
    with capture_logs() as logged:
        answer = await asker.post(**{name: PASSWORD})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["came"]) == (name, None)
    assert PASSWORD not in answer.text + repr(logged)
    assert asker.backends.payloads == []


@pytest.mark.parametrize("stored", [PASSWORD, "another"])
async def test_of_a_password_no_more_is_said_than_that_credentials_exist(asker: Asker, stored: str) -> None:
    data = {"username": "ADMIN", "password": stored}
    asker.backends.secrets.stored["bmc/dcoa-ra07u45"] = Secret(3, data, {})
    await asker.answering()
    answer = await asker.post()
    verdict = next(one for one in answer.json()["steps"] if one["step"] == "vault_writer")
    assert verdict["would"] == "already-so"
    assert stored not in answer.text
    assert "version" not in verdict["reason"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"bmc_mac": "01:00:5e:00:00:01"}, "bmc_mac"),
        ({"boot_mac": "3c:ec:ef:a1:9c:e8"}, "boot_mac"),
        ({"bmc_ip": "10.99.0.1"}, "bmc_ip"),
        ({"device_name": "no_name"}, "device_name"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_a_bad_field_is_the_problem_that_register_says(
    asker: Asker, private: dict[str, str], fields: dict[str, Any], named: str
) -> None:
    answer = await asker.post(**fields)
    registered = await asker.intake.register(**{**RECORD, **fields})
    assert answer.status_code == 422
    assert answer.json() == registered.json()
    assert [error["field"] for error in answer.json()["errors"]] == [named]


async def test_a_body_that_is_none_is_a_problem(asker: Asker) -> None:
    sent = {"Content-Type": "application/json"}
    answer = await asker.intake.http.post("/api/v1/servers/check", content=b"{", headers=sent)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


async def test_what_would_be_skipped_is_warned_of(asker: Asker) -> None:
    await asker.answering()
    answer = (await asker.post(rack=None)).json()
    assert answer["warnings"] == ["NetBox will be skipped: rack missing"]
    assert answer["steps"][0]["would"] == "would-skip"


def _mac(record: dict[str, Any]) -> MacAddress:
    return MacAddress(record["bmc_mac"])
