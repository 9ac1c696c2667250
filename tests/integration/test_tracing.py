"""One onboarding is one trace, whichever processes it goes through: seen by a collector that takes OTLP."""

import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from events.dead_letters import DeadLetters
from events.ids import new_onboarding_id
from events.onboardings import Onboardings
from events.publishing import Publisher
from events.seal import KeyRecord, new_private_key, public_part
from events.steps import steps
from events.stream import Stream
from events.subjects import DEAD_LETTERS
from events.types import DeviceRecorded, Registration, ServerScanned
from onramp.sandbox.nats import free_port
from tests.integration.rig import Rig, ready, until

PASSWORD = "secret123"
REGISTRATION = {"bmc_mac": "3c:ec:ef:a1:9c:e8", "bmc_password": PASSWORD, "bmc_ip": "10.16.28.78"}


class Collector:
    """An OTLP/HTTP endpoint that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[tuple[str, Span]]:
        """Each with the name of the service that sent it."""
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                said = {a.key: a.value.string_value for a in resource.resource.attributes}
                found += [(said["service.name"], s) for scope in resource.scope_spans for s in scope.spans]
        return found

    def of(self, service: str, server: str) -> Span | None:
        """A service's first span about a server."""
        own = [s for name, s in self.spans() if name == service and said(s).get("onramp.server") == server]
        return own[0] if own else None


def said(span: Span) -> dict[str, str]:
    return {a.key: a.value.string_value for a in span.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    started = Collector()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
async def intake_url(rig: Rig, collector: Collector, tmp_path: Path) -> AsyncIterator[str]:
    """The address of intake, a process of its own, with netbox_sync as another; both send their spans."""
    record = KeyRecord(key=public_part(new_private_key("key")), made_at="2026-01-01T00:00:00Z")
    await rig.client.jetstream().publish("$KV.KEYS.key", record.model_dump_json().encode())
    url = f"http://127.0.0.1:{(port := free_port())}"
    processes = [
        _started(rig, collector, tmp_path, "intake.app", port),
        _started(rig, collector, tmp_path, "tests.integration.a_service", free_port()),
    ]
    async with httpx.AsyncClient(trust_env=False) as http:

        async def ready() -> bool:
            try:
                return (await http.get(f"{url}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await until(ready)
    yield url
    for process in processes:
        process.terminate()
        process.wait(timeout=30)


def _started(
    rig: Rig, collector: Collector, folder: Path, module: str, port: int
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "ONRAMP_NATS_URL": rig.server.url,
        "ONRAMP_HTTP_PORT": str(port),
        "ONRAMP_OTLP_ENDPOINT": collector.url,
        "ONRAMP_ACK_WAIT": "2",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with (folder / f"{module}.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", module], env=environment, stderr=log)


async def _register(url: str, path: str, body: object) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{url}/api/v1/servers/{path}", json=body)
    assert answer.is_success, answer.text


async def test_a_scan_and_the_step_after_it_are_one_trace_of_two_processes(
    rig: Rig, collector: Collector, intake_url: str
) -> None:
    await _register(intake_url, "register", {**REGISTRATION, "device_name": "fine-1"})
    await until(lambda: bool(collector.of("intake", "fine-1") and collector.of("netbox_sync", "fine-1")))
    scanned, recorded = collector.of("intake", "fine-1"), collector.of("netbox_sync", "fine-1")
    assert scanned
    assert recorded
    assert (scanned.name, recorded.name) == ("register", "netbox_sync")
    assert recorded.trace_id == scanned.trace_id
    assert recorded.parent_span_id == scanned.span_id
    [event] = await rig.told(DeviceRecorded)
    assert said(recorded) == {
        "onramp.step": "netbox_sync",
        "onramp.server": "fine-1",
        "onramp.onboarding_id": str(event.onboarding_id),
        "onramp.outcome": "created",
        "onramp.ended": "done",
    }


async def test_each_server_of_an_import_is_a_trace_of_its_own(collector: Collector, intake_url: str) -> None:
    servers = ["fine-1", "fine-2"]
    macs = ["3c:ec:ef:a1:9c:01", "3c:ec:ef:a1:9c:02"]
    records = [
        {**REGISTRATION, "device_name": server, "bmc_mac": mac, "bmc_ip": f"10.16.28.{number}"}
        for number, (server, mac) in enumerate(zip(servers, macs, strict=True), start=10)
    ]
    await _register(intake_url, "import", records)
    await until(lambda: all(collector.of("netbox_sync", server) for server in servers))
    traces = {span.trace_id for s in servers if (span := collector.of("netbox_sync", s))}
    assert len(traces) == 2


async def test_an_error_is_on_its_span_and_its_text_is_not(collector: Collector, intake_url: str) -> None:
    await _register(intake_url, "register", {**REGISTRATION, "device_name": "broken-1"})
    await until(lambda: bool(collector.of("netbox_sync", "broken-1")))
    broken = collector.of("netbox_sync", "broken-1")
    assert broken
    assert broken.status.code == Status.STATUS_CODE_ERROR
    assert broken.status.message == "unknown error RuntimeError"
    assert said(broken)["onramp.ended"] == "waits"
    assert not any(PASSWORD.encode() in body for body in collector.bodies)


async def test_an_end_that_a_watch_tells_belongs_to_the_trace_of_its_scan(rig: Rig) -> None:
    scan = ServerScanned(
        onboarding_id=new_onboarding_id(),
        server="fine-1",
        site="dcoa",
        registration=Registration.model_validate({"bmc_mac": REGISTRATION["bmc_mac"]}),
        sealed_password="sealed",
    )
    trace = "0af7651916cd43dd8448eb211c80319c"
    await rig.publish(scan, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    letters = DeadLetters(Stream(rig.client, DEAD_LETTERS), "metal3_sync")
    publisher = Publisher(rig.stream, "metal3_sync")
    await Onboardings(rig.stream, publisher, letters, steps()["metal3_sync"]).end(ready(scan))
    [end] = await rig.stored("onboarding.server-ready.>")
    assert trace in end.headers["traceparent"]
