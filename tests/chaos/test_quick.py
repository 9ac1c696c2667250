"""Survival in short: a death in every service, poison among healthy servers, and NATS itself killed."""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.chaos.faults.kills import killed_at
from tests.chaos.faults.nats import nats_killed_under
from tests.chaos.faults.poison import poisoned
from tests.chaos.figures import Figure
from tests.chaos.session import Session, session

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

DEATHS = [
    ("intake", "sent publish server-scanned"),
    ("netbox_sync", "before read netbox_sync"),
    ("netbox_sync", "after POST dcim/devices"),
    ("netbox_sync", "after PATCH dcim/devices status"),
    ("vault_writer", "after write secret"),
    ("vault_writer", "sent publish credentials-stored"),
    ("kea_sync", "after AddReservation kea-a"),
    ("kea_sync", "after publish address-reserved"),
    ("metal3_sync", "after apply Secret"),
    ("metal3_sync", "before ack metal3_sync"),
    ("metal3_sync", "sent publish server-ready"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def survival(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """One system for all: what harms it in one test would be seen in the next."""
    async with session(tmp_path_factory.mktemp("chaos"), seed=1) as started:
        await started.without_fault()
        yield started


async def test_services_that_are_killed_lose_nothing_and_do_nothing_twice(survival: Session) -> None:
    assert_good(await killed_at(survival, DEATHS))


async def test_a_killed_nats_server_loses_nothing_that_was_acknowledged(survival: Session) -> None:
    assert_good(await nats_killed_under(survival, range(200, 224), times=1))


async def test_poison_is_a_dead_letter_once_and_harms_no_other_message(survival: Session) -> None:
    assert_good(await poisoned(survival, range(300, 312)))


async def test_a_backend_that_holds_something_else_is_seen(survival: Session) -> None:
    twin = survival.twin
    survival.twin = twin.replace("staged", "planned")
    wrong = {figure.name for figure in await survival.figures() if not figure.good}
    survival.twin = twin
    assert wrong == {"other than without fault in a backend"}


def assert_good(figures: Sequence[Figure]) -> None:
    assert [figure for figure in figures if not figure.good] == []
