"""`python -m onramp.sandbox.kea --port 8000 --config FILE`: one Kea server until told to end."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from onramp.sandbox.emulator import Emulator, arguments, serve
from onramp.sandbox.kea.agent import ControlAgent
from onramp.sandbox.kea.answers import KeaError
from onramp.sandbox.kea.app import BasicAuth, kea_app
from onramp.sandbox.kea.configuration import Configuration
from onramp.sandbox.kea.server import KeaServer

SERVER_REALM, AGENT_REALM = "kea-dhcpv4-server", "kea-control-agent"


def parser() -> ArgumentParser:
    """Every emulator's flags and Kea's own."""
    flags = arguments(description="A Kea DHCPv4 server's control channel")
    flags.add_argument("--config", type=Path, required=True, help="a kea-dhcp4 configuration file")
    flags.add_argument("--hosts", type=Path, help="the hosts database, an SQLite file that servers may share")
    flags.add_argument("--user", help="basic authentication; none is asked for without it")
    flags.add_argument("--password", default="")
    flags.add_argument("--control-agent", action="store_true", help="answer as the Control Agent does")
    return flags


def build(flags: Namespace) -> Emulator:
    """The emulator that the flags ask for; raises KeaError where Kea would not start."""
    configuration = Configuration(flags.config)
    if flags.hosts and not configuration.has_hosts_database:
        raise KeaError(f"names no hosts-databases, so there is no use for --hosts {flags.hosts}")
    server = KeaServer(configuration, flags.hosts)
    realm = AGENT_REALM if flags.control_agent else configuration.realm or SERVER_REALM
    auth = BasicAuth.of(flags.user, flags.password, realm) if flags.user else None
    if flags.control_agent:
        return kea_app(ControlAgent(server).answers, auth)
    return kea_app(lambda command: [server.answer(command)], auth)


def main() -> None:
    """Serve, or say in one line why not."""
    flags = parser().parse_args()
    try:
        app = build(flags)
    except (KeaError, OSError) as error:
        raise SystemExit(f"kea: {flags.config}: {error}") from error
    serve(app, flags)


if __name__ == "__main__":
    main()
