"""`onramp keys`: the keys that BMC passwords are sealed with. For administrators: vault_writer is asked."""

import json
from typing import Annotated, Any

import nats.errors
import typer
from nats.aio.client import Client
from rich.table import Table

from events.seal import WITHDRAWN_AFTER
from onramp.cli.connection import connected
from onramp.cli.operating import operations_on
from onramp.cli.output import Json, NoAnswer, Refused, console, print_json, run, uncut

app = typer.Typer(help="The keys that BMC passwords are sealed with.", no_args_is_help=True)

Kid = Annotated[str, typer.Argument(help="The key's id, as `onramp keys list` shows it.")]

_PATIENCE = 20.0


@app.command()
def new(as_json: Json = False) -> None:
    """Make a key; intake and the app seal with it from now on, and older ones still open.

    [dim]$[/] onramp keys new
    """
    run(_new(as_json))


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every key, whether its private half is lost, and whose passwords still need it.

    [dim]$[/] onramp keys list
    [dim]$[/] onramp keys list --json
    """
    run(_list(as_json))


@app.command()
def retire(kid: Kid, as_json: Json = False) -> None:
    """Seal no more with a key. What it sealed still opens; the last one that seals can't be retired.

    [dim]$[/] onramp keys retire 2026-11-21-eb4b589c
    """
    run(_about_one("retire", kid, "seals no more", as_json))


@app.command()
def delete(kid: Kid, as_json: Json = False) -> None:
    """Delete a retired key that no server's newest scan is sealed to. It takes some seconds.

    [dim]$[/] onramp keys delete 2026-11-21-eb4b589c
    """
    run(_about_one("delete", kid, "is gone", as_json))


async def _new(as_json: bool) -> int:
    made = await _asked("new", {})
    print_json(made) if as_json else console.print(f"[bold]{made['key']['kid']}[/] seals from now on")
    return 0


async def _list(as_json: bool) -> int:
    keys = (await _asked("list", {}))["keys"]
    print_json(keys) if as_json else console.print(_table(keys))
    return 0


async def _about_one(verb: str, kid: str, done: str, as_json: bool) -> int:
    state = await _asked(verb, {"kid": kid})
    print_json(state) if as_json else console.print(f"[bold]{kid}[/] {done}")
    return 0


async def _asked(verb: str, question: dict[str, str]) -> dict[str, Any]:
    """What vault_writer answers. Raises `Refused` with its reason, `NoAnswer` when it does not."""
    async with connected() as stream:
        answer = await answered(stream.client, verb, question)
        if verb != "list":
            kid = question.get("kid") or answer["key"]["kid"]
            await operations_on(stream).note(f"keys-{verb}", kid, "")
    return answer


async def answered(client: Client, verb: str, question: dict[str, str]) -> dict[str, Any]:
    """What vault_writer answers. Raises `Refused` with its reason, `NoAnswer` when it does not."""
    try:
        patience = _PATIENCE + (WITHDRAWN_AFTER if verb == "delete" else 0)
        message = await client.request(f"keys.{verb}", json.dumps(question).encode(), timeout=patience)
    except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
        raise NoAnswer("vault_writer does not answer: is it running, and are you an administrator?") from None
    answer: dict[str, Any] = json.loads(message.data)
    if "error" in answer:
        raise Refused(answer["error"])
    return answer


def _table(keys: list[dict[str, Any]]) -> Table:
    table = uncut("Key", "Made at", "State", "Needed by")
    for key in keys:
        state = ("retired" if key["retired"] else "seals") + (", lost" if key["lost"] else "")
        style = "dim" if key["retired"] else "bold red" if key["lost"] else None
        table.add_row(key["kid"], key["made_at"], state, ", ".join(key["needed_by"]) or "nobody", style=style)
    return table
