"""`streams apply` and `doctor` let stand what the operator chose and nobody named anew."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import pytest_asyncio
from nats.js.client import JetStreamContext

from onramp.sandbox.nats import CONFIGURATION, NatsServer, free_port
from tests import engines
from tests.integration.cli.conftest import Cli
from tests.integration.rig import Rig, until

CLUSTER = "cluster {{{{ name: c, listen: 127.0.0.1:{own}, routes: [{others}] }}}}"


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[JetStreamContext]:
    """Three nodes that have found a leader."""
    routes = [free_port() for _ in range(3)]
    others = ", ".join(f"nats://127.0.0.1:{route}" for route in routes)
    blocks = [CLUSTER.format(own=own, others=others) for own in routes]
    nodes = [
        NatsServer(tmp_path / str(number), free_port(), CONFIGURATION + block, engines.nats)
        for number, block in enumerate(blocks)
    ]
    for node in nodes:
        node.start()
    client = await nats.connect(nodes[0].url)
    jetstream = client.jetstream(timeout=2)
    await until(lambda: _answers(jetstream), 60)
    yield jetstream
    await client.close()
    for node in nodes:
        node.stop()


async def _answers(jetstream: JetStreamContext) -> bool:
    try:
        await jetstream.account_info()
    except nats.errors.Error:
        return False
    return True


async def test_a_clusters_three_replicas_stay_where_none_are_named(
    cli: Cli, cluster: JetStreamContext
) -> None:
    url = cluster._nc.connected_url
    assert url is not None
    env: dict[str, Any] = {"ONRAMP_NATS_URL": url.geturl(), "ONRAMP_ACK_WAIT": None}
    await cli("streams", "apply", "--replicas", "3", **env)
    await cluster.delete_stream("KV_SESSIONS")
    found = {finding["check"]: finding for finding in await cli.json("doctor", code=1, **env)}
    assert found["stream ONBOARDING"]["health"] == "ok"
    changes = {change["name"]: change["action"] for change in await cli.json("streams", "apply", **env)}
    assert changes.pop("KV_SESSIONS") == "create"
    assert set(changes.values()) == {"unchanged"}
    for name in ("ONBOARDING", "KV_SESSIONS"):
        assert (await cluster.stream_info(name)).config.num_replicas == 3


async def test_a_lost_history_is_made_again_with_the_replicas_of_what_stands(
    cli: Cli, cluster: JetStreamContext
) -> None:
    url = cluster._nc.connected_url
    assert url is not None
    env: dict[str, Any] = {"ONRAMP_NATS_URL": url.geturl()}
    await cli("streams", "apply", "--replicas", "3", **env)
    await cluster.delete_stream("ONBOARDING")
    await cli("streams", "apply", **env)
    assert (await cluster.stream_info("ONBOARDING")).config.num_replicas == 3


async def test_an_ack_wait_stays_where_none_is_named(rig: Rig, cli: Cli) -> None:
    await cli("streams", "apply", "--ack-wait", "60")
    changes = await cli.json("streams", "apply", ONRAMP_ACK_WAIT=None)
    assert {change["action"] for change in changes} == {"unchanged"}
    assert (await rig.stream.jetstream.consumer_info("ONBOARDING", "kea_sync")).config.ack_wait == 60


async def test_what_is_mended_keeps_the_bounds_that_an_operator_set(rig: Rig, cli: Cli) -> None:
    jetstream = rig.stream.jetstream
    config = (await jetstream.stream_info("DEAD_LETTERS")).config
    await jetstream.update_stream(config.evolve(max_msgs=500, max_bytes=1 << 20, max_msgs_per_subject=5))
    await cli("streams", "apply")
    config = (await jetstream.stream_info("DEAD_LETTERS")).config
    assert (config.max_msgs, config.max_bytes, config.max_msgs_per_subject) == (500, 1 << 20, -1)


async def test_a_consumer_that_is_mended_goes_on_where_it_was(rig: Rig, cli: Cli) -> None:
    jetstream = rig.stream.jetstream
    config = (await jetstream.consumer_info("ONBOARDING", "kea_sync")).config
    await jetstream.add_consumer("ONBOARDING", config.evolve(max_deliver=5))
    await cli("streams", "apply")
    mended = (await jetstream.consumer_info("ONBOARDING", "kea_sync")).config
    assert (mended.max_deliver, mended.deliver_policy) == (-1, config.deliver_policy)
