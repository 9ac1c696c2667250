"""Pages of the list: whatever is asked for, page by page comes what going through all servers finds."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from events.status import ServerStatus, State, StepState, StepStatus
from intake.api.listing import Rendered
from intake.projection.groups import Groups
from intake.projection.orders import ByChange, ByName
from intake.projection.page import Page, Sort, Wanted, after

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
    """200 servers that changed 600 times, the last of them after the groups were made and lists asked for."""
    dice = random.Random(4)
    servers: dict[str, ServerStatus] = {}
    groups = Groups(servers)
    for sequence in range(1, 601):
        if sequence == groups_from:
            groups = Groups(servers)
            for one in wanted():
                groups.page(one)
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
            text=dice.choice(["", "", "a", "1", "ra", "b0", "ra1", "-x", "5-xx", "nowhere", "\n"]),
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
        and wanted.step in (None, status.at)
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


class Looks:
    """How many places of groups were looked at, or put in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for order in (ByName, ByChange):
            monkeypatch.setattr(order, "look", self._counted(order.look))
        monkeypatch.setattr("intake.projection.orders.sorted", self._sorted, raising=False)

    def _counted(self, look: Callable[..., Any]) -> Callable[..., Any]:
        def counted(order: ByName | ByChange, low: int, high: int, text: str) -> Any:
            self.count += high - low
            return look(order, low, high, text)

        return counted

    def _sorted(self, servers: Iterable[ServerStatus], **by: Any) -> list[ServerStatus]:
        found = sorted(servers, **by)
        self.count += len(found)
        return found


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(monkeypatch)


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.FAILED),
        ("dc00", None),
        ("dc19", None),
        ("9-", None),
        ("0", None),
        ("dc", State.FAILED),
        ("r07u", None),
        ("u11", None),
        ("dc00", State.READY),
        ("u11", State.READY),
        ("u20", State.FAILED),
        ("r07u11", State.READY),
    ],
)
def test_a_page_costs_what_it_holds_wherever_that_stands(
    looks: Looks, text: str, state: State | None, sort: Sort
) -> None:
    names = [
        f"dc{site:02}-r{rack:02}u{unit:02}" for rack in range(10) for site in range(20) for unit in range(40)
    ]
    states = [State.FAILED if number % 100 == 0 else State.READY for number in range(len(names))]
    servers = {
        name: status(name, number, state, 2, name[:4])
        for number, (name, state) in enumerate(zip(names, states, strict=True))
    }
    groups, wanted = Groups(servers), Wanted(state=state, text=text, sort=sort, limit=20)
    groups.page(wanted)
    looks.count = 0
    assert groups.page(wanted).servers
    assert looks.count < 400


def test_a_server_that_changes_on_and_on_makes_no_page_longer(looks: Looks) -> None:
    servers = {name: status(name, number, State.READY, 2, "dc") for number, name in enumerate("abc")}
    groups = Groups(servers)
    groups.page(Wanted(sort=Sort.CHANGED))
    for sequence in range(10, 5000):
        before, servers["a"] = servers["a"], status("a", sequence, State.READY, 2, "dc")
        groups.change(before, servers["a"])
    looks.count = 0
    page = groups.page(Wanted(sort=Sort.CHANGED))
    assert [s.server for s in page.servers] == ["b", "c", "a"]
    assert looks.count < 100


def test_servers_that_stand_otherwise_now_make_no_page_longer(looks: Looks) -> None:
    states = [State.FAILED] * 400 + [State.READY] * 600
    servers = {
        f"s{number}": status(f"s{number}", number, state, 2, "dc") for number, state in enumerate(states)
    }
    groups = Groups(servers)
    wanted = Wanted(state=State.FAILED, sort=Sort.CHANGED)
    groups.page(wanted)
    for number, name in enumerate(list(servers)[:399], 1000):
        before, servers[name] = servers[name], status(name, number, State.READY, 2, "dc")
        groups.change(before, servers[name])
    looks.count = 0
    assert [s.server for s in groups.page(wanted).servers] == ["s399"]
    assert looks.count < 100


def test_a_server_that_is_gone_is_on_no_page() -> None:
    servers, groups = fleet(300)
    gone = servers.pop(min(servers))
    groups.remove(gone)
    for one in wanted():
        page = groups.page(replace(one, limit=500))
        assert list(page.servers) == expected(servers, one), one


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


def test_a_server_of_another_stream_is_not_shown_as_the_one_before() -> None:
    rendered = Rendered()
    for name in ("before", "now"):
        assert name.encode() in rendered.page(Page([status(name, 1, State.READY, 2, "dc")], None))


def test_many_servers_do_not_fill_the_memory_with_their_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.api.listing.MOST_KEPT", 3)
    rendered = Rendered()
    text = rendered.page(Page([status(f"s{n}", n, State.READY, 2, "dc") for n in range(10)], None))
    assert (text.count(b'"server"'), len(rendered._known) <= 3) == (10, True)


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
    assert status("s1", 1, state, at, "dc").at == step
