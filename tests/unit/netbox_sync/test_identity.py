"""Which of NetBox's devices a scanned name means."""

from dataclasses import replace

import pytest

from events.errors import Refuse
from netbox_sync.handler.identity import this_device
from tests.unit.netbox_sync.test_decide import DEVICE, WANTED


def test_a_name_that_netbox_has_twice_is_refused_naming_both() -> None:
    """Under two tenants, say: NetBox lets a site have a name once for each."""
    other = replace(DEVICE, id=8, tenant_id=2, position=40)
    with pytest.raises(Refuse, match=r"dcoa RA07 U45 \(id 7\) and dcoa RA07 U40 \(id 8\)"):
        this_device(WANTED, [DEVICE, other])


def test_a_name_that_is_known_at_another_site_is_refused_naming_both_sites() -> None:
    with pytest.raises(Refuse, match="known at site dcob, not at"):
        this_device(WANTED, [replace(DEVICE, site_id=2, site="dcob")])
