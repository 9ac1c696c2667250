"""kea-dhcp4's command manager: which commands there are, and what the server says of itself."""

import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from onramp.sandbox.kea.answers import ERROR, SUCCESS, UNSUPPORTED, Json, KeaError, answer, type_name
from onramp.sandbox.kea.configuration import Configuration, hash_of
from onramp.sandbox.kea.leases import LeaseCommands
from onramp.sandbox.kea.listings import ReservationListings
from onramp.sandbox.kea.memory import MemoryHosts
from onramp.sandbox.kea.reservations import ReservationChanges
from onramp.sandbox.kea.sources import HostSources
from onramp.sandbox.kea.table import HostTable

VERSION = "3.0.4"
COMMAND_PARAMETERS = {"command", "arguments", "service", "remote-address"}


def parse_command(request: object) -> Json:
    """The request, if it is a command; raises KeaError for what is none."""
    if not isinstance(request, dict):
        got = type_name(request)
        raise KeaError(f"invalid command: expected toplevel entry to be a map, got {got} instead")
    if "command" not in request:
        raise KeaError("invalid command: does not contain mandatory 'command'")
    for name in sorted(request.keys() - COMMAND_PARAMETERS):
        raise KeaError(f"invalid command: unsupported parameter '{name}'")
    if not isinstance(request["command"], str):
        raise KeaError("invalid command: expected 'command' to be a string, got map instead")
    return request


def dispatch(commands: dict[str, Callable[[object], Json]], name: str, arguments: object) -> Json:
    """Run one of the commands; what it or its database refuses is an answer too."""
    if name not in commands:
        return answer(UNSUPPORTED, f"'{name}' command not supported.")
    try:
        return commands[name](arguments)
    except KeaError as error:
        return answer(error.result, error.text)
    except sqlite3.Error as error:
        return answer(ERROR, str(error))


class KeaServer:
    """One server. Raises KeaError where Kea would not start with this configuration."""

    def __init__(self, configuration: Configuration, hosts_file: Path | None) -> None:
        self._configuration = configuration
        self._memory = MemoryHosts(configuration.unique_addresses)
        for host in configuration.hosts():
            self._memory.add(host)
        self._started = time.monotonic()
        self._commands: dict[str, Callable[[object], Json]] = {
            "config-get": self._config_get,
            "config-write": self._config_write,
            "list-commands": lambda _: answer(SUCCESS, arguments=sorted(self._commands)),
            "status-get": self._status_get,
            "version-get": lambda _: answer(SUCCESS, VERSION, {"extended": f"{VERSION} (emulated)"}),
        }
        if configuration.has_hook("host_cmds"):
            unique, has_database = configuration.unique_addresses, configuration.has_hosts_database
            sources = HostSources(self._memory, HostTable(unique, hosts_file) if has_database else None)
            self._commands |= ReservationChanges(configuration.subnets, sources).commands
            self._commands |= ReservationListings(configuration.subnets, sources).commands
        if configuration.has_hook("lease_cmds"):
            self._commands |= LeaseCommands(configuration.subnets).commands

    def answer(self, request: object) -> Json:
        """What this server answers to a command."""
        try:
            command = parse_command(request)
        except KeaError as error:
            return answer(error.result, f"Error during command processing: {error.text}")
        return dispatch(self._commands, command["command"], command.get("arguments"))

    def _config_get(self, _arguments: object) -> Json:
        running = self._configuration.running(self._memory.find({}))
        return answer(SUCCESS, arguments={**running, "hash": hash_of(running)})

    def _config_write(self, arguments: object) -> Json:
        """Write the running configuration, with memory's reservations, over its file or beside it."""
        if arguments is not None and not isinstance(arguments, dict):
            raise KeaError("Argument must be a map")
        file = self._written_file((arguments or {}).get("filename", ""))
        content = json.dumps(self._configuration.running(self._memory.find({})), indent=2)
        file.write_text(content)
        written = {"size": len(content), "filename": str(file)}
        return answer(SUCCESS, f"Configuration written to {file} successful", written)

    def _written_file(self, filename: object) -> Path:
        if not isinstance(filename, str):
            raise KeaError("passed parameter 'filename' is not a string")
        own = self._configuration.file
        file = own.parent / filename if filename else own
        if file.parent != own.parent:
            rule = f"file {filename} must be in the same directory as the config file ({own})"
            raise KeaError(f"not allowed to write config into {filename}: {rule}")
        return file

    def _status_get(self, _arguments: object) -> Json:
        uptime = int(time.monotonic() - self._started)
        origins = ("local-command", "remote-command", "db-connection")
        status = {
            "pid": os.getpid(),
            "uptime": uptime,
            "reload": uptime,
            "multi-threading-enabled": False,
            "sockets": {"status": "ready"},
            "dhcp-state": {
                "globally-disabled": False,
                "disabled-by-user": False,
                **{f"disabled-by-{origin}": [] for origin in origins},
            },
        }
        return answer(SUCCESS, arguments=status)
