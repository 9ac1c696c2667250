"""`onramp`, the operators' command line: a file a group of commands, each a thin face over `events`."""

import typer

from onramp.cli import (
    check,
    dead_letters,
    doctor,
    keys,
    lease,
    merge,
    operations,
    purge,
    replay,
    sandbox,
    scan,
    servers,
    streams,
    watch,
)
from onramp.cli.access import from_flags

app = typer.Typer(
    name="onramp",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
app.callback()(from_flags)
app.command("scan")(scan.scan)
app.command("import")(scan.import_)
app.command("servers")(servers.servers)
app.command("show")(servers.show)
app.command("watch")(watch.watch)
app.add_typer(dead_letters.app, name="dead-letters")
app.command("replay")(replay.replay)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("merge")(merge.merge)
app.add_typer(lease.app, name="lease")
app.command("purge")(purge.purge)
app.command("operations")(operations.operations)
app.add_typer(streams.app, name="streams")
app.add_typer(keys.app, name="keys")
app.command("sandbox")(sandbox.sandbox)
