"""What is taken for a registration, and how what is not is told."""

from typing import Any

import pytest

from events.seal import new_private_key, public_part, seal
from events.values import MacAddress
from intake.problems import MOST_TOLD, BadRegistration, FieldError
from intake.registration import MOST_UNKNOWN, read_registration
from intake.settings import Settings
from tests.unit.intake.a_record import ABSENT, error, errors, scan

KEY = public_part(new_private_key("2026-01-01-abcd"))
SEALED = seal("secret123", MacAddress("3CECEFA19CE8"), KEY)
ID = "01a1fc6f-a3ea-7c4e-a3da-fce4f6eba43f"


def test_the_record_from_the_field_is_taken() -> None:
    found = scan()
    assert (found.server, found.registration.bmc_mac) == ("dcoa-ra07u45", "3c:ec:ef:a1:9c:e8")
    assert found.warnings == ()


def test_empty_texts_mean_absent() -> None:
    assert scan(tenant=" ", serial="", boot_mac="", bmc_ip="").registration.bmc_ip is None


@pytest.mark.parametrize("field", ["bmc_ip", "supersede", "onboarding_id"])
def test_null_means_absent(field: str) -> None:
    assert errors(**{field: None}) == []


def test_letters_that_no_screen_shows_are_no_control_characters() -> None:
    assert scan(site="Oslo\u00a0A").registration.site == "Oslo\u00a0A"


def test_a_bmc_address_without_credentials_is_taken() -> None:
    address = "redfish://10.16.28.78/redfish/v1/Systems/1"
    assert scan(bmc_address=address).registration.bmc_address == address


def test_a_minimal_record_is_taken() -> None:
    rest: dict[str, Any] = dict.fromkeys(
        ("bmc_ip", "site", "location", "rack", "position", "device_type", "device_role", "bmc_prefix"), ABSENT
    )
    assert (scan(**rest).registration.site, scan(**rest).warnings) == (None, ())


def test_a_password_is_never_trimmed() -> None:
    assert scan(bmc_password=" secret ").password == " secret "


def test_the_password_is_in_no_repr() -> None:
    assert "secret123" not in repr(scan())


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("bmc_mac", "3CECEFA19C", "twelve hexadecimal digits"),
        ("bmc_mac", "01:00:5e:00:00:01", "multicast"),
        ("bmc_mac", "ff:ff:ff:ff:ff:ff", "broadcast"),
        ("bmc_mac", 12, "text"),
        ("bmc_mac", ABSENT, "required"),
        ("bmc_mac", "", "required"),
        ("boot_mac", "3c-ec-ef-a1-9c-e8", "not the BMC's"),
        ("device_name", "dcoa_ra07", "letters, digits"),
        ("device_name", "x" * 60, "at most 59"),
        ("device_name", ID, "UUID"),
        ("position", 0, "from 0.5 up"),
        ("position", 10.25, "multiple of 0.5"),
        ("position", True, "multiple of 0.5"),
        ("position", [1], "multiple of 0.5"),
        ("bmc_ip", "10.16.28", "as in 10.16.28.78"),
        ("bmc_ip", 5, "text"),
        ("bmc_ip", "224.0.0.1", "multicast"),
        ("bmc_ip", "0.0.0.0", "unspecified"),
        ("bmc_ip", "127.0.0.1", "loopback"),
        ("bmc_ip", "fe80::1%eth0", "of one interface"),
        ("bmc_ip", "255.255.255.255", "not reserved"),
        ("bmc_ip", "::ffff:10.16.28.78", "not reserved"),
        ("bmc_ip", "10.16.29.78", "in bmc_prefix 10.16.28.0/24"),
        ("bmc_ip", "2001:db8::1", "in bmc_prefix 10.16.28.0/24"),
        ("bmc_ip", "10.16.28.0", "network or broadcast"),
        ("bmc_ip", "10.16.28.255", "network or broadcast"),
        ("bmc_prefix", "10.16.28.1/24", "without host bits"),
        ("bmc_address", "redfish://admin:pass@10.16.28.78", "without credentials"),
        ("bmc_password", "", "not empty"),
        ("bmc_password", "se\0cret", "without NUL"),
        ("bmc_password", 12345678, "string"),
        ("bmc_password_sealed", SEALED, "not both"),
        ("onboarding_id", "12", "UUID"),
        ("scanned_at", "2026-01-01T00:00:00", "and its offset"),
        ("scanned_at", "yesterday", "RFC 3339"),
        ("scanned_at", "1763700000", "RFC 3339"),
        ("scanned_at", 0, "RFC 3339"),
        ("scanned_at", "2100-01-01T00:00:00Z", "the clock that told this one is ahead"),
        ("supersede", "yes", "boolean"),
        ("site", "dc\noa", "control characters"),
        ("site", "x" * 256, "at most 255 characters"),
        ("site", {"name": "dcoa"}, "text"),
    ],
)
def test_a_field_that_wont_do_is_named_with_what_would(field: str, value: Any, expected: str) -> None:
    found = error(**{field: value})
    assert found.field == field
    assert expected in found.expected


