"""Files of registrations as phones, scripts and spreadsheets write them."""

import json
from typing import Any

import pytest

from intake.imports.formats import CSV, JSON, YAML, Record, records
from intake.imports.formats.commas import MOST_LINES
from intake.imports.formats.record import LONGEST, MOST_FIELDS
from intake.imports.formats.yaml_list import MOST_PARTS
from intake.problems import Unreadable

MAC, PASSWORD = "10:20:30:40:50:59", "0123"


def read(text: str | bytes, media_type: str) -> list[Record]:
    return list(records(text.encode() if isinstance(text, str) else text, media_type))


def fields(text: str | bytes, media_type: str) -> list[Any]:
    return [record.fields for record in read(text, media_type)]


def unreadable(text: str | bytes, media_type: str) -> str:
    with pytest.raises(Unreadable) as raised:
        read(text, media_type)
    return raised.value.detail


@pytest.mark.parametrize("media_type", [YAML, "application/x-yaml", "text/yaml", "text/x-yaml"])
def test_every_scalar_of_yaml_is_text(media_type: str) -> None:
    text = (
        f"- bmc_mac: {MAC}\n  bmc_password: {PASSWORD}\n  position: 45\n  site: no\n  rack: 1e3\n  tenant:\n"
    )
    said = {"bmc_mac": MAC, "bmc_password": PASSWORD, "position": "45", "site": "no", "rack": "1e3"}
    assert fields(text, media_type) == [{**said, "tenant": ""}]


def test_every_cell_of_csv_is_text() -> None:
    assert fields(f"bmc_mac,bmc_password,position\n{MAC},{PASSWORD},45\n", CSV) == [
        {"bmc_mac": MAC, "bmc_password": PASSWORD, "position": "45"}
    ]


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("bmc_mac,bmc_password\nm, pass \n", CSV),
        ("- {bmc_mac: m, bmc_password: ' pass '}", YAML),
        ('[{"bmc_mac": "m", "bmc_password": " pass "}]', JSON),
    ],
)
def test_a_password_is_never_trimmed(text: str, media_type: str) -> None:
    assert fields(text, media_type) == [{"bmc_mac": "m", "bmc_password": " pass "}]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_is_read_however_a_spreadsheet_saved_it(mark: str, delimiter: str, line_end: str) -> None:
    lines = [["bmc_mac", "bmc_password"], ["m1", "p1"], ["m2", "p2"]]
    text = mark + line_end.join(delimiter.join(line) for line in lines)
    assert [list(record.values()) for record in fields(text, CSV)] == [["m1", "p1"], ["m2", "p2"]]


@pytest.mark.parametrize(("media_type", "text"), [(JSON, '[{"site": "ä"}]'), (YAML, "- site: ä")])
def test_a_byte_order_mark_is_no_part_of_a_file(media_type: str, text: str) -> None:
    assert fields("\ufeff" + text, media_type) == [{"site": "ä"}]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends() -> None:
    text = 'bmc_mac,bmc_password\nm1,"a,""b""\nc"\nm2,d\n'
    assert [(record.line, record.fields["bmc_password"]) for record in read(text, CSV)] == [
        (2, 'a,"b"\nc'),
        (4, "d"),
    ]


def test_empty_columns_that_a_spreadsheet_leaves_are_no_fields() -> None:
    assert fields("bmc_mac,,\nm,,\n", CSV) == [{"bmc_mac": "m"}]


def test_a_csv_record_is_found_by_its_line() -> None:
    found = read("bmc_mac;site\nm1;a\n\n;;\nm2;b\n", CSV)
    assert [(record.index, record.line, record.place) for record in found] == [
        (0, 2, "line 2"),
        (1, 5, "line 5"),
    ]


def test_a_row_may_leave_out_its_last_empty_cells() -> None:
    assert fields("bmc_mac,site,tenant\nm1\n", CSV) == [{"bmc_mac": "m1"}]


@pytest.mark.parametrize("text", ["bmc_mac,site\nm1,a,b\n", "bmc_mac,\nm1,a\n"])
def test_cells_without_a_name_are_refused(text: str) -> None:
    [found] = read(text, CSV)
    assert "more cells than the header" in found.errors[0].expected


def test_supersede_is_the_one_field_that_is_no_text() -> None:
    assert fields("- supersede: true\n- supersede: FALSE\n- supersede: yes\n", YAML) == [
        {"supersede": True},
        {"supersede": False},
        {"supersede": "yes"},
    ]


@pytest.mark.parametrize("value", ["*hunter2", "&hunter2", "!hunter2", "&a x", "!!int 12", "[a]", "{a: b}"])
def test_what_yaml_takes_for_something_else_than_text_is_refused_by_its_field(value: str) -> None:
    before, found, after = read(f"- site: a\n- {{bmc_password: {value}, site: b}}\n- site: c\n", YAML)
    assert [(error.field, error.came) for error in found.errors] == [("bmc_password", None)]
    assert "quotes" in found.errors[0].expected
    assert not before.errors
    assert after.fields == {"site": "c"}


@pytest.mark.parametrize(("names", "told"), [("site: x, site: y", "site"), ("[x]: y", "?")])
def test_what_is_wrong_with_a_name_in_yaml_is_told_of_the_field(names: str, told: str) -> None:
    [found] = read(f"- {{{names}}}\n", YAML)
    assert [error.field for error in found.errors] == [told]


