"""Each NATS user of the deployment's own configuration may do what it needs, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js.api import ConsumerConfig
from nats.js.client import JetStreamContext

from events.applying import Applier
from events.following import followed
from events.questions import answer_requests
from events.service import ended
from events.stream import Stream
from intake.reference import Reference
from intake.signin.bucket import SESSIONS
from intake.signin.problems import Unauthenticated
from intake.signin.roles import Identity
from intake.signin.sessions import Sessions
from intake.signin.stays import Stay
from netbox_sync.reference import ReferenceBucket
from netbox_sync.reference.bucket import STREAM as KEPT
from netbox_sync.reference.bucket import now
from onramp.sandbox.nats import Users, production

SERVICES = ("intake", "netbox_sync", "vault_writer", "kea_sync", "metal3_sync")
SCAN = "onboarding.server-scanned.dcoa.dcoa-ra07u45"


class Nats:
    """A server with the users of deploy/nats, and its streams."""

    def __init__(self, url: str, users: Users) -> None:
        self.url = url
        self.users = users
        self._errors: asyncio.Queue[Exception] = asyncio.Queue()

    @asynccontextmanager
    async def user(self, name: str) -> AsyncIterator[JetStreamContext]:
        client = Client()
        password = self.users.passwords[name]
        await client.connect(self.url, user=name, password=password, error_cb=self._errors.put)
        try:
            yield client.jetstream(timeout=0.5)
        finally:
            await client.close()

    async def refuses(self, jetstream: JetStreamContext, subject: str, payload: bytes = b"{}") -> bool:
        """Whether the server says that this user may not publish there, instead of letting it through."""
        asking = asyncio.create_task(jetstream._nc.request(subject, payload, timeout=5))
        told = asyncio.create_task(self._errors.get())
        await asyncio.wait({asking, told}, return_when=asyncio.FIRST_COMPLETED)
        asking.cancel()
        told.cancel()
        return told.done() and "permissions violation for publish" in str(told.result())


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Nats]:
    users = Users.fresh()
    process, url = production(tmp_path, users)
    await process.start()
    try:
        nats = Nats(url, users)
        async with nats.user("operator") as jetstream:
            changes = Applier(Stream(jetstream._nc), replicas=1, ack_wait=30)
            assert [change async for change in changes.apply({})]
            await jetstream.publish(SCAN, b"{}")
        yield nats
    finally:
        await process.stop()


@pytest.mark.parametrize("name", [*SERVICES, "reader"])
async def test_only_the_operator_makes_changes_and_purges_streams(server: Nats, name: str) -> None:
    async with server.user(name) as jetstream:
        for verb in ("CREATE", "UPDATE", "PURGE", "DELETE"):
            assert await server.refuses(jetstream, f"$JS.API.STREAM.{verb}.ONBOARDING")
    async with server.user("operator") as jetstream:
        assert await jetstream.purge_stream("ONBOARDING", subject=SCAN)


@pytest.mark.parametrize("name", [*SERVICES, "reader"])
async def test_only_the_operator_makes_durable_consumers(server: Nats, name: str) -> None:
    config = {"stream_name": "ONBOARDING", "config": ConsumerConfig(durable_name="mine").as_dict()}
    async with server.user(name) as jetstream:
        for subject in ("DURABLE.CREATE.ONBOARDING.mine", "CREATE.ONBOARDING.mine"):
            assert await server.refuses(jetstream, f"$JS.API.CONSUMER.{subject}", json.dumps(config).encode())
    async with server.user("operator") as jetstream:
        assert "mine" not in {info.name for info in await jetstream.consumers_info("ONBOARDING")}


async def test_the_subject_of_ephemeral_consumers_makes_no_durable_one(server: Nats) -> None:
    config = {"stream_name": "ONBOARDING", "config": ConsumerConfig(durable_name="mine").as_dict()}
    async with server.user("metal3_sync") as jetstream:
        answer = await jetstream._nc.request(
            "$JS.API.CONSUMER.CREATE.ONBOARDING", json.dumps(config).encode()
        )
    assert "error" in json.loads(answer.data)


@pytest.mark.parametrize(
    ("name", "own", "anothers"),
    [
        ("intake", "server-scanned", "device-recorded"),
        ("netbox_sync", "device-recorded", "server-scanned"),
        ("vault_writer", "credentials-stored", "device-recorded"),
        ("kea_sync", "address-reserved", "server-ready"),
        ("metal3_sync", "server-ready", "onboarding-discarded"),
    ],
)
async def test_a_service_speaks_in_its_own_name_only(
    server: Nats, name: str, own: str, anothers: str
) -> None:
    async with server.user(name) as jetstream:
        assert (await jetstream.publish(f"onboarding.{own}.dcoa.one", b"{}")).seq
        assert await server.refuses(jetstream, f"onboarding.{anothers}.dcoa.one")


@pytest.mark.parametrize("name", [*sorted({*SERVICES} - {"intake"}), "reader"])
async def test_only_a_step_itself_the_operator_and_intake_for_him_send_to_its_private_subject(
    server: Nats, name: str
) -> None:
    async with server.user(name) as jetstream:
        for step in {*SERVICES, "netbox_status"} - {name, "intake"}:
            if (name, step) != ("netbox_sync", "netbox_status"):
                assert await server.refuses(jetstream, f"onboarding.replay.{step}.dcoa.one")


@pytest.mark.parametrize("name", [*SERVICES, "reader"])
async def test_the_keys_are_an_administrators_business(server: Nats, name: str) -> None:
    async with server.user(name) as jetstream:
        assert await server.refuses(jetstream, "keys.retire")
    async with server.user("operator") as jetstream:
        with pytest.raises(nats.errors.NoRespondersError):  # Let through; it is that nobody is there.
            await jetstream._nc.request("keys.retire", b"{}", timeout=0.5)


async def test_the_reader_sees_events_and_writes_nothing(server: Nats) -> None:
    async with server.user("reader") as jetstream:
        stored = await jetstream.get_last_msg("ONBOARDING", SCAN, direct=True)
        assert stored.data == b"{}"
        for subject in (SCAN, "dead.kea_sync.dcoa.one.1", "operations.discard.one", "$KV.KEYS.k"):
            assert await server.refuses(jetstream, subject)


async def test_no_stream_takes_an_answer_that_the_reader_wants_sent_there(server: Nats) -> None:
    wanted = {
        "KV_KEYS": "$KV.KEYS.k1",
        "ONBOARDING": "onboarding.server-scanned._.edge-2",
        "DEAD_LETTERS": "dead.kea_sync.dcoa.one.1",
    }
    last = json.dumps({"last_by_subj": SCAN}).encode()
    async with server.user("operator") as operator, server.user("reader") as reader:
        for subject in wanted.values():
            await reader._nc.publish("$JS.API.STREAM.INFO.ONBOARDING", reply=subject)
            await reader._nc.publish("$JS.API.DIRECT.GET.ONBOARDING", last, reply=subject)
        assert await reader.stream_info("ONBOARDING")  # Answered after those before it.
        await operator.publish("operations.discard.one", b"{}")
        for stream, subject in wanted.items():
            assert await Stream(operator._nc, stream).last(subject, from_leader=True) is None


async def test_the_reader_follows_events_without_a_durable_consumer(server: Nats) -> None:
    async with server.user("operator") as operator, server.user("reader") as reader:
        events = followed(Stream(reader._nc), "onboarding.*.*.*")
        first = await anext(events)
        await operator.publish("onboarding.server-ready.dcoa.dcoa-ra07u45", b"{}")
        second = await anext(events)
        await events.aclose()
    assert [event.subject if event else "" for event in (first, second)] == [
        SCAN,
        "onboarding.server-ready.dcoa.dcoa-ra07u45",
    ]


async def test_netbox_sync_keeps_the_reference_data_and_intake_reads_it(server: Nats) -> None:
    async with server.user("netbox_sync") as jetstream:
        bucket = ReferenceBucket(lambda: Stream(jetstream._nc, KEPT))
        await bucket.keep({"sites": b"[]"}, now())
        assert await bucket.keep({"sites": b'[{"name": "DC Oslo A", "slug": "dcoa"}]'}, now()) == 1
    async with server.user("intake") as jetstream:
        snapshot = await Reference(Stream(jetstream._nc, KEPT), ttl=0).get()
        assert [site.slug for site in snapshot.sites] == ["dcoa"]
        assert await server.refuses(jetstream, "$KV.REFERENCE.sites")


async def _stayed(stay: Stay) -> None:
    async with stay.lasting():
        await asyncio.Event().wait()


async def test_intake_hears_of_each_session_that_ends(server: Nats) -> None:
    async with server.user("intake") as jetstream:
        sessions = Sessions(lambda: Stream(jetstream._nc, SESSIONS), lifetime=60)
        secret = await sessions.open(Identity("tom", "Tom"))
        following = asyncio.create_task(sessions.follow())
        stay = sessions.stay(secret)
        await sessions.close(secret)
        with pytest.raises(Unauthenticated):
            await asyncio.wait_for(_stayed(stay), 20)
        await ended(following)


async def test_intake_asks_netbox_sync_to_read_netbox_again_and_the_steps_for_their_verdict(
    server: Nats,
) -> None:
    async def answer(_payload: bytes) -> bytes:
        return b"here"

    async with server.user("netbox_sync") as steps, server.user("intake") as intake:
        await answer_requests(steps._nc, "x", {"reference.refresh": answer, "check.netbox_sync": answer})
        await steps._nc.flush()
        for subject in ("reference.refresh", "check.netbox_sync"):
            assert (await intake._nc.request(subject, timeout=2)).data == b"here"
