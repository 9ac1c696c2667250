"""The ports that a sandbox listens on."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from onramp.sandbox import places
from onramp.sandbox.places import LOOPBACK, free_ports


def test_no_connection_that_goes_out_takes_a_port_before_its_listener_does() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert not [port for port in ports if int(given[0]) <= port <= int(given[1])]


def test_a_port_that_somebody_listens_on_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as opened:
        taken, free = free_ports(2)
        opened.enter_context(socket.create_server((LOOPBACK, taken)))
        monkeypatch.setattr(
            places, "_PORTS", range(min(taken, free), max(taken, free) + 1, abs(taken - free))
        )
        assert free_ports(1) == [free]
