"""How a BMC's address is put together."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from pydantic import ValidationError

from metal3_sync.handler.wanted import want_host
from metal3_sync.settings import Settings

from .samples import POLICY, SERVER, registration

BY_TYPE = replace(
    POLICY,
    address_templates={
        "poweredge-r650": "idrac-virtualmedia://{bmc_ip}/redfish/v1/Systems/1",
        "hpe/dl360": "ilo5-virtualmedia://{bmc_ip}",
    },
)
IDRAC = "idrac-virtualmedia://192.0.2.31/redfish/v1/Systems/1"


@pytest.mark.parametrize(
    ("ip", "scanned", "address"),
    [
        ("192.0.2.31", {}, "ipmi://192.0.2.31"),
        ("2001:db8::31", {}, "ipmi://[2001:db8::31]"),
        ("192.0.2.31", {"device_type": "poweredge-r650"}, IDRAC),
        ("192.0.2.31", {"device_type": "dell/poweredge-r650"}, IDRAC),
        ("192.0.2.31", {"device_type": "hpe/dl360"}, "ilo5-virtualmedia://192.0.2.31"),
        ("192.0.2.31", {"device_type": "another"}, "ipmi://192.0.2.31"),
        ("192.0.2.31", {"bmc_address": "redfish://bmc.example"}, "redfish://bmc.example"),
    ],
)
def test_an_address_is_the_scans_own_or_its_device_types_or_the_usual(
    ip: str, scanned: Any, address: str
) -> None:
    wanted = want_host(SERVER, registration(**scanned), ip_address(ip), BY_TYPE)
    assert wanted.bmc["address"] == address


@pytest.mark.parametrize(
    "template", ["ipmi://{ip}", "ipmi://192.0.2.1", "ipmi://{bmc_ip", "{bmc_ip.nothing}"]
)
def test_a_template_that_could_not_be_filled_in_ends_the_start(template: str) -> None:
    with pytest.raises(ValidationError, match="bmc_ip"):
        Settings(openbao_role_id="r", openbao_secret_id="s", bmc_address_template=template)
