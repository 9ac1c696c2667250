"""The live table: a row a server, a column a step, and what its newest word is."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from events.fold import SILENT
from events.status import ServerStatus, State, StepState, StepStatus
from events.steps import steps
from events.types import Outcome

BACKENDS = {"netbox_sync": "NetBox", "vault_writer": "OpenBao", "kea_sync": "Kea", "metal3_sync": "Metal3"}

_STATES = {
    StepState.WAITING: ("·", "dim"),
    StepState.SKIPPED: ("skipped", "dim"),
    StepState.DELAYED: ("waits", "yellow"),
    StepState.FAILED: ("failed", "bold red"),
}
_OUTCOMES = {Outcome.CREATED: "green", Outcome.CHANGED: "cyan", Outcome.UNCHANGED: "dim green"}
STATES = {
    State.READY: "bold green",
    State.INCOMPLETE: "magenta",
    State.FAILED: "bold red",
    State.DELAYED: "yellow",
    State.DISCARDED: "dim",
    State.IN_PROGRESS: "blue",
}


def drawn(servers: Iterable[ServerStatus]) -> Table:
    """The servers in the order in which they came."""
    shown = [name for name in steps() if name not in SILENT]
    table = Table(expand=True, border_style="dim", header_style="bold", pad_edge=False)
    table.add_column("Server", overflow="fold")
    for name in shown:
        table.add_column(BACKENDS.get(name, name), no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for status in servers:
        cells = {step.step: _cell(step) for step in status.steps}
        state = Text(status.state, STATES[status.state])
        table.add_row(status.server, *(cells.get(name, "") for name in shown), state, _why(status))
    return table


def _cell(step: StepStatus) -> Text:
    if step.state is StepState.DONE and step.outcome:
        return Text(step.outcome, _OUTCOMES[step.outcome])
    return Text(*_STATES.get(step.state, ("done", "green")))


def _why(status: ServerStatus) -> Text:
    """The newest word; of a server that is ready also what was skipped on the way."""
    skipped = [step.reason for step in status.steps if step.state is StepState.SKIPPED]
    if status.state is State.READY and skipped:
        return Text(f"{status.reason}; {'; '.join(skipped)}", "dim")
    return Text(status.reason, "" if status.state in {State.FAILED, State.DELAYED} else "dim")
