"""Pages of the list: whatever is asked for, page by page comes what going through all servers finds."""

import random
from datetime import UTC, datetime
from uuid import UUID

import pytest

from events.status import ServerStatus, State, StepState, StepStatus
from intake.projection.groups import Groups
from intake.projection.page import Sort, Wanted, after
from intake.projection.slim import step_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = ("netbox_sync", "kea_sync")


def status(server: str, sequence: int, state: State, at: int, site: str) -> ServerStatus:
    """A server that has done the first so many steps."""
    trouble = {State.FAILED: StepState.FAILED, State.DELAYED: StepState.DELAYED}.get(state, StepState.WAITING)
    steps = [
        StepStatus(
            name, StepState.DONE if number < at else trouble if number == at else StepState.WAITING, ""
        )
        for number, name in enumerate(STEPS)
    ]
    return ServerStatus(server, site, UUID(int=sequence), state, "", NOW, NOW, sequence, tuple(steps))


def changed(dice: random.Random, server: str, sequence: int) -> ServerStatus:
    return status(
        server, sequence, dice.choice(list(State)), dice.randrange(3), f"dc{sum(server.encode()) % 3}"
    )


def fleet(groups_from: int) -> tuple[dict[str, ServerStatus], Groups]:
    """200 servers that changed 600 times, the last of them after the groups were made."""
    dice = random.Random(4)
    servers: dict[str, ServerStatus] = {}
    groups = Groups(servers)
    for sequence in range(1, 601):
        if sequence == groups_from:
            groups = Groups(servers)
        name = f"{dice.choice(['ra', 'rb'])}{dice.randrange(100):02d}-{'x' * dice.randrange(3)}"
        before, servers[name] = servers.get(name), changed(dice, name, sequence)
        groups.change(before, servers[name])
    return servers, groups


def wanted() -> list[Wanted]:
    dice = random.Random(5)
    return [
        Wanted(
            site=dice.choice([None, None, "dc1"]),
            state=dice.choice([None, None, *State]),
            step=dice.choice([None, None, *STEPS]),
            text=dice.choice(["", "", "a", "ra", "b0", "ra1", "-x", "5-xx", "nowhere", "\n"]),
            sort=dice.choice(list(Sort)),
            limit=dice.choice([1, 7, 50]),
        )
        for _ in range(300)
    ]


def expected(servers: dict[str, ServerStatus], wanted: Wanted) -> list[ServerStatus]:
    """By going through all of them."""
    found = [
        status
        for status in servers.values()
        if wanted.site in (None, status.site)
        and wanted.state in (None, status.state)
        and wanted.step in (None, step_at(status))
        and wanted.text in status.server
    ]
    by_name = wanted.sort.removeprefix("-") == "server"
    return sorted(
        found, key=lambda s: s.server if by_name else f"{s.sequence:9}", reverse=wanted.sort.startswith("-")
    )


@pytest.mark.parametrize("groups_from", [300, 600])
def test_the_pages_together_are_the_whole_list_in_its_order(groups_from: int) -> None:
    servers, groups = fleet(groups_from)
    for one in wanted():
        found: list[ServerStatus] = []
        key = None
        while True:
            page = groups.page(Wanted(one.site, one.state, one.step, one.text, one.sort, one.limit, key))
            assert len(page.servers) <= one.limit
            found += page.servers
            if page.next is None:
                break
            key = after(one.sort, page.next)
        assert found == expected(servers, one), one


def test_a_page_goes_on_where_the_last_ended_though_servers_were_added_before() -> None:
    servers: dict[str, ServerStatus] = {
        name: status(name, number, State.READY, 2, "dc") for number, name in enumerate("bdf", 1)
    }
    groups = Groups(servers)
    first = groups.page(Wanted(limit=2))
    servers["a"] = status("a", 9, State.READY, 2, "dc")
    groups.change(None, servers["a"])
    assert first.next is not None
    assert [s.server for s in groups.page(Wanted(after=after(Sort.SERVER, first.next))).servers] == ["f"]


@pytest.mark.parametrize("cursor", ["", "x", "W10", "é", "WyJzZXJ2ZXIiLCAxXQ", "WyItc2VydmVyIiwgImEiXQ"])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError):
        after(Sort.SERVER, cursor)


@pytest.mark.parametrize(
    ("state", "at", "step"),
    [
        (State.IN_PROGRESS, 0, "netbox_sync"),
        (State.IN_PROGRESS, 1, "kea_sync"),
        (State.IN_PROGRESS, 2, None),
        (State.DELAYED, 1, "kea_sync"),
        (State.FAILED, 0, "netbox_sync"),
        (State.READY, 2, None),
        (State.DISCARDED, 0, None),
    ],
)
def test_the_step_that_a_server_is_at(state: State, at: int, step: str | None) -> None:
    assert step_at(status("s1", 1, state, at, "dc")) == step
