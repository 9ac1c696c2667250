"""How times are typed and shown, what every command's help has, and whose lease a verdict names."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from events.verdicts import Verdict, Would
from onramp.cli import app
from onramp.cli.durations import moment, span, spelled
from onramp.cli.lease import Holder, holder_in
from onramp.cli.output import NoAnswer, Refused

COMMANDS = [
    ["scan"],
    ["import"],
    ["servers"],
    ["show"],
    ["watch"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "discard"],
    ["replay"],
    ["check"],
    ["doctor"],
    ["merge"],
    ["lease", "force"],
    ["purge"],
    ["operations"],
    ["streams", "apply"],
    ["streams", "status"],
    ["keys", "new"],
    ["keys", "list"],
    ["keys", "retire"],
    ["keys", "delete"],
]


def _help(command: list[str]) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "120", "TERM": "dumb"})
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("command", [*COMMANDS, ["sandbox"]], ids=" ".join)
def test_every_commands_help_has_an_example(command: list[str]) -> None:
    words = " ".join(command)
    assert re.search(rf"\$ .*onramp .*{words}", _help(command)), _help(command)


def test_no_command_is_left_out_here() -> None:
    def below(command: object, *names: str) -> Iterator[tuple[str, ...]]:
        if not isinstance(command, TyperGroup):
            yield names
            return
        for name, each in command.commands.items():
            yield from below(each, *names, name)

    assert {*below(get_command(app))} == {*map(tuple, COMMANDS), ("sandbox",)}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_json(command: list[str]) -> None:
    assert "--json" in _help(command)


def test_the_exit_codes_are_in_the_help() -> None:
    assert "4 refused" in CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout


def test_completion_can_be_installed() -> None:
    names = {name for parameter in get_command(app).params for name in parameter.opts}
    assert {"--install-completion", "--show-completion"} <= names


def test_a_span_is_typed_with_its_unit() -> None:
    assert span("90s") == timedelta(seconds=90)
    assert span("2d") == timedelta(days=2)
    with pytest.raises(typer.BadParameter):
        span("soon")


def test_a_moment_is_a_time_or_a_span_back_from_now() -> None:
    assert moment("2026-11-21T08:00:00+01:00") == datetime(2026, 11, 21, 7, tzinfo=UTC)
    hour_ago = moment("1h")
    assert timedelta(hours=1) <= datetime.now(UTC) - hour_ago < timedelta(hours=1, minutes=1)


def test_a_length_is_shown_by_its_two_largest_units() -> None:
    assert spelled(timedelta(seconds=0.314)) == "0.31s"
    assert spelled(timedelta(minutes=4, seconds=10)) == "4m 10s"
    assert spelled(timedelta(days=1, hours=3, minutes=5)) == "1d 3h"


HELD = "10.16.28.78 is leased on kea-a to 52:54:00:00:00:01 (old-bmc) until 2026-11-22 08:00:00 UTC"


def test_the_holder_of_a_lease_is_read_from_the_verdict() -> None:
    verdict = Verdict(step="kea_sync", would=Would.UNKNOWN, reason=f"{HELD}; settled on kea-b")
    assert holder_in("s", verdict) == Holder("52:54:00:00:00:01", "10.16.28.78", "kea-a", verdict.reason)


@pytest.mark.parametrize(
    ("would", "reason", "error"),
    [
        (Would.NOTHING, "10.16.28.78 for it on kea-a", Refused),
        (Would.UNKNOWN, "10.16.28.78 is leased on kea-a to a stranger (no hostname) until tomorrow", Refused),
        (Would.UNKNOWN, "kea-a does not answer", NoAnswer),
    ],
)
def test_without_a_holder_nothing_is_forced(would: Would, reason: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        holder_in("s", Verdict(step="kea_sync", would=would, reason=reason))
