"""NetBox from PyPI in the trixie tree, on PostgreSQL and Redis, served by gunicorn."""

from __future__ import annotations

import json
import secrets
import zlib
from typing import cast

import httpx

from tests.lab import postgres, processes, reference
from tests.lab.place import LAB, LOOPBACK, Env, folder, in_tree, port, run, say, write

VERSION = "4.7.3"
TREE = postgres.TREE
_DONE = LAB / "netbox" / f"installed-{VERSION}"
_SECRETS = LAB / "netbox" / "secrets.json"
_TEMPLATE = f"netbox-{VERSION}"

_DATABASE = "LAB_NETBOX_DATABASE"
MAIN, BESIDE = "netbox", "netbox-beside"
"""Two databases, each served by a NetBox of its own: tests that empty theirs can run at the same time."""

# One v2 and one v1 token: 4.5 and later make v2 ones, users on 4.0 to 4.4 have v1 ones.
_TOKENS = """
import json, sys
from users.models import Token, User
made = json.load(sys.stdin)
user = User.objects.create_superuser("onramp", "", made["password"])
Token.objects.create(user=user, version=2, key=made["key"], token=made["token"])
Token.objects.create(user=user, version=1, token=made["token_v1"])
"""


def up() -> Env:
    """Install and migrate the first time, then serve a NetBox that holds the reference data alone."""
    postgres.up()
    _install()
    argv = ["redis-server", "--port", str(port("redis")), "--bind", LOOPBACK, "--save", "", "--dir", "/tmp"]
    processes.start("redis", in_tree(TREE, *argv, user="redis"), ready=processes.listens(port("redis")))
    if not postgres.exists(_TEMPLATE):
        _migrate()
    if not processes.running(MAIN):
        fresh()
    if not processes.running(BESIDE):
        _put_back(BESIDE, _seeded())
        start(BESIDE)
    return {
        "ONRAMP_NETBOX_URL": url(),
        "ONRAMP_LAB_NETBOX_BESIDE_URL": url(BESIDE),
        "ONRAMP_NETBOX_TOKEN": _token(),
        "ONRAMP_LAB_NETBOX_TOKEN_V1": _secrets()["token_v1"],
        "ONRAMP_LAB_NETBOX_USERNAME": "onramp",
        "ONRAMP_LAB_NETBOX_PASSWORD": _secrets()["password"],
    }


def fresh() -> None:
    """Put NetBox back to the reference data alone, and serve it."""
    if not postgres.exists(_seeded()):
        _put_back(MAIN, _TEMPLATE)
        start()
        reference.seed(url(), _token())
        stop()
        postgres.keep_as_template(MAIN, _seeded())
    _put_back(MAIN, _seeded())
    start()


def start(database: str = MAIN) -> None:
    """Serve the NetBox of this database."""
    _configure()
    argv = ["/opt/netbox/bin/gunicorn", "netbox.wsgi", f"--bind={LOOPBACK}:{port(database)}", "--workers=2"]
    argv += ["--threads=3", "--timeout=120", "--graceful-timeout=2", "--preload", "--worker-tmp-dir=/tmp"]
    processes.start(database, _in_tree(database, *argv), ready=lambda: _answers(database), within=120)


def stop() -> None:
    """End gunicorn."""
    processes.stop(MAIN)


def url(database: str = MAIN) -> str:
    """Where the NetBox of this database is served."""
    return f"http://{LOOPBACK}:{port(database)}"


def _put_back(database: str, template: str) -> None:
    postgres.drop(database)
    postgres.create(database, template)


def _seeded() -> str:
    """The template with the reference data, named by its content."""
    return f"netbox-seeded-{zlib.crc32(reference.EXAMPLE.read_bytes()):08x}"


def _install() -> None:
    if _DONE.exists():
        return
    say(f"installs NetBox {VERSION} by pip into {TREE}/opt/netbox")
    run(in_tree(TREE, "python3", "-m", "venv", "/opt/netbox"))
    run(["nice", *in_tree(TREE, "/opt/netbox/bin/pip", "install", "--quiet", f"netbox=={VERSION}")])
    run(in_tree(TREE, "install", "-d", "-o", "www-data", "-g", "www-data", "/srv/netbox"))
    run(_netbox("setup", "--target", "/srv/netbox"))
    folder("netbox")
    _DONE.touch()


def _migrate() -> None:
    say("migrates NetBox's database (some minutes, once)")
    _configure()
    postgres.drop(MAIN)
    postgres.create(MAIN)
    run(["nice", *_netbox("migrate", "--no-input")])
    run(_netbox("collectstatic", "--no-input"))
    run(_netbox("nbshell", "--command", _TOKENS), stdin=json.dumps(_secrets()))
    postgres.keep_as_template(MAIN, _TEMPLATE)


def _configure() -> None:
    redis = f"redis://{LOOPBACK}:{port('redis')}"
    # A connection whose database was made anew since is noticed, and opened again.
    kept = {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
    settings = {
        "ALLOWED_HOSTS": ["*"],
        "API_TOKEN_PEPPERS": {1: _secrets()["pepper"]},
        "CENSUS_REPORTING_ENABLED": False,
        "DATABASES": {"default": {"USER": "postgres", "HOST": postgres.SOCKETS, **kept}},
        "LOGIN_REQUIRED": True,
        "REDIS": {"tasks": {"URL": f"{redis}/0"}, "caching": {"URL": f"{redis}/1"}},
        "RELEASE_CHECK_URL": None,
        "SECRET_KEY": _secrets()["secret"],
    }
    text = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    text += f'import os\nDATABASES["default"]["NAME"] = os.environ["{_DATABASE}"]\n'
    path = write(TREE / "srv/netbox/conf/configuration.py", text, mode=0o640)
    run(in_tree(TREE, "chown", "www-data:www-data", f"/{path.relative_to(TREE)}"))


def _netbox(*argv: str) -> list[str]:
    return _in_tree(MAIN, "/opt/netbox/bin/netbox", *argv)


def _in_tree(database: str, *argv: str) -> list[str]:
    return in_tree(TREE, *argv, user="www-data", env={"NETBOX_ROOT": "/srv/netbox", _DATABASE: database})


def _secrets() -> dict[str, str]:
    if not _SECRETS.exists():
        names = {"secret": 40, "pepper": 40, "password": 16, "key": 6, "token": 20, "token_v1": 20}
        write(
            _SECRETS, json.dumps({name: secrets.token_hex(size) for name, size in names.items()}), mode=0o600
        )
    return cast(dict[str, str], json.loads(_SECRETS.read_text()))


def _token() -> str:
    return f"nbt_{_secrets()['key']}.{_secrets()['token']}"


def _answers(database: str) -> bool:
    headers = {"Authorization": f"Bearer {_token()}"}
    try:
        return httpx.get(f"{url(database)}/api/status/", headers=headers).is_success
    except httpx.HTTPError:
        return False
