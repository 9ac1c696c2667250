"""The private sealing keys in their mount of a real OpenBao."""

import pytest

from events.errors import Retry
from events.openbao import Mount
from events.seal import new_private_key, public_part, seal
from tests.contract.secrets.subject import MAC, Subject
from vault_writer.client import OpenBaoPrivateKeys
from vault_writer.seals import OpeningKeys


@pytest.fixture
def private(subject: Subject) -> OpenBaoPrivateKeys:
    return OpenBaoPrivateKeys(Mount(subject.session(), "onramp-keys"))


async def test_a_stored_key_opens_what_was_sealed_to_it(
    subject: Subject, private: OpenBaoPrivateKeys
) -> None:
    kid = subject.name("key")
    key = new_private_key(kid)
    await private.write(kid, key)
    assert await OpeningKeys(private).open(seal("secret123", MAC, public_part(key)), MAC) == "secret123"


async def test_a_key_is_never_overwritten(subject: Subject, private: OpenBaoPrivateKeys) -> None:
    kid = subject.name("key")
    await private.write(kid, first := new_private_key(kid))
    with pytest.raises(Retry):
        await private.write(kid, new_private_key(kid))
    assert await private.read(kid) == first


async def test_a_deleted_key_is_gone(subject: Subject, private: OpenBaoPrivateKeys) -> None:
    kid = subject.name("key")
    await private.write(kid, new_private_key(kid))
    await private.delete(kid)
    assert await private.read(kid) is None


async def test_a_key_that_is_gone_may_be_deleted_again(subject: Subject, private: OpenBaoPrivateKeys) -> None:
    kid = subject.name("key")
    await private.write(kid, new_private_key(kid))
    for _ in range(2):
        await private.delete(kid)
    assert await private.read(kid) is None


async def test_the_mount_of_the_keys_is_ready(subject: Subject) -> None:
    await Mount(subject.session(), "onramp-keys").ready()
