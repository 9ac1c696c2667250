"""Prints each onboarding event once it is stored, and goes on where it was when it is started again.

    pip install nats-py
    NATS_URL=nats://127.0.0.1:4222 NATS_USER=reader NATS_PASSWORD=secret python subscriber.py

NATS keeps how far this has got, in a durable consumer. Where a new one begins is said by `START`: a sequence
of the stream (1 is the first event that stands); without it, with the next event. With `--again` the consumer
is removed first: that is a replay from `START`.
"""

import asyncio
import json
import os
import sys

import nats
from nats.errors import TimeoutError as NothingNew
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

STREAM = "ONBOARDING"
DURABLE = os.environ.get("DURABLE", "reader")
"""The consumer's name; the user `reader` may make only the one of its own name."""
SUBJECT = os.environ.get("SUBJECT", "onboarding.*.*.*")
"""`onboarding.<event>.<site>.<server>`: `onboarding.server-ready.dcoa.*` is each ready server of one site."""
START = int(os.environ.get("START", "0"))


def consumer() -> ConsumerConfig:
    """Acknowledged one by one; what is not, comes again after a minute."""
    return ConsumerConfig(
        name=DURABLE,
        durable_name=DURABLE,
        filter_subject=SUBJECT,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=60,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE if START else DeliverPolicy.NEW,
        opt_start_seq=START or None,
    )


def handle(subject: str, headers: dict[str, str], event: dict[str, object]) -> None:
    """Your work. The same event may come twice, when this dies in between: `ce-id` tells."""
    print(headers["ce-id"], subject, event.get("reason", ""), flush=True)


async def main() -> None:
    """Until it is ended."""
    client = await nats.connect(
        os.environ.get("NATS_URL", "nats://127.0.0.1:4222"),
        user=os.environ.get("NATS_USER"),
        password=os.environ.get("NATS_PASSWORD"),
        max_reconnect_attempts=-1,
    )
    stream = client.jetstream()
    if "--again" in sys.argv:
        try:
            await stream.delete_consumer(STREAM, DURABLE)
        except NotFoundError:
            print("there is no consumer yet", file=sys.stderr)
    events = await stream.pull_subscribe(SUBJECT, DURABLE, stream=STREAM, config=consumer())
    while True:
        try:
            messages = await events.fetch(100, timeout=30)
        except NothingNew:
            continue
        for message in messages:
            handle(message.subject, message.headers or {}, json.loads(message.data))
            await message.ack_sync()


if __name__ == "__main__":
    asyncio.run(main())
