"""Rules 5, 8 and 11 on a process of its own, which is killed, told to end, or kills itself."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError

import pytest

from events.types import DeviceRecorded, StepFailed
from onramp.sandbox.nats import free_port
from tests.integration.rig import Rig, until


class Process:
    """The service of `a_service`, started again whenever it dies if `supervised`."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "service.log"
        self.deaths: list[int] = []
        self._environment = {
            **os.environ,
            "ONRAMP_NATS_URL": rig.server.url,
            "ONRAMP_HTTP_PORT": str(self.port),
            "ONRAMP_ACK_WAIT": "2",
            "ONRAMP_DEADLINE": "5",
            "ONRAMP_CONCURRENCY": "4",
        }
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.integration.a_service"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self._environment, stderr=log)

    def supervise(self) -> None:
        """Start it again if it has died."""
        code = self.process.poll()
        if code is not None:
            self.deaths.append(code)
            self.process = self._start()

    def readyz(self) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz") as answer:
                found: dict[str, object] = json.load(answer)
        except URLError:
            return {}
        return found

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            return str(answer.read().decode())

    def is_ready(self) -> bool:
        return self.readyz().get("status") == "ready"


@pytest.fixture
def process(rig: Rig, tmp_path: Path) -> Iterator[Process]:
    started = Process(rig, tmp_path)
    yield started
    with suppress(ProcessLookupError):
        started.process.kill()
    started.process.wait()


async def test_a_message_that_kills_its_process_is_the_only_dead_letter(rig: Rig, process: Process) -> None:
    await until(process.is_ready)
    for name in ("slow-1", "poison-1", "slow-2", "slow-3", "fine-1"):
        await rig.scan(name)

    async def settled() -> bool:
        process.supervise()
        return len(await rig.told(DeviceRecorded)) == 4 and bool(await rig.dead_letters())

    await until(settled, seconds=60)
    [letter] = await rig.dead_letters()
    assert letter.server == "poison-1"
    assert letter.failure.reason == "handling it ended the process 3 times"
    assert process.deaths == [9, 9, 9, 9]
    assert len(await rig.told(StepFailed)) == 1
    assert sorted(e.server for e in await rig.told(DeviceRecorded)) == [
        "fine-1",
        "slow-1",
        "slow-2",
        "slow-3",
    ]


async def test_a_killed_process_loses_nothing(rig: Rig, process: Process) -> None:
    await until(process.is_ready)
    for number in range(30):
        await rig.scan(f"fine-{number}")
    await until(lambda: _some_recorded(rig, 3))
    process.process.kill()
    process.process.wait()
    process.supervise()
    await until(lambda: _some_recorded(rig, 30))
    assert len({e.server for e in await rig.told(DeviceRecorded)}) == 30
    assert len(await rig.told(DeviceRecorded)) == 30


async def _some_recorded(rig: Rig, count: int) -> bool:
    return len(await rig.told(DeviceRecorded)) >= count


async def test_sigterm_finishes_what_is_in_hand_and_exits_0(rig: Rig, process: Process) -> None:
    await until(process.is_ready)
    await rig.scan("slow-1")
    await until(lambda: 'onramp_in_hand{step="netbox_sync"} 1.0' in process.metrics())
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(timeout=20) == 0
    assert len(await rig.told(DeviceRecorded)) == 1
    assert await rig.acked("netbox_sync")


async def test_a_thread_that_does_not_end_ends_the_process(rig: Rig, process: Process) -> None:
    await until(process.is_ready)
    await rig.scan("stuck-1")
    await until(lambda: process.process.poll() is not None, seconds=30)
    assert process.process.returncode == 70


async def test_each_check_is_shown_by_name_and_the_metrics_count_by_step(rig: Rig, process: Process) -> None:
    await until(process.is_ready)
    await rig.scan("fine-1")
    await until(lambda: _some_recorded(rig, 1))
    checks = process.readyz()["checks"]
    assert isinstance(checks, dict)
    assert {"nats", "consumer netbox_sync", "stream ONBOARDING"} <= set(checks)
    metrics = process.metrics()
    assert (
        'onramp_step_events_total{event="device-recorded",outcome="created",step="netbox_sync"} 1.0'
        in metrics
    )
    assert "fine-1" not in metrics


async def test_every_log_line_of_a_step_names_its_server_and_onboarding(rig: Rig, process: Process) -> None:
    await until(process.is_ready)
    scan = await rig.scan("fine-1")
    await until(lambda: _some_recorded(rig, 1))
    process.process.send_signal(signal.SIGTERM)
    process.process.wait(timeout=20)
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    [done] = [line for line in lines if line["event"] == "done"]
    assert (done["server"], done["step"], done["onboarding_id"]) == (
        "fine-1",
        "netbox_sync",
        str(scan.onboarding_id),
    )
