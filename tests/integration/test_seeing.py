"""The dashboard and the alert rules, against the metrics that a running system really has."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from events import watch
from events.breaker import Backend
from events.dead_letters import DeadLetters
from events.errors import Refuse, Unreachable
from events.onboardings import Onboardings
from events.operations import Operations
from events.orders import Orders
from events.publishing import Publisher
from events.replays import Replays
from events.steps import steps
from events.stream import Stream
from events.subjects import DEAD_LETTERS
from events.types import Event
from tests.integration.rig import Rig, ready, recorded, until

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
DASHBOARD = ROOT / "deploy/grafana/onramp.json"
FROM_PROMETHEUS = {"instance", "job", "le"}
"""Labels that scraping and histograms add."""


@dataclass
class Served:
    """What `/metrics` shows: the labels, and the values of each, by sample name."""

    labels: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    families: set[str] = field(default_factory=set)

    @classmethod
    def now(cls) -> "Served":
        served = cls()
        for family in text_string_to_metric_families(generate_latest().decode()):
            if family.name.startswith("onramp_") and not family.name.endswith("_created"):
                served.families.add(family.name)
            for sample in family.samples:
                labels = served.labels.setdefault(sample.name, {})
                for name, value in sample.labels.items():
                    labels.setdefault(name, set()).add(value)
        return served

    def value(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(generate_latest().decode())
        samples = (sample for family in families for sample in family.samples)
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


@pytest.fixture
async def served(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Served:
    """After a story in which everything has happened once."""
    monkeypatch.setattr(watch, "EVERY", 0.1)
    backend = Backend("NetBox", "http://netbox")

    async def do(event: Event, _orders: Orders) -> Event:
        if event.server == "refused":
            raise Refuse("its place is taken")
        if event.server == "waiting":
            async with backend.call():
                raise Unreachable("NetBox does not answer", backend=backend.address)
        return recorded(event)

    await rig.run(netbox_sync=do)
    for server in ("fine", "refused", "waiting"):
        await rig.scan(server)
    await until(lambda: backend.open and bool(backend.waiting))
    await _replay_the_dead_letter(rig)
    await _end(rig)
    await until(lambda: Served().value("onramp_dead_letters", step="netbox_sync") == 1)
    await until(lambda: Served().value("onramp_consumer_oldest_seconds", step="netbox_sync") > 0)
    return Served.now()


async def _replay_the_dead_letter(rig: Rig) -> None:
    async def letters() -> bool:
        return bool(await rig.dead_letters())

    async def renewed() -> bool:
        return [letter.id for letter in await rig.dead_letters()] == [2]

    await until(letters)
    [letter] = await rig.dead_letters()
    await Replays(rig.stream, Operations(rig.stream, "ann")).replay(letter, "to see")
    await until(renewed)


async def _end(rig: Rig) -> None:
    """As metal3_sync's watch closes a chain, after a delay."""
    letters = DeadLetters(Stream(rig.client, DEAD_LETTERS), "metal3_sync")
    metal3 = steps()["metal3_sync"]
    onboardings = Onboardings(rig.stream, Publisher(rig.stream, "metal3_sync"), letters, metal3)
    scan = await rig.scan("usable")
    assert await onboardings.end(ready(scan))


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _alerts() -> list[str]:
    return [rule["expr"] for rule in _rules()]


def _panels() -> list[str]:
    """The dashboard's queries, with Grafana's own variables filled in."""
    found = [t["expr"] for p in json.loads(DASHBOARD.read_text())["panels"] for t in p.get("targets", ())]
    return [expr.replace("$__rate_interval", "5m").replace("$__range", "6h") for expr in found]


def _selectors(expr: str) -> list[Any]:
    found: list[Any] = []
    promql.walk(
        promql.parse(expr), lambda node: found.append(node) if type(node) is promql.VectorSelector else None
    )
    return found


def _grouped_by(expr: str) -> Iterator[str]:
    """The labels that its aggregations keep."""
    kept: list[str] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            kept.extend(node.modifier.labels)

    promql.walk(promql.parse(expr), visit)
    yield from kept


@pytest.mark.parametrize("queries", [_alerts, _panels])
async def test_every_query_names_metrics_labels_and_values_that_exist(served: Served, queries: Any) -> None:
    assert queries()
    for expr in queries():
        known = set(FROM_PROMETHEUS)
        for selector in _selectors(expr):
            assert selector.name in served.labels, f"{selector.name} in {expr}"
            labels = served.labels[selector.name]
            known |= labels.keys()
            for matcher in selector.matchers.matchers:
                assert matcher.name in labels, f"{matcher.name} of {selector.name} in {expr}"
        assert set(_grouped_by(expr)) <= known, expr


def test_every_rule_can_be_loaded_and_names_only_labels_that_its_alert_has() -> None:
    for rule in _rules():
        result = promql.parse(rule["expr"])
        assert re.fullmatch(r"\d+[smhd]", rule["for"]), rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        named = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        selected = {m.name for s in _selectors(rule["expr"]) for m in s.matchers.matchers}
        assert named <= {*_grouped_by(rule["expr"]), *selected}, f"{rule['alert']}: {result.prettify()}"


async def test_every_metric_is_on_the_dashboard(served: Served) -> None:
    shown = {selector.name for expr in _panels() for selector in _selectors(expr)}
    for family in served.families:
        assert any(name.startswith(family) for name in shown), family


async def test_the_steps_that_an_alert_names_are_the_steps() -> None:
    [silent] = [expr for expr in _alerts() if "absent(" in expr]
    named = {m.value for selector in _selectors(silent) for m in selector.matchers.matchers}
    assert named == set(steps())


async def test_every_alert_says_where_to_read_on_and_that_page_exists() -> None:
    text = ALERTS.read_text()
    pages = {word.strip('",.') for word in text.split() if word.startswith("docs/operations/")}
    assert pages
    assert all((ROOT / page).is_file() for page in pages), pages


async def test_no_metric_is_by_server(served: Served) -> None:
    values = {value for labels in served.labels.values() for found in labels.values() for value in found}
    assert not values & {"fine", "refused", "waiting", "usable"}


async def test_delays_replays_breakers_and_the_time_to_ready_are_counted(served: Served) -> None:
    assert served.value("onramp_step_delays_total", step="netbox_sync") >= 1
    assert served.value("onramp_replays_total", step="netbox_sync") >= 1
    assert served.value("onramp_breaker_open", backend="NetBox") == 1
    assert served.value("onramp_backend_waiting", backend="NetBox") == 1
    assert served.value("onramp_scan_to_ready_seconds_count") >= 1
