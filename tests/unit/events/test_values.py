"""Values that cannot be wrong once made."""

import re
from uuid import uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from events.values import MacAddress, RackPosition, ServerName, SiteToken, site_token

octets = st.lists(st.integers(0, 255), min_size=6, max_size=6)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?", fullmatch=True)


@given(octets, st.sampled_from([":", "-", ""]), st.booleans())
def test_every_common_spelling_of_a_mac_address_comes_out_the_same(
    octets: list[int], separator: str, upper: bool
) -> None:
    assume(any(octets) and not octets[0] & 1)
    spelled = separator.join(f"{octet:02x}" for octet in octets)
    assert MacAddress(spelled.upper() if upper else spelled) == ":".join(f"{o:02x}" for o in octets)


def test_the_dotted_spelling_of_switches_is_taken() -> None:
    assert MacAddress("3cec.efa1.9ce8") == "3c:ec:ef:a1:9c:e8"


def test_what_surrounds_a_mac_address_is_no_part_of_it() -> None:
    assert MacAddress(" 3C-EC-EF-A1-9C-E8\n") == "3c:ec:ef:a1:9c:e8"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no MAC address"),
        ("3c:ec:ef:a1:9c", "no MAC address"),
        ("3c:ec:ef:a1:9c:e8:00", "no MAC address"),
        ("3c:ec:ef:a1:9c:eg", "no MAC address"),
        ("3c:ec:ef:a1:9:ce8", "no MAC address"),
        ("3c:ec:ef:a1:9c:e8:", "no MAC address"),
        ("00:00:00:00:00:00", "all-zero"),
        ("ff:ff:ff:ff:ff:ff", "broadcast"),
        ("01:00:5e:00:00:01", "multicast"),
    ],
)
def test_what_names_no_interface_is_refused_saying_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        MacAddress(text)


@given(labels)
def test_every_dns_label_of_59_characters_at_most_is_a_server_name_in_any_case(label: str) -> None:
    assert ServerName(label.upper()) == label


@pytest.mark.parametrize("text", ["", "-a", "a-", "a.b", "a_b", "a b", "ä", "a" * 60, "a*", ">"])
def test_what_is_no_dns_label_is_no_server_name(text: str) -> None:
    with pytest.raises(ValueError, match="no server name"):
        ServerName(text)


def test_a_name_that_could_be_taken_for_an_onboarding_id_is_refused() -> None:
    for text in (str(uuid4()), uuid4().hex):
        with pytest.raises(ValueError, match="UUID"):
            ServerName(text)


@given(st.integers(1, 2000))
def test_every_half_unit_is_a_rack_position(halves: int) -> None:
    assert RackPosition(halves / 2) == RackPosition(str(halves / 2)) == halves / 2


@pytest.mark.parametrize("units", [0, -1, 0.25, 10.3, 1000.5, "", "ten", "nan", "inf"])
def test_what_is_off_the_half_unit_grid_is_no_rack_position(units: float | str) -> None:
    with pytest.raises(ValueError, match="no rack position"):
        RackPosition(units)


@pytest.mark.parametrize(
    ("units", "label"), [(5, "05"), (31, "31"), (10.5, "10-5"), (0.5, "00-5"), (100, "100")]
)
def test_a_position_has_two_digits_in_a_made_name(units: float, label: str) -> None:
    assert RackPosition(units).label == label


@given(st.none() | st.text())
def test_whatever_a_site_is_called_its_token_fits_a_subject(site: str | None) -> None:
    TypeAdapter(SiteToken).validate_python(site_token(site))


@pytest.mark.parametrize(
    ("site", "token"),
    [("DCOA", "dcoa"), (" dcoa ", "dcoa"), ("DC 1/Oslo", "dc-1-oslo"), ("_", "-"), ("", "_"), (None, "_")],
)
def test_a_site_is_spelled_in_lower_case_with_hyphens(site: str | None, token: str) -> None:
    assert site_token(site) == token


@pytest.mark.parametrize("token", ["", "DCOA", "a.b", "a b", "*", ">", "__"])
def test_what_would_break_a_subject_is_no_site_token(token: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SiteToken).validate_python(token)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(MacAddress, "3C-EC-EF-A1-9C-E8"), (ServerName, "DCOA-RB06U31"), (RackPosition, 10.5)],
)
def test_json_holds_the_one_spelling(kind: type, value: object) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    made = adapter.validate_python(value)
    assert type(made) is kind
    assert adapter.validate_json(adapter.dump_json(made)) == made


@pytest.mark.parametrize("kind", [MacAddress, ServerName])
@given(text=labels | st.from_regex(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", fullmatch=True))
def test_what_is_made_fits_its_own_schema(kind: type[MacAddress] | type[ServerName], text: str) -> None:
    try:
        made = kind(text)
    except ValueError:
        return
    assert re.fullmatch(str(kind.json_schema["pattern"]), made)
