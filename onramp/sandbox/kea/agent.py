"""The Control Agent: forwards what names the service `dhcp4`, and takes everything else for itself."""

from collections.abc import Callable

from onramp.sandbox.kea.answers import ERROR, SUCCESS, UNSUPPORTED, Json, KeaError, answer
from onramp.sandbox.kea.configuration import hash_of
from onramp.sandbox.kea.server import VERSION, KeaServer, dispatch, parse_command

OWN_CONFIGURATION: Json = {
    "Control-agent": {
        "http-host": "127.0.0.1",
        "http-port": 8000,
        "control-sockets": {"dhcp4": {"socket-type": "unix", "socket-name": "/run/kea/kea4-ctrl-socket"}},
        "hooks-libraries": [],
    }
}

SERVICE_HINT = ' You did not include "service" parameter in the command.'
"""How the agent begins to explain itself; the advice that the real one goes on to give is left out."""


class ControlAgent:
    """One agent with one DHCPv4 server behind it."""

    def __init__(self, server: KeaServer) -> None:
        self._server = server
        self._commands: dict[str, Callable[[object], Json]] = {
            "config-get": lambda _: answer(
                SUCCESS, arguments={**OWN_CONFIGURATION, "hash": hash_of(OWN_CONFIGURATION)}
            ),
            "list-commands": lambda _: answer(SUCCESS, arguments=sorted(self._commands)),
            "version-get": lambda _: answer(SUCCESS, VERSION, {"extended": f"{VERSION} (emulated)"}),
        }

    def answers(self, request: object) -> list[Json]:
        """One answer a service that the command names, or the agent's own where it names none."""
        try:
            command = parse_command(request)
        except KeaError as error:
            return [answer(error.result, f"Error during command processing: {error.text}")]
        services = command.get("service", [])
        if not isinstance(services, list):
            return [answer(ERROR, "service value must be a list")]
        if not services:
            return [self._own_answer(command["command"])]
        return [self._forward(str(service), command) for service in services]

    def _own_answer(self, name: str) -> Json:
        own = dispatch(self._commands, name, None)
        if own["result"] == UNSUPPORTED:
            own["text"] += SERVICE_HINT
        return own

    def _forward(self, service: str, command: Json) -> Json:
        if service != "dhcp4":
            return answer(ERROR, f"forwarding socket is not configured for the server type {service}")
        return self._server.answer(command)
