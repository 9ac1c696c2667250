"""A sealed password: opened by its own key, for its own BMC, and silent about everything else."""

import json

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from events.errors import Refuse
from events.seal import ALGORITHMS, kid_of, new_private_key, public_part, seal, unseal
from events.values import MacAddress

MAC = MacAddress("3c:ec:ef:a1:9c:e8")
OTHER_MAC = MacAddress("3c:ec:ef:00:00:01")
PRIVATE = new_private_key("2026-01-01-a")
PUBLIC = public_part(PRIVATE)


@pytest.mark.parametrize(
    "password", ["secret123", "x", "pässwörd ☃", "  spaces  ", '{"password": "x"}', "\\\"'"]
)
def test_a_sealed_password_comes_out_as_it_went_in(password: str) -> None:
    assert unseal(seal(password, MAC, PUBLIC), MAC, PRIVATE) == password


def test_another_servers_seal_is_refused() -> None:
    with pytest.raises(Refuse, match=f"another BMC than {OTHER_MAC}"):
        unseal(seal("secret123", MAC, PUBLIC), OTHER_MAC, PRIVATE)


def test_the_length_of_a_seal_says_nothing_of_the_passwords() -> None:
    assert len({len(seal("x" * length, MAC, PUBLIC)) for length in range(1, 61)}) == 1


def test_the_same_password_is_sealed_differently_each_time() -> None:
    assert seal("secret123", MAC, PUBLIC) != seal("secret123", MAC, PUBLIC)


def test_a_seal_names_its_key() -> None:
    assert kid_of(seal("secret123", MAC, PUBLIC)) == "2026-01-01-a"


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Refuse, match="scan the password again"):
        unseal(seal("secret123", MAC, PUBLIC), MAC, new_private_key("2026-01-01-a"))


def test_a_changed_seal_does_not_open() -> None:
    head, _, tail = seal("secret123", MAC, PUBLIC).rpartition(".")
    changed = f"{head}.{'A' if tail[0] != 'A' else 'B'}{tail[1:]}"
    with pytest.raises(Refuse, match="does not open"):
        unseal(changed, MAC, PRIVATE)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "secret123",
        {"bmc_mac": MAC},
        {"password": "secret123", "bmc_mac": 7},
        {"password": "secret123", "bmc_mac": None},
        {"password": None, "bmc_mac": MAC},
        {"password": 123, "bmc_mac": MAC},
        {"password": {"is": "secret123"}, "bmc_mac": MAC},
        {"password": "", "bmc_mac": MAC},
        {"password": "\ud800", "bmc_mac": MAC},
    ],
)
def test_a_seal_over_anything_else_than_a_password_and_a_mac_is_refused(content: object) -> None:
    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "kid": PUBLIC.kid}
    sealed = jwe.encrypt_compact(
        header, json.dumps(content), ECKey.import_key(PUBLIC.model_dump()), algorithms=ALGORITHMS
    )
    with pytest.raises(Refuse, match="does not open"):
        unseal(sealed, MAC, PRIVATE)


def test_the_public_part_has_no_private_half() -> None:
    assert PRIVATE["d"] not in PUBLIC.model_dump_json()


@pytest.mark.parametrize("text", ["", "secret123", "a.b.c", "a.b.c.d.e", "eyJhbGciOiJub25lIn0.a.b.c.d"])
def test_what_is_no_seal_has_no_kid(text: str) -> None:
    with pytest.raises(ValueError, match="no compact JWE"):
        kid_of(text)


def test_a_refusal_never_quotes_the_password() -> None:
    with pytest.raises(Refuse) as refusal:
        unseal(seal("secret123", MAC, PUBLIC), OTHER_MAC, PRIVATE)
    assert "secret123" not in str(refusal.value)
