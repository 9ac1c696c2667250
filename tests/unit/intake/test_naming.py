"""Names made from where a server stands."""

import pytest
from pydantic import ValidationError

from intake.settings import Settings
from tests.unit.intake.a_record import ABSENT, error, scan


@pytest.mark.parametrize(
    ("position", "name"), [(45, "dcoa-ra07u45"), ("5", "dcoa-ra07u05"), (10.5, "dcoa-ra07u10-5")]
)
def test_a_name_is_made_from_site_rack_and_position(position: object, name: str) -> None:
    assert scan(device_name="", position=position).server == name


def test_a_given_name_is_kept() -> None:
    assert scan(device_name="Node1").server == "node1"


def test_the_pattern_is_a_setting() -> None:
    named = scan(Settings(name_pattern="{device_role}-{serial}"), device_name="", serial="ABC1")
    assert named.server == "k8s-worker-abc1"


def test_missing_parts_are_named() -> None:
    found = error(device_name="", rack=ABSENT, position="")
    assert found.field == "device_name"
    assert "rack, position" in found.expected


def test_a_made_name_that_is_none_is_refused() -> None:
    found = error(device_name="", rack="RA 07")
    assert (found.field, found.came) == ("device_name", "dcoa-ra 07u45")


@pytest.mark.parametrize(
    "pattern", ["server", "{}", "{bmc_password}", "{site", "{position:02d}", "{site}_{rack}"]
)
def test_a_pattern_that_makes_no_names_ends_the_start(pattern: str) -> None:
    with pytest.raises(ValidationError, match="name_pattern"):
        Settings(name_pattern=pattern)
