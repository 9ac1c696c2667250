"""Devices and reservations are joined by name, and nothing is dropped in silence."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onramp.cli import app
from onramp.cli.merging import merge, reservations_in

DEVICE = {"device_name": "dcoa-ra07u45", "bmc_password": "pw"}
RESERVATION = {"hostname": "dcoa-ra07u45-bmc", "hw-address": "3c:ec:ef:a1:9c:e8", "ip-address": "10.16.28.78"}
JOINED = {**DEVICE, "bmc_mac": "3c:ec:ef:a1:9c:e8", "bmc_ip": "10.16.28.78"}


@pytest.mark.parametrize(
    ("hostname", "site"),
    [
        ("dcoa-ra07u45", ""),
        ("dcoa-ra07u45-bmc", ""),
        ("DCOA-RA07U45-BMC.mgmt.example.com", ""),
        ("ra07u45", "dcoa"),
        ("ra07u45-bmc.example.com", "dcoa"),
        ("dcoa-ra07u45", "DCOA"),
    ],
)
def test_a_device_is_matched_by_the_first_label(hostname: str, site: str) -> None:
    found = merge([DEVICE], [{**RESERVATION, "hostname": hostname}], site)
    assert found.records == (JOINED,)
    assert found.problems == ()


def test_a_prefix_counts_only_when_it_is_named() -> None:
    assert merge([DEVICE], [{**RESERVATION, "hostname": "ra07u45"}]).records == ()


def test_the_fields_of_a_device_pass_through_and_win() -> None:
    found = merge([{**DEVICE, "bmc_ip": "10.16.28.99", "rack": "RA07"}], [RESERVATION])
    assert found.records == ({**JOINED, "bmc_ip": "10.16.28.99", "rack": "RA07"},)


@pytest.mark.parametrize("empty", ["", None])
def test_a_field_that_a_device_leaves_empty_says_nothing(empty: str | None) -> None:
    found = merge([{**DEVICE, "bmc_mac": empty, "rack": empty}], [RESERVATION])
    assert found.records == (JOINED,)


def test_a_record_without_a_mac_is_told() -> None:
    found = merge([DEVICE], [{"hostname": "dcoa-ra07u45", "ip-address": "10.16.28.78"}])
    assert found.records == ()
    assert found.problems == ("dcoa-ra07u45: neither it nor its reservation has a MAC",)


def test_a_device_with_a_mac_of_its_own_needs_no_reservation() -> None:
    device = {**DEVICE, "bmc_mac": "3c:ec:ef:00:00:01"}
    assert merge([device], []).records == (device,)


def test_what_has_no_partner_is_told_on_both_sides() -> None:
    found = merge([DEVICE], [{**RESERVATION, "hostname": "other"}])
    assert found.records == ()
    assert found.problems == (
        "dcoa-ra07u45: no reservation matches",
        "other (10.16.28.78): a reservation that no device matches",
    )


def test_what_matches_twice_is_told_and_not_chosen() -> None:
    twice = [RESERVATION, {**RESERVATION, "hostname": "dcoa-ra07u45", "ip-address": "10.16.28.79"}]
    found = merge([DEVICE], twice)
    assert found.records == ()
    [problem] = found.problems
    assert "2 reservations match" in problem
    assert "10.16.28.79" in problem
    assert "2 devices have this name" in merge([DEVICE, DEVICE], [RESERVATION]).problems[0]


def test_a_device_without_a_password_and_entries_without_a_name_are_told() -> None:
    found = merge(
        [{"device_name": "dcoa-ra07u45"}, {"bmc_password": "pw"}], [RESERVATION, {"ip-address": "x"}]
    )
    assert found.records == ()
    assert set(found.problems) == {
        "dcoa-ra07u45: no password",
        "entry 2: no device_name",
        "entry 2: no hostname",
    }


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([RESERVATION]),
        json.dumps({"reservations": [RESERVATION]}),
        json.dumps({"Dhcp4": {"reservations": [RESERVATION]}}),
        json.dumps({"Dhcp4": {"subnet4": [{"reservations": [RESERVATION]}]}}),
        json.dumps({"Dhcp4": {"shared-networks": [{"subnet4": [{"reservations": [RESERVATION]}]}]}}),
    ],
)
def test_reservations_are_found_wherever_kea_has_them(text: str) -> None:
    assert reservations_in(text) == [RESERVATION]


def test_keas_comments_and_trailing_commas_are_passed_over_and_texts_kept() -> None:
    text = """
    // a comment
    { "reservations": [  # another
        { "hostname": "a//b#c", /* a third,
          of two lines */ "note": "x, ]", },
    ] }
    """
    assert reservations_in(text) == [{"hostname": "a//b#c", "note": "x, ]"}]


def test_what_is_no_list_of_reservations_is_refused() -> None:
    with pytest.raises(ValueError, match="Kea's configuration"):
        reservations_in('"nothing"')


def test_the_command_writes_a_file_that_only_its_owner_reads_and_exits_with_one_when_some_are_left(
    tmp_path: Path,
) -> None:
    devices, kea, output = tmp_path / "d.yaml", tmp_path / "k.json", tmp_path / "out.json"
    devices.write_text(
        "- device_name: dcoa-ra07u45\n  bmc_password: 0123\n- device_name: lonely\n  bmc_password: pw"
    )
    kea.write_text(json.dumps([RESERVATION]))
    output.touch(0o644)
    result = CliRunner().invoke(app, ["merge", str(devices), str(kea), "--output", str(output)])
    assert result.exit_code == 1
    assert "lonely: no reservation matches" in result.stderr
    assert json.loads(output.read_text()) == [{**JOINED, "bmc_password": "0123"}]
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_without_a_file_the_records_are_all_that_is_on_standard_output(tmp_path: Path) -> None:
    devices, kea = tmp_path / "d.yaml", tmp_path / "k.json"
    devices.write_text("- {device_name: dcoa-ra07u45, bmc_password: pw}")
    kea.write_text(json.dumps([RESERVATION]))
    result = CliRunner().invoke(app, ["merge", str(devices), str(kea)])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == [JOINED]
