"""`python -m onramp.sandbox.netbox --port N --token T --seed FILE`: a NetBox on this machine."""

from pathlib import Path

from onramp.sandbox.emulator import arguments, serve
from onramp.sandbox.netbox import NetBox, create_app
from onramp.sandbox.netbox.seed import seed


def main() -> None:
    """Read the flags, fill a NetBox, and answer until told to end."""
    parser = arguments("A NetBox in memory.")
    parser.add_argument("--token", required=True, help="the one API token, v1 or nbt_<key>.<token>")
    parser.add_argument("--seed", type=Path, help="a JSON file of objects to begin with")
    parser.add_argument("--netbox-version", default="4.7.3")
    parser.add_argument("--without-graphql", action="store_true", help="as with GRAPHQL_ENABLED = False")
    flags = parser.parse_args()
    netbox = NetBox(flags.netbox_version, graphql_enabled=not flags.without_graphql)
    if flags.seed:
        seed(netbox, flags.seed)
    serve(create_app(netbox, flags.token), flags)


if __name__ == "__main__":
    main()
