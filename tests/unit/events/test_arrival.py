"""A delivery, read from what nats-server says of it."""

import pytest

from events.arrival import ORIGINAL_SEQUENCE
from events.errors import Refuse
from events.orders import Orders
from tests.unit.events.samples import SERVER, arrival

PRIVATE = f"onboarding.replay.netbox_sync.dcoa.{SERVER}"


def test_a_message_on_the_public_subject_is_its_own_original() -> None:
    public = arrival(sequence=7)
    assert (public.site, public.server, public.private) == ("dcoa", SERVER, False)
    assert (public.sequence, public.original) == (7, 7)


def test_a_message_on_the_private_subject_knows_where_its_event_stands() -> None:
    private = arrival(sequence=40, subject=PRIVATE, headers={ORIGINAL_SEQUENCE: "7"})
    assert (private.private, private.sequence, private.original) == (True, 40, 7)


def test_an_operators_orders_are_read_from_the_headers() -> None:
    told = arrival(headers={"onramp-dead-letter": "5", "force-lease": "3c:ec:ef:a1:9c:e8@10.16.28.78"})
    assert told.orders == Orders(5, "3c:ec:ef:a1:9c:e8@10.16.28.78")


def test_most_messages_carry_no_orders() -> None:
    assert arrival().orders == Orders()


def test_orders_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(Refuse, match="orders can't be read"):
        _ = arrival(headers={"onramp-dead-letter": "the last one"}).orders
