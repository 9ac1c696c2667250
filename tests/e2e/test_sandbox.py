"""The sandbox leaves no process behind, however it ends."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.sandbox import Running, running, until

pytestmark = pytest.mark.timeout(180)

UP = "Where to look next"
PROGRAMS = 11
"""nats-server, bao, four emulators, five services."""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as sandbox:
        sandbox.until_printed(UP)
        yield sandbox


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_everything_when_it_is_told_to_end(sandbox: Running, how: signal.Signals) -> None:
    children = sandbox.children()
    sandbox.process.send_signal(how)
    assert sandbox.process.wait(timeout=60) == 0
    assert len(children) == PROGRAMS
    assert not [child for child in children if child.is_running()]


def test_nothing_outlives_a_sandbox_that_is_killed(sandbox: Running) -> None:
    children = sandbox.children()
    sandbox.process.kill()
    sandbox.process.wait()
    until(lambda: not any(map(_lives, children)))


def test_a_service_that_dies_is_named_with_its_last_log_lines(sandbox: Running) -> None:
    children = sandbox.children()
    [service] = [child for child in children if "kea_sync.app" in child.cmdline()]
    service.kill()
    assert sandbox.process.wait(timeout=60) == 1
    assert "kea_sync ended with exit code -9" in sandbox.printed()
    assert '"service": "kea_sync"' in sandbox.printed()
    assert not any(map(_lives, children))


def test_an_openbao_that_dies_is_named_with_its_last_log_lines(sandbox: Running) -> None:
    children = sandbox.children()
    [openbao] = [child for child in children if child.name() == "bao"]
    openbao.kill()
    assert sandbox.process.wait(timeout=60) == 1
    assert "OpenBao ended with exit code -9" in sandbox.printed()
    assert not any(map(_lives, children))


def _lives(process: psutil.Process) -> bool:
    """A zombie waits for whoever adopted it to look, and holds nothing any more."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