def test_what_came_is_told() -> None:
    assert [error(bmc_mac=value).came for value in ("3CEC", 5, {"a": 1})] == ["3CEC", "5", "an object"]


def test_every_field_that_wont_do_is_told_at_once() -> None:
    assert {found.field for found in errors(bmc_mac="x", position=0, bmc_ip="x")} == {
        "bmc_mac",
        "position",
        "bmc_ip",
    }


def test_a_name_that_cant_be_made_hides_nothing_else_that_is_wrong() -> None:
    found = errors(device_name="", rack="", boot_mac="3CECEFA19CE8")
    assert {one.field for one in found} == {"device_name", "boot_mac"}


@pytest.mark.parametrize("prefix", ["10.16.28.78/31", "10.16.28.78/32", ""])
def test_every_address_of_a_point_to_point_prefix_is_one(prefix: str) -> None:
    assert errors(bmc_prefix=prefix) == []


def test_an_unknown_field_is_told_with_the_nearest_known_name() -> None:
    found = error(bmc_macc="3CECEFA19CE8")
    assert (found.field, found.came) == ("bmc_macc", None)
    assert "did you mean bmc_mac?" in found.expected


def test_without_a_password_one_is_asked_for() -> None:
    assert error(bmc_password=ABSENT).field == "bmc_password"


def test_a_sealed_password_is_taken_in_its_place() -> None:
    assert scan(bmc_password=ABSENT, bmc_password_sealed=SEALED).sealed_password == SEALED


@pytest.mark.parametrize("sealed", ["secret", "a.b.c.d.e", "W1tb.b.c.d.e", f"{SEALED}.x"])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    assert error(bmc_password=ABSENT, bmc_password_sealed=sealed).field == "bmc_password_sealed"


@pytest.mark.parametrize("field", ["bmc_mac", "device_name", "site", "bmc_ip", "scanned_at", "onboarding_id"])
def test_a_password_typed_into_another_field_is_not_shown(field: str) -> None:
    wrong: dict[str, Any] = {field: "hunter2\n?"}
    for found in errors(bmc_password=" Hunter2\n", **wrong):
        assert "hunter2" not in f"{found.field} {found.came} {found.expected}".lower()


@pytest.mark.parametrize("password", ["ip", "bmc", "BMC_IP"])
def test_a_field_is_named_though_the_password_is_a_part_of_its_name(password: str) -> None:
    assert error(bmc_password=password, bmc_ip="10.16.28").field == "bmc_ip"


def test_a_password_typed_as_a_fields_name_is_not_shown() -> None:
    assert error(bmc_password="hunter2", hunter2="x").field == "?"


def test_without_a_password_in_the_clear_what_came_is_shown() -> None:
    assert error(bmc_password=ABSENT, bmc_password_sealed=SEALED, bmc_ip="none").came == "none"


def test_a_password_under_a_misspelled_name_is_not_shown() -> None:
    assert "hunter2" not in str(errors(bmc_password=ABSENT, bmc_pasword="hunter2"))


def test_a_long_password_is_a_warning() -> None:
    assert scan(bmc_password="x" * 20).warnings == ()
    assert "20 bytes" in scan(bmc_password="ä" * 11).warnings[0]


def test_some_but_not_all_of_what_netbox_needs_is_a_warning() -> None:
    assert scan(location="", device_role="").warnings == (
        "NetBox will be skipped: location, device_role missing",
    )


def test_a_boot_mac_is_required_by_setting() -> None:
    strict = Settings(require_boot_mac=True)
    assert error(strict).field == "boot_mac"
    assert errors(strict, boot_mac="3CECEFA19CE9") == []


def test_the_digest_is_the_same_however_it_is_spelled() -> None:
    first = scan(onboarding_id=ID)
    again = scan(onboarding_id=ID.upper(), bmc_mac="3c:ec:ef:a1:9c:e8", bmc_password="x", supersede=True)
    assert first.digest == again.digest is not None


def test_the_digest_tells_another_record() -> None:
    assert scan(onboarding_id=ID).digest != scan(onboarding_id=ID, serial="S1").digest


def test_an_id_of_ours_needs_no_claim() -> None:
    assert scan().digest is None


def test_of_many_unknown_fields_some_are_told() -> None:
    record = {"bmc_mac": "x", **{f"field-{number}": "y" for number in range(5000)}}
    with pytest.raises(BadRegistration) as refused:
        read_registration(record)
    told = [found.field for found in refused.value.errors]
    assert told == ["bmc_mac", *(f"field-{number}" for number in range(MOST_UNKNOWN))]


def test_of_many_errors_some_are_told() -> None:
    many = BadRegistration([FieldError("site", None, "once")] * 5000)
    assert (len(many.errors), many.detail.count("once")) == (MOST_TOLD, MOST_TOLD)
