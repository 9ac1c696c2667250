"""What kea_sync makes of a server's configuration: flags, hook libraries, reservations in the file."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from events.errors import Refuse
from events.types import Outcome
from kea_sync.handler import reserve_address
from tests.contract.dhcp.conftest import REAL, real_servers
from tests.contract.dhcp.emulated import emulated
from tests.contract.dhcp.subject import Json, Subject
from tests.contract.dhcp.test_dhcp import ADDRESS, recorded
from tests.unit.kea_sync.events import MAC, STRANGER

Change = Callable[[Json], object]
Configured = Callable[[Change], Subject]


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Configured]:
    """One server with a hosts database, whose running configuration is changed for this test."""
    with ExitStack() as stack:

        def emulator(change: Change) -> Subject:
            entry = emulated("kea-a", tmp_path, hosts=tmp_path / "hosts.sqlite", change=change)
            return Subject(stack.enter_context(entry))

        def real(change: Change) -> Subject:
            subject = Subject(real_servers("separate")[0])
            subject.clear()
            stack.enter_context(subject.changed(change))
            return subject

        yield real if os.environ.get(REAL["separate"]) else emulator


def subnets(dhcp4: Json) -> list[Json]:
    found: list[Json] = dhcp4["shared-networks"][0]["subnet4"]
    return found


def set_everywhere(flag: str, value: bool, level: str, dhcp4: Json) -> None:
    subnet, network = subnets(dhcp4)[0], dhcp4["shared-networks"][0]
    places = {"global": dhcp4, "shared network": network, "subnet": subnet}
    places[level][flag] = value
    subnet["pools"] = [{"pool": "10.16.28.10 - 10.16.28.50"}]


@pytest.mark.parametrize("level", ["global", "shared network", "subnet"])
@pytest.mark.parametrize(
    ("flag", "value"), [("reservations-in-subnet", False), ("reservations-out-of-pool", True)]
)
async def test_a_flag_that_voids_the_reservation_is_refused_wherever_it_is_set(
    configured: Configured, flag: str, value: bool, level: str
) -> None:
    kea = configured(partial(set_everywhere, flag, value, level))

    with pytest.raises(Refuse, match=flag):
        await reserve_address(recorded(), kea.port())

    assert kea.reservations(0) == []


async def test_a_subnets_own_flag_wins_over_the_global_one(configured: Configured) -> None:
    def change(dhcp4: Json) -> None:
        dhcp4["reservations-in-subnet"] = False
        subnets(dhcp4)[0]["reservations-in-subnet"] = True

    done = await reserve_address(recorded(), configured(change).port())

    assert done.outcome is Outcome.CREATED


@pytest.mark.parametrize("hook", ["host_cmds", "lease_cmds"])
async def test_a_missing_hook_library_is_refused_naming_it(configured: Configured, hook: str) -> None:
    def change(dhcp4: Json) -> None:
        hooks = dhcp4["hooks-libraries"]
        dhcp4["hooks-libraries"] = [one for one in hooks if hook not in one["library"]]

    with pytest.raises(Refuse, match=hook):
        await reserve_address(recorded(), configured(change).port())


def reserve_in_file(hostname: str, mac: str, dhcp4: Json) -> None:
    subnets(dhcp4)[0]["reservations"] = [{"hw-address": mac, "ip-address": ADDRESS, "hostname": hostname}]


async def test_an_address_that_the_configuration_file_reserves_is_refused_naming_the_holder(
    configured: Configured,
) -> None:
    kea = configured(partial(reserve_in_file, "printer", STRANGER))

    with pytest.raises(Refuse, match=f"printer, {STRANGER}"):
        await reserve_address(recorded(), kea.port())


async def test_our_old_reservation_in_the_configuration_file_is_refused_for_it_can_not_be_removed(
    configured: Configured,
) -> None:
    kea = configured(partial(reserve_in_file, "", MAC))

    with pytest.raises(Refuse, match="is not in its database"):
        await reserve_address(recorded(), kea.port())
