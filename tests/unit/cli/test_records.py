"""Import files are read and judged as intake reads and judges them."""

from pathlib import Path

import pytest
import typer

from intake.imports.formats import Record
from onramp.cli.records import Judge, read
from onramp.cli.registering import judged


def _read(folder: Path, name: str, content: str) -> list[Record]:
    file = folder / name
    file.write_text(content)
    return read(file)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.json", '[{"bmc_mac": "10:20:30:40:50:59", "bmc_password": "0123"}]', "record 0"),
        ("a.yml", "- {bmc_mac: 10:20:30:40:50:59, bmc_password: 0123}", "record 0"),
        ("a.CSV", "bmc_mac;bmc_password\r\n10:20:30:40:50:59;0123\r\n", "line 2"),
    ],
)
def test_the_end_of_a_files_name_says_what_it_is(tmp_path: Path, name: str, content: str, place: str) -> None:
    [record] = _read(tmp_path, name, content)
    assert record.place == place
    assert record.fields == {"bmc_mac": "10:20:30:40:50:59", "bmc_password": "0123"}


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", '[{"bmc_password": "canary"'), ("a.yaml", "- {bmc_password: canary"), ("a.csv", "canary;x")],
)
def test_an_unreadable_file_is_wrong_usage_and_is_not_quoted(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(typer.BadParameter, match=name) as error:
        _read(tmp_path, name, content)
    assert "canary" not in str(error.value)


GOOD = {"device_name": "edge-1", "bmc_mac": "3cecef000001", "bmc_password": "canary"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bmc_mac": ""}, "bmc_mac: required"),
        ({"bmc_mac": "1.02E+11"}, "a spreadsheet made a number of it"),
        ({"bmc_ip": "224.0.0.1"}, "bmc_ip"),
        ({"boot_mac": "3c:ec:ef:00:00:01"}, "boot_mac: the MAC of the boot NIC, not the BMC's"),
        ({"device_name": ""}, "device_name: a name, or"),
        ({"bmc_password": ""}, "bmc_password: a password that is not empty"),
        ({"bmc_passwrd": "canary"}, "did you mean bmc_password?"),
        ({"bmc_password_sealed": "x"}, "not both"),
    ],
)
def test_a_dry_run_refuses_what_intake_would_and_shows_no_password(
    changed: dict[str, str], said: str
) -> None:
    record = Record(0, {**GOOD, **changed})
    result = judged(record, Judge([record]))
    assert result.state == "refused"
    assert said in result.reason
    assert "canary" not in result.reason


def test_a_dry_run_makes_the_name_as_intake_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRAMP_NAME_PATTERN", "{rack}-{position}")
    placed = {"bmc_mac": "3cecef000001", "bmc_password": "x", "rack": "RA07", "position": "5"}
    record = Record(0, placed)
    result = judged(record, Judge([record]))
    assert (result.state, result.server) == ("valid", "ra07-05")


def test_a_dry_run_takes_the_older_names_with_a_warning() -> None:
    older = {"device_name": "edge-1", "bmc_mac": "3cecef000001", "ipmi_password": "canary"}
    record = Record(0, older)
    result = judged(record, Judge([record]))
    assert result.state == "valid"
    assert result.warnings == ("ipmi_password is an older name: send bmc_password",)


def test_two_that_claim_the_same_are_both_refused_and_not_sent() -> None:
    file = [Record(number, {**GOOD, "device_name": f"edge-{number}"}) for number in range(2)]
    judge = Judge(file)
    assert not any(map(judge.sendable, file))
    assert "record 1" in judged(file[0], judge).reason
    assert "record 0" in judged(file[1], judge).reason
