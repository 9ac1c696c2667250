"""A private key that goes is named while the service runs."""

import pytest

from events.errors import Retry, Unreachable
from events.seal import KeyRecord, new_private_key, public_part
from events.store_errors import Away
from tests.unit.vault_writer.fake import FakePrivateKeys, FakePublicKeys
from vault_writer.lost import LostKeys


@pytest.fixture
def private() -> FakePrivateKeys:
    return FakePrivateKeys()


@pytest.fixture
def public() -> FakePublicKeys:
    return FakePublicKeys()


@pytest.fixture
async def keys(private: FakePrivateKeys, public: FakePublicKeys) -> None:
    """Two that seal."""
    for kid in ("first", "second"):
        key = new_private_key(kid)
        await private.write(kid, key)
        await public.write(KeyRecord(key=public_part(key), made_at="2026-01-01T00:00:00+00:00"))


@pytest.mark.usefixtures("keys")
async def test_a_key_that_goes_is_named_and_one_that_comes_back_is_no_matter(
    private: FakePrivateKeys, public: FakePublicKeys
) -> None:
    lost = LostKeys(private, public, every=0)
    await lost.check()
    gone = private.keys.pop("first")
    with pytest.raises(Retry, match="the private key of first is gone from OpenBao"):
        await lost.check()
    assert ("first" in lost, "second" in lost) == (True, False)
    await private.write("first", gone)
    await lost.check()
    assert "first" not in lost


@pytest.mark.usefixtures("keys")
async def test_a_lost_key_that_seals_no_more_is_told_in_the_list_alone(
    private: FakePrivateKeys, public: FakePublicKeys
) -> None:
    public.records["first"] = public.records["first"].model_copy(update={"retired": True})
    await private.delete("first")
    lost = LostKeys(private, public, every=0)
    await lost.check()
    assert "first" in lost


@pytest.mark.usefixtures("keys")
async def test_between_two_looks_no_key_is_read_and_a_loss_is_told_on(
    private: FakePrivateKeys, public: FakePublicKeys
) -> None:
    await private.delete("first")
    lost = LostKeys(private, public, every=3600)
    for _ in range(3):
        with pytest.raises(Retry, match="first"):
            await lost.check()
    assert private.reads == 2


@pytest.mark.usefixtures("keys")
async def test_what_could_not_be_looked_at_is_looked_at_again_at_once(
    public: FakePublicKeys, private: FakePrivateKeys
) -> None:
    class Sealed(FakePrivateKeys):
        sealed = True

        async def read(self, kid: str) -> None:
            if self.sealed:
                raise Unreachable("OpenBao is sealed", backend="openbao")

    openbao = Sealed()
    lost = LostKeys(openbao, public, every=3600)
    with pytest.raises(Unreachable, match="sealed"):
        await lost.check()
    openbao.sealed = False
    with pytest.raises(Retry, match="first, second"):
        await lost.check()


async def test_nats_that_is_away_is_said_by_its_own_reason(private: FakePrivateKeys) -> None:
    class Gone(FakePublicKeys):
        async def all(self) -> list[KeyRecord]:
            raise Away("NATS is away")

    with pytest.raises(Retry, match="NATS is away"):
        await LostKeys(private, Gone()).check()
