"""What Kea's answers say."""

import time
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest

from kea_sync.client.answers import hosts, unexpired
from kea_sync.handler.values import Lease, Reserved

LEASE = {
    "ip-address": "10.0.7.31",
    "subnet-id": 7,
    "hw-address": "52:54:00:12:34:56",
    "valid-lft": 3600,
    "fqdn-fwd": False,
    "fqdn-rev": False,
    "hostname": "printer",
}


def test_a_lease_ends_its_lifetime_after_the_last_transmission() -> None:
    cltt = int(time.time())

    [lease] = unexpired([{**LEASE, "state": 0, "cltt": cltt}])

    ends = datetime.fromtimestamp(cltt + 3600, UTC)
    assert lease == Lease(IPv4Address("10.0.7.31"), "52:54:00:12:34:56", "printer", ends)


@pytest.mark.parametrize(
    ("state", "age", "counts"),
    [(0, 0, True), (1, 0, True), (0, 3601, False), (2, 0, False), (3, 0, False)],
)
def test_only_an_unexpired_assigned_or_declined_lease_keeps_an_address(
    state: int, age: int, counts: bool
) -> None:
    lease = {**LEASE, "state": state, "cltt": int(time.time()) - age}

    assert bool(unexpired([lease])) is counts


def test_a_reservation_by_another_identifier_and_without_an_address_is_understood() -> None:
    host = {"subnet-id": 7, "client-id": "01AABB", "hostname": "Printer"}

    assert hosts({"hosts": [host]}) == [Reserved(7, "client-id", "01aabb", None, "printer")]