@pytest.mark.parametrize(("text", "media_type"), [("- site: a\n", YAML), ("a,b\n", CSV)])
def test_no_record_is_too_long_because_there_are_many(text: str, media_type: str) -> None:
    assert len(read("bmc_mac,site\n" * (media_type == CSV) + text * LONGEST, media_type)) == LONGEST


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ('[{"site": "a"}, {"site": "x", "site": "y"}, {"site": "c"}]', JSON),
        ('[{"site": "a"}, {"position": 1e309}, {"site": "c"}]', JSON),
        ('[{"site": "a"}, {"position": 1' + "0" * 5000 + '}, {"site": "c"}]', JSON),
        ('[{"site": "a"}, {"position": NaN}, {"site": "c"}]', JSON),
        ('[{"site": "a"}, {"site": "\\ud800"}, {"site": "c"}]', JSON),
        ('[{"site": "a"}, [[1], {}], {"site": "c"}]', JSON),
        ('[{"site": "a"}, 12, {"site": "c"}]', JSON),
        ("- site: a\n- site: x\n  site: y\n- site: c\n", YAML),
        ("- site: a\n- [[x], {y: z}]\n- site: c\n", YAML),
        ("- site: a\n- {[x]: y}\n- site: c\n", YAML),
    ],
)
def test_one_bad_record_leaves_the_others_as_they_are(text: str, media_type: str) -> None:
    first, bad, last = read(text, media_type)
    assert (first.fields, last.fields) == ({"site": "a"}, {"site": "c"})
    assert bad.errors
    assert not first.errors
    assert not last.errors


@pytest.mark.parametrize(
    ("text", "media_type", "said"),
    [
        ("", JSON, "array"),
        ('{"bmc_password": "hunter2"}', JSON, "array"),
        ('["hunter2', JSON, "record 0"),
        ('[{"a": "hunter2"', JSON, "record 0"),
        ('[{"a": "hunter2"}', JSON, "record 0"),
        ('[{"a": "hunter2"} {"a": 1}]', JSON, "record 0"),
        ('[{"a": "hunter2"},]', JSON, "record 1"),
        ('[{"a": 1}, {"a": hunter2}]', JSON, "record 1"),
        ("[]hunter2", JSON, "follows"),
        ("[" * 100_000, JSON, "nested"),
        ("", YAML, "list"),
        ("bmc_password: hunter2", YAML, "list"),
        ("- a: hunter2\n---\n- a: b\n", YAML, "several"),
        ("- a: 'hunter2\n", YAML, "line"),
        ("- a: @hunter2\n", YAML, "line 1"),
        ("- a: hunter2\x07\n", YAML, "characters"),
        ("", CSV, "header"),
        ("bmc_mac,site,site\nm,hunter2,b\n", CSV, "twice"),
        ("s1,10:20:30:40:50:59,hunter2\n", CSV, "header"),
        ('bmc_mac\n"hunter2', CSV, "line 2"),
        ('bmc_mac\nx\n"hunter2"y\n', CSV, "line 3"),
        (b"bmc_mac\nhunter2\xff\n", CSV, "UTF-8"),
        ('[{"a": "hunter2"}]'.encode("utf-16"), JSON, "UTF-8"),
        ("- a: hunter2".encode("utf-16"), YAML, "UTF-8"),
        ('[{"a": "hunter2"}, {"a": "' + "x" * LONGEST + '"}]', JSON, "record 1 is longer"),
        ('[{"a": "hunter2"}, {"a": "' + "x" * 100 * LONGEST, JSON, "record 1 is longer"),
        (
            json.dumps([{"a": "hunter2"}, dict.fromkeys(map(str, range(MOST_FIELDS + 1)))]),
            JSON,
            "record 1 is longer",
        ),
        ("- a: hunter2\n- a: " + "x" * LONGEST, YAML, "line 2 is longer"),
        ("- a: hunter2\n- {" + "a: b, " * LONGEST + "}", YAML, "line 2 is longer"),
        ("- a: hunter2\n- {" + "a: b, " * MOST_PARTS + "}", YAML, "line 2 is longer"),
        ("- a: hunter2\n- " + "[" * LONGEST, YAML, "line 2 is longer"),
        ("- a: hunter2\n" + "- " * 1000, YAML, "line 2 is longer"),
        ("bmc_mac\nhunter2\n" + "x," * LONGEST, CSV, "line 3 is longer"),
        ("bmc_mac\nhunter2\n" + '"x\n",' * LONGEST, CSV, "line 3 is longer"),
        ("bmc_mac\nhunter2\n" + "\n" * MOST_LINES, CSV, "lines"),
    ],
)
def test_what_is_no_such_file_is_said_without_quoting_it(
    text: str | bytes, media_type: str, said: str
) -> None:
    detail = unreadable(text, media_type)
    assert said in detail
    assert "hunter2" not in detail


def test_an_empty_array_has_no_records() -> None:
    assert read(" [ \n ] ", JSON) == []


@pytest.mark.parametrize("length", [30, 1000, LONGEST // 6 - 5])
def test_a_record_may_lie_across_windows(length: int) -> None:
    wanted = 9 * [
        {"site": "x" * (length // 2)},
        {"site": "ä" * length},
        {"rack": '\\"]},{["'},
        {"position": 45},
    ]
    for spaced in ({"indent": 4}, {"separators": (",", ":")}, {"ensure_ascii": False}):
        assert fields(json.dumps(wanted, **spaced), JSON) == wanted


def test_many_small_records_lie_across_many_windows() -> None:
    wanted = [{"position": number} for number in range(20_000)]
    assert fields(json.dumps(wanted), JSON) == wanted
