"""PostgreSQL in the trixie tree, reached by its Unix socket alone: for NetBox and Kea's host databases."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.lab import debian, processes
from tests.lab.place import LAB, LabError, in_tree, run

# One tree serves NetBox too: Debian bookworm's own Python is too old for it.
PACKAGES = ["postgresql", "redis-server", "python3-venv", "python3-dev", "gcc", "libc6-dev", "libpq-dev"]
TREE = LAB / "trixie"
SOCKETS = "/srv/postgres/sockets"
_BIN = "/usr/lib/postgresql/17/bin"
_one_at_a_time = threading.Lock()


def up() -> None:
    """Make the tree and the data folder the first time, then start the server."""
    with _one_at_a_time:
        debian.tree("trixie", PACKAGES)
        if not (TREE / "srv/postgres/data").exists():
            make = f"install -d -o postgres -g postgres /srv/postgres {SOCKETS}"
            run(in_tree(TREE, "sh", "-c", make))
            initdb = [f"{_BIN}/initdb", "--pgdata=/srv/postgres/data", "--auth=trust", "--locale=C.UTF-8"]
            run(in_tree(TREE, *initdb, user="postgres"))
        # The lab's data may be lost with the machine, never with a killed process: so no fsync.
        options = {
            "listen_addresses": "",
            "unix_socket_directories": SOCKETS,
            "dynamic_shared_memory_type": "mmap",
            "fsync": "off",
            "full_page_writes": "off",
            "jit": "off",
        }
        argv = [f"{_BIN}/postgres", "-D", "/srv/postgres/data", *(f"--{k}={v}" for k, v in options.items())]
        if not processes.running("postgres"):
            # A killed server leaves its locks, and its id may still be a process that waits to be reaped.
            for lock in ("data/postmaster.pid", "sockets/.s.PGSQL.5432.lock"):
                (TREE / "srv/postgres" / lock).unlink(missing_ok=True)
        processes.start("postgres", in_tree(TREE, *argv, user="postgres"), ready=_answers)


def sql(database: str, statement: str) -> str:
    """Run one statement as the server's owner and return its bare rows."""
    return run(_psql(database, "--command", statement))


def script(database: str, file: Path) -> None:
    """Run a file of statements, from outside the tree, as the server's owner."""
    run(_psql(database, "--file=-"), stdin=file.read_text())


def exists(database: str) -> bool:
    """Whether there is a database of that name."""
    return bool(sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{database}'").strip())


def create(database: str, template: str = "template1") -> None:
    """Make a database, a copy of ``template`` when one is given."""
    sql("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{template}"')


def drop(database: str) -> None:
    """Remove a database, whoever is connected to it."""
    sql("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def keep_as_template(database: str, template: str) -> None:
    """Make ``template`` a copy of ``database`` in one step, so that one which exists is whole."""
    drop(f"{template}.part")
    create(f"{template}.part", database)
    sql("postgres", f'ALTER DATABASE "{template}.part" RENAME TO "{template}"')


def _answers() -> bool:
    try:
        return bool(sql("postgres", "SELECT 1"))
    except LabError:
        return False


def _psql(database: str, *argv: str) -> list[str]:
    options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    where = [f"--host={SOCKETS}", f"--dbname={database}"]
    return in_tree(TREE, "psql", *options, *where, *argv, user="postgres")
