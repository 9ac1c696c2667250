"""Opening seals: with the key of their kid, looked for once, and nowhere else."""

import pytest

from events.errors import Refuse
from events.seal import new_private_key, public_part, seal
from events.values import MacAddress
from tests.unit.vault_writer.fake import FakePrivateKeys
from vault_writer.seals import OpeningKeys

MAC = MacAddress("3c:ec:ef:a1:9c:e8")
KEY = new_private_key("2026-01-01-a")


@pytest.fixture
def private() -> FakePrivateKeys:
    fake = FakePrivateKeys()
    fake.keys["2026-01-01-a"] = KEY
    return fake


async def test_a_seal_opens_with_the_key_of_its_kid(private: FakePrivateKeys) -> None:
    private.keys["2026-02-02-b"] = newer = new_private_key("2026-02-02-b")
    seals = OpeningKeys(private)
    assert await seals.open(seal("old", MAC, public_part(KEY)), MAC) == "old"
    assert await seals.open(seal("new", MAC, public_part(newer)), MAC) == "new"


async def test_a_key_is_read_once(private: FakePrivateKeys) -> None:
    seals = OpeningKeys(private)
    for _ in range(3):
        await seals.open(seal("secret", MAC, public_part(KEY)), MAC)
    assert private.reads == 1


async def test_an_unknown_key_asks_for_a_new_scan(private: FakePrivateKeys) -> None:
    with pytest.raises(Refuse, match=r"'gone'.*scan the password again"):
        await OpeningKeys(private).open(seal("secret", MAC, public_part(new_private_key("gone"))), MAC)


async def test_a_key_that_comes_back_is_found(private: FakePrivateKeys) -> None:
    seals, sealed = OpeningKeys(private), seal("secret", MAC, public_part(KEY))
    del private.keys["2026-01-01-a"]
    with pytest.raises(Refuse):
        await seals.open(sealed, MAC)
    private.keys["2026-01-01-a"] = KEY
    assert await seals.open(sealed, MAC) == "secret"


@pytest.mark.parametrize("kid", ["../bmc/dcoa-ra07u45", "a/b", "", "A", "x" * 65])
async def test_a_kid_that_is_no_name_is_never_looked_for(private: FakePrivateKeys, kid: str) -> None:
    private.keys[kid] = key = new_private_key(kid)
    with pytest.raises(Refuse):
        await OpeningKeys(private).open(seal("secret", MAC, public_part(key)), MAC)
    assert private.reads == 0


async def test_what_is_no_seal_is_refused(private: FakePrivateKeys) -> None:
    with pytest.raises(Refuse, match="no compact JWE"):
        await OpeningKeys(private).open("secret123", MAC)
