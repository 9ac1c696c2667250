"""How an import fares, folded from the events of its servers and of nobody else's."""

from typing import Any
from uuid import UUID

from events.ids import new_onboarding_id
from events.stored import Stored
from events.types import DeviceRecorded, Event, ServerReady, ServerScanned
from intake.imports.progress import SUPERSEDED, Progress
from tests.unit.test_fold import event, failed, folded, stored

IMPORT, OTHER = new_onboarding_id(), new_onboarding_id()
FIRST, SECOND = new_onboarding_id(), new_onboarding_id()


def scanned(onboarding: UUID, import_id: UUID | None, index: int | None = None, **fields: Any) -> Event:
    return event(ServerScanned, onboarding, import_id=import_id, import_index=index, **fields)


def told(progress: Progress, *events: Event | Stored) -> list[tuple[int, str] | None]:
    """The record and the state that each event tells of."""
    messages = [e if isinstance(e, Stored) else stored(e, n) for n, e in enumerate(events, 1)]
    steps = [progress.take(message) for message in messages]
    return [(step.index, step.state) if step else None for step in steps]


def test_a_server_of_the_import_is_told_of_until_it_is_settled() -> None:
    progress = Progress(IMPORT)
    assert told(progress, scanned(FIRST, IMPORT, 3), event(DeviceRecorded, FIRST)) == [
        (3, "in-progress"),
        (3, "in-progress"),
    ]
    assert not progress.settled
    assert told(progress, stored(event(ServerReady, FIRST), 3)) == [(3, "ready")]
    assert (progress.settled, progress.done().not_ended) == (True, ())


def test_a_scan_that_is_stored_is_waited_for_until_it_was_seen() -> None:
    progress = Progress(IMPORT)
    progress.expect(0)
    assert not progress.settled
    told(progress, scanned(FIRST, IMPORT, 0), event(ServerReady, FIRST))
    assert progress.settled


def test_a_scan_that_was_seen_is_not_waited_for() -> None:
    progress = Progress(IMPORT)
    told(progress, scanned(FIRST, IMPORT, 0), event(ServerReady, FIRST))
    progress.expect(0)
    assert progress.settled


def test_servers_of_another_import_are_not_told_of() -> None:
    progress = Progress(IMPORT)
    assert told(progress, scanned(FIRST, OTHER, 0), event(ServerReady, FIRST)) == [None, None]
    assert progress.seen == set()


def test_a_scan_that_cant_be_read_is_of_no_import() -> None:
    progress, scan = Progress(IMPORT), stored(scanned(FIRST, IMPORT, 0), 1)
    assert told(progress, Stored(scan.subject, 1, scan.time, scan.headers, scan.data[:-1])) == [None]
    assert progress.seen == set()


def test_a_newer_scan_supersedes_and_settles() -> None:
    progress = Progress(IMPORT)
    events = scanned(FIRST, IMPORT, 0), scanned(SECOND, None), event(DeviceRecorded, SECOND)
    assert told(progress, *events) == [(0, "in-progress"), (0, SUPERSEDED), None]
    assert (progress.settled, progress.done().not_ended) == (True, ())


def test_a_scan_from_before_the_one_that_is_followed_supersedes_nothing() -> None:
    progress = Progress(IMPORT)
    progress.join(0, folded(scanned(OTHER, None), scanned(FIRST, None)))
    assert told(progress, scanned(OTHER, None)) == [None]
    assert not progress.settled


def test_what_changes_nothing_is_not_told() -> None:
    progress = Progress(IMPORT)
    assert told(progress, scanned(FIRST, IMPORT, 0), event(DeviceRecorded, OTHER))[1] is None


def test_what_failed_is_settled_and_left_by_its_place_in_the_file() -> None:
    progress = Progress(IMPORT)
    for server, index in (("s1", 7), ("s2", 2)):
        one = new_onboarding_id()
        scan = scanned(one, IMPORT, index, server=server)
        told(progress, scan, failed("netbox_sync", onboarding=one, server=server))
    assert progress.settled
    assert [(left.index, left.server, left.state) for left in progress.done().not_ended] == [
        (2, "s2", "failed"),
        (7, "s1", "failed"),
    ]
