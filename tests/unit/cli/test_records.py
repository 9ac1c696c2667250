"""Import files: what comes out of them is what stood there, and both of two that claim the same are named."""

from pathlib import Path

import pytest

from onramp.cli.records import Record, UnreadableFile, duplicates, read
from onramp.cli.registering import validated


def _read(folder: Path, name: str, content: str | bytes) -> list[Record]:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(file)


def test_in_yaml_every_scalar_is_text(tmp_path: Path) -> None:
    text = "- {bmc_mac: 10:20:30:40:50:59, bmc_password: 0123, position: 45}\n- {device_name: no}"
    first, second = _read(tmp_path, "a.yaml", text)
    assert first.fields == {"bmc_mac": "10:20:30:40:50:59", "bmc_password": "0123", "position": "45"}
    assert second.fields == {"device_name": "no"}


def test_csv_takes_a_bom_crlf_and_semicolons_and_never_trims_a_password(tmp_path: Path) -> None:
    text = b'\xef\xbb\xbfdevice_name;bmc_password;rack\r\nedge-1; 01;23 ;\r\n"edge-2";"a;b";RA07\r\n'
    with pytest.raises(UnreadableFile, match="line 2 has more cells"):
        _read(tmp_path, "a.csv", text)
    text = text.replace(b"01;23", b"0123")
    first, second = _read(tmp_path, "a.csv", text)
    assert (first.place, first.fields) == ("line 2", {"device_name": "edge-1", "bmc_password": " 0123 "})
    assert (second.place, second.fields["bmc_password"]) == ("line 3", "a;b")


def test_a_json_array_and_a_single_object_are_taken(tmp_path: Path) -> None:
    assert [record.name for record in _read(tmp_path, "a.json", '[{"device_name": "a"}, {}]')] == ["a", ""]
    assert [record.place for record in _read(tmp_path, "a.json", '{"device_name": "a"}')] == ["record 1"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", '[{"bmc_password": "canary"', "line 1"),
        ("a.json", "[1, 2]", "a list of objects"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.yaml", "- {bmc_password: canary", "no YAML: line 1"),
        ("a.csv", b"\xff\xfe", "byte 0 is not UTF-8"),
    ],
)
def test_an_unreadable_file_is_told_without_quoting_it(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableFile, match=said) as error:
        _read(tmp_path, name, content)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    ("what", "one", "other"),
    [
        ("device_name", {"device_name": "edge-1"}, {"device_name": "EDGE-1 "}),
        ("bmc_mac", {"bmc_mac": "3c:ec:ef:00:00:01"}, {"bmc_mac": "3CECEF-000001"}),
        ("bmc_ip", {"bmc_ip": "10.0.0.1"}, {"bmc_ip": " 10.0.0.1"}),
        ("position", {"rack": "RA07", "position": 45}, {"rack": "ra07", "position": "45"}),
    ],
)
def test_two_that_claim_the_same_are_both_named(
    what: str, one: dict[str, object], other: dict[str, object]
) -> None:
    records = [Record("record 1", one), Record("record 2", {}), Record("record 3", other)]
    assert duplicates(records) == {
        "record 1": f"the same {what} as record 3",
        "record 3": f"the same {what} as record 1",
    }


GOOD = {"device_name": "edge-1", "bmc_mac": "3cecef000001", "bmc_password": "canary"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bmc_mac": ""}, "bmc_mac"),
        ({"bmc_mac": "canary"}, "bmc_mac: this is no MAC address"),
        ({"bmc_ip": "10.0.0"}, "bmc_ip"),
        ({"position": "0.3"}, "position"),
        ({"device_name": "no name"}, "device_name"),
        ({"bmc_password": ""}, "bmc_password: required"),
        ({"bmc_passwrd": "canary"}, "bmc_passwrd: no such field"),
        ({"bmc_password_sealed": "x"}, "not both"),
    ],
)
def test_a_dry_run_names_the_field_and_never_its_password(changed: dict[str, str], said: str) -> None:
    result = validated(Record("record 1", {**GOOD, **changed}))
    assert result.state == "refused"
    assert said in result.reason
    assert "canary" not in result.reason


def test_a_dry_run_takes_what_is_right() -> None:
    assert validated(Record("record 1", GOOD)).state == "valid"
