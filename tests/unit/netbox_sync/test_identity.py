"""Which of NetBox's devices a scanned name means."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from events.errors import Refuse
from netbox_sync.handler.find import elevations
from netbox_sync.handler.identity import refuse_occupied, this_device
from netbox_sync.handler.values import Device, Found, Unit
from tests.unit.netbox_sync.fake import ONE_U, FakeNetBox
from tests.unit.netbox_sync.test_decide import DEVICE, WANTED


def test_a_name_that_netbox_has_twice_is_refused_naming_both() -> None:
    """Under two tenants, say: NetBox lets a site have a name once for each."""
    other = replace(DEVICE, id=8, tenant_id=2, position=40)
    with pytest.raises(Refuse, match=r"dcoa RA07 U45 \(id 7\) and dcoa RA07 U40 \(id 8\)") as refused:
        this_device(WANTED, [DEVICE, other])
    assert refused.value.culprit == "dcoa-ra07u45"


def test_a_name_that_is_known_at_another_site_is_refused_naming_both_sites() -> None:
    with pytest.raises(Refuse, match="known at site dcob, not at") as refused:
        this_device(WANTED, [replace(DEVICE, site_id=2, site="dcob")])
    assert refused.value.culprit == "dcoa-ra07u45"


class Rack(FakeNetBox):
    """Which elevations of it were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, int | None]] = []

    async def elevation(self, rack_id: int, face: str, *, without: int | None) -> Sequence[Unit]:
        self.asked.append((face, without))
        return ()


@pytest.mark.parametrize(
    ("full_depth", "device", "asked"),
    [
        (True, None, [("front", None), ("rear", None)]),
        (True, DEVICE, [("front", 7), ("rear", 7)]),
        (False, None, [("front", None)]),
        (False, replace(DEVICE, face="rear"), [("rear", 7)]),
        (False, replace(DEVICE, face=None), [("front", 7)]),
    ],
)
async def test_the_faces_that_a_device_takes_are_looked_at_as_if_it_were_not_there(
    full_depth: bool, device: Device | None, asked: list[tuple[str, int | None]]
) -> None:
    rack, wanted = Rack(), replace(WANTED, device_type=replace(ONE_U, is_full_depth=full_depth))

    await elevations(wanted, Found(device), rack)

    assert rack.asked == asked


@pytest.mark.parametrize(
    ("units", "reason", "culprit"),
    [
        ((), "RA07 has no U45: supermicro/supermicro-1u is 1U high", "RA07"),
        ((Unit(45.0),), "RA07 has no U45.5", "RA07"),
        ((Unit(45.0), Unit(45.5, True, "dcoa-x")), "RA07 U45.5 is held by dcoa-x", "dcoa-x"),
        ((Unit(45.0, True), Unit(45.5)), "U45 is held by a device that the token may not see", "a device"),
    ],
)
def test_a_unit_that_is_not_free_is_refused_naming_it(
    units: tuple[Unit, ...], reason: str, culprit: str
) -> None:
    free = (Unit(45.0), Unit(45.5))
    with pytest.raises(Refuse, match=reason) as refused:
        refuse_occupied(WANTED, free, units)
    assert (refused.value.culprit or "").startswith(culprit)
