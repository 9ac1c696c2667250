"""What an import makes of a record that older systems and spreadsheets wrote, and of two that clash."""

from typing import Any

import pytest

from intake.imports.duplicates import clashes
from intake.imports.formats import Record
from intake.imports.reading import read
from intake.problems import BadRegistration, FieldError
from intake.scan import Scan
from intake.settings import Settings
from tests.unit.intake.a_record import ABSENT, record

PATTERN = Settings().name_pattern


def a_scan(**changes: Any) -> Scan:
    return read(Record(0, record(**changes)), Settings(), None)


def error(**changes: Any) -> FieldError:
    with pytest.raises(BadRegistration) as raised:
        a_scan(**changes)
    [found] = raised.value.errors
    return found


def clashing(*records: dict[str, Any], lines: bool = False) -> dict[int, list[str]]:
    found = [Record(i, fields, line=i + 2 if lines else None) for i, fields in enumerate(records)]
    return {index: [e.field for e in errors] for index, errors in clashes(found, PATTERN).items()}


def other(**changes: Any) -> dict[str, Any]:
    """A record that has nothing in common with the one from the field."""
    own = {"device_name": "s2", "bmc_mac": "3cecefa19ce9", "bmc_ip": "10.16.28.79", "position": 46}
    return record(**{**own, **changes})


def test_the_older_names_are_taken_with_a_warning() -> None:
    scan = a_scan(bmc_password=ABSENT, bmc_ip="", ipmi_password=" 0123 ", ipmi_ip="10.16.28.80")
    assert scan.password == " 0123 "
    assert str(scan.registration.bmc_ip) == "10.16.28.80"
    assert scan.warnings == (
        "ipmi_password is an older name: send bmc_password",
        "ipmi_ip is an older name: send bmc_ip",
    )


def test_a_newer_name_with_null_leaves_the_older_one_its_place() -> None:
    assert a_scan(bmc_password=None, ipmi_password="0123").password == "0123"


def test_an_older_name_beside_its_newer_one_is_refused() -> None:
    found = error(ipmi_password="hunter2")
    assert (found.field, found.came) == ("ipmi_password", None)


def test_an_empty_older_name_is_absent() -> None:
    assert a_scan(ipmi_password="", ipmi_ip=None).warnings == ()


@pytest.mark.parametrize("field", ["bmc_mac", "boot_mac"])
@pytest.mark.parametrize(
    "mac",
    [
        "1.02E+11", "1,02E+11", "1.02030405060E+11", "1E+11", "1.02030406E11", "1.02e+11", "20304050607",
        "1020304050.00", "102030405060,0",
    ],
)  # fmt: skip
def test_a_mac_that_a_spreadsheet_made_a_number_of_is_refused_saying_so(field: str, mac: str) -> None:
    found = error(**{field: mac})
    assert (found.field, found.came) == (field, mac)
    assert "spreadsheet" in found.expected


@pytest.mark.parametrize(
    "mac", ["1E1122334455", "102030.405060", "102030405060", "1020.3040.50E1", "10:20:30:40:50:59"]
)
def test_a_mac_that_only_looks_like_a_number_is_taken(mac: str) -> None:
    assert len(a_scan(bmc_mac=mac).registration.bmc_mac) == 17


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device_name", "DCOA-ra07u45 "),
        ("bmc_mac", "3c-ec-ef-a1-9c-e8"),
        ("bmc_mac", "3cec.efa1.9ce8"),
        ("boot_mac", "3CECEFA19CEA"),
        ("bmc_ip", " 10.16.28.78"),
        ("position", "45"),
        ("position", 45.0),
    ],
)
def test_both_records_that_claim_the_same_are_told(field: str, value: Any) -> None:
    found = clashing(record(boot_mac="3c:ec:ef:a1:9c:ea"), other(**{field: value}))
    assert found == {0: [field], 1: [field]}


def test_a_made_name_clashes_with_a_given_one() -> None:
    assert clashing(other(device_name=""), other(device_name="dcoa-ra07u46", bmc_mac="", bmc_ip="")) == {
        0: ["device_name", "position"],
        1: ["device_name", "position"],
    }


def test_what_is_of_the_same_hash_only_does_not_clash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.imports.duplicates.hash", lambda _claim: 0, raising=False)
    assert clashing(record(), other()) == {}
    assert clashing(record(), other(bmc_ip=record()["bmc_ip"])) == {0: ["bmc_ip"], 1: ["bmc_ip"]}


def test_an_address_under_its_older_name_clashes() -> None:
    assert clashing(record(), other(bmc_ip=ABSENT, ipmi_ip="10.16.28.78")) == {0: ["bmc_ip"], 1: ["bmc_ip"]}


@pytest.mark.parametrize(
    "changes", [{"rack": "RA08"}, {"site": "dcob"}, {"location": "hall-2"}, {"rack": ""}]
)
def test_the_same_unit_of_another_rack_is_no_clash(changes: dict[str, Any]) -> None:
    assert clashing(record(), other(position=45, **changes)) == {}


def test_what_is_left_out_clashes_with_nothing() -> None:
    empty = dict.fromkeys(("device_name", "bmc_mac", "bmc_ip", "rack", "position"), "")
    assert clashing(record(**empty), record(**empty)) == {}


@pytest.mark.parametrize(
    ("lines", "places"), [(False, ["record 0", "record 1"]), (True, ["line 2", "line 3"])]
)
def test_a_clash_names_both_places(lines: bool, places: list[str]) -> None:
    rows = [Record(i, {"bmc_mac": "3CECEFA19CE8"}, line=i + 2 if lines else None) for i in range(2)]
    for errors in clashes(rows, PATTERN).values():
        assert all(place in errors[0].expected for place in places)


def test_a_record_is_not_told_that_it_clashes_with_itself() -> None:
    rows = [Record(i, {"bmc_mac": "3CECEFA19CE8"}) for i in range(2)]
    [told] = clashes(rows, PATTERN)[1]
    assert told.expected == "its own in this file (record 1): record 0 claims the same"


def test_of_many_that_clash_each_is_told_of_some() -> None:
    rows = [Record(i, {"bmc_mac": "3CECEFA19CE8"}) for i in range(1000)]
    found = clashes(rows, PATTERN)
    assert len(found) == 1000
    assert "record 0, record 1, record 2, record 3, record 4 and 994 more" in found[999][0].expected
