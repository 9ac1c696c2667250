"""Where NATS and intake are, and as whom: from flags, the environment, or a context file of the `nats` tool.

A flag wins over the environment, the environment over the context file. No flag takes a password: what
stands on a command line is seen by every user of the machine.
"""

import json
import os
import socket
from contextvars import ContextVar
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from events.encrypted import wants_tls
from events.settings import ServiceSettings

CONTEXT_FIELDS = {
    "url": "nats_url",
    "user": "nats_user",
    "password": "nats_password",
    "token": "nats_token",
    "creds": "nats_creds",
    "ca": "nats_ca_file",
    "cert": "nats_cert_file",
    "key": "nats_key_file",
}
"""What a context file says, and which of our settings that is."""


def _who() -> str:
    return f"{getuser()}@{socket.gethostname()}"


class Access(BaseSettings):
    """How the command line reaches what it needs."""

    model_config = ServiceSettings.model_config

    nats_url: str = Field("nats://127.0.0.1:4222", description="One or more NATS servers, comma-separated.")
    nats_user: str | None = Field(None, description="The NATS user.")
    nats_password: SecretStr | None = Field(None, description="Its password.")
    nats_token: SecretStr | None = Field(None, description="A token in place of user and password.")
    nats_creds: Path | None = Field(None, description="A credentials file (JWT and NKey) in their place.")
    nats_ca_file: Path | None = Field(None, description="CA bundle that the NATS servers are verified with.")
    nats_cert_file: Path | None = Field(None, description="The client's certificate.")
    nats_key_file: Path | None = Field(None, description="Its key.")
    nats_monitor_url: str | None = Field(None, description="NATS's monitoring address, for `onramp doctor`.")
    intake_url: str = Field("http://127.0.0.1:8080", description="Where intake listens.")
    token: SecretStr | None = Field(None, description="A bearer token for intake, where people sign in.")
    token_file: Path | None = Field(None, description="A file with it, in its place.")
    operator: str = Field(default_factory=_who, description="Who acts, as the operations record it.")

    @property
    def wants_tls(self) -> bool:
        """Whether the connection to NATS is to be encrypted."""
        return wants_tls(self.nats_url, self.nats_ca_file, self.nats_cert_file)

    def bearer(self) -> str | None:
        """The token for intake. Raises `typer.BadParameter` where its file can't be read."""
        if self.token or self.token_file is None:
            return self.token.get_secret_value() if self.token else None
        try:
            return self.token_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{self.token_file}: {error}", param_hint="--token-file") from None


_given: ContextVar[Access | None] = ContextVar("access", default=None)


def access() -> Access:
    """What the flags, the environment and the context file of this run say."""
    return _given.get() or Access()


def from_flags(
    context: Annotated[
        str | None,
        typer.Option(envvar="NATS_CONTEXT", help="A context of the `nats` tool, by its name."),
    ] = None,
    nats_url: Annotated[
        str | None, typer.Option(help="NATS servers, comma-separated. [dim]ONRAMP_NATS_URL[/]")
    ] = None,
    nats_user: Annotated[
        str | None,
        typer.Option(help="NATS user; ONRAMP_NATS_PASSWORD is its password. [dim]ONRAMP_NATS_USER[/]"),
    ] = None,
    nats_creds: Annotated[
        Path | None, typer.Option(help="Credentials file. [dim]ONRAMP_NATS_CREDS[/]")
    ] = None,
    nats_ca_file: Annotated[Path | None, typer.Option(help="CA bundle. [dim]ONRAMP_NATS_CA_FILE[/]")] = None,
    intake_url: Annotated[
        str | None, typer.Option(help="Intake's address. [dim]ONRAMP_INTAKE_URL[/]")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="A bearer token for intake; or ONRAMP_TOKEN. [dim]ONRAMP_TOKEN_FILE[/]"),
    ] = None,
    operator: Annotated[
        str | None, typer.Option(help="Who acts, for the record. [dim]ONRAMP_OPERATOR[/]")
    ] = None,
) -> None:
    """From a scanned BMC label to a server that Kubernetes can use.

    Exit codes: 0 all is well; 1 the output says what is not; 2 used wrongly; 3 NATS or a service does not
    answer; 4 refused, for the reason that is printed.

    [dim]$[/] onramp --context production servers --state failed
    """
    flags = {
        "nats_url": nats_url,
        "nats_user": nats_user,
        "nats_creds": nats_creds,
        "nats_ca_file": nats_ca_file,
        "intake_url": intake_url,
        "token_file": token_file,
        "operator": operator,
    }
    said = {name: value for name, value in flags.items() if value is not None}
    _given.set(Access(**{**(_of_context(context) if context else {}), **said}))


def _of_context(name: str) -> dict[str, Any]:
    """What the context says and the environment does not."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    file = folder / "nats" / "context" / f"{name}.json"
    try:
        told = json.loads(file.read_text())
        if not isinstance(told, dict):
            raise ValueError("it is no JSON object")
        if wrong := [key for key in CONTEXT_FIELDS if not isinstance(told.get(key) or "", str)]:
            raise ValueError(f"what it says of {' and '.join(wrong)} is no text")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"no usable context {name}: {error}", param_hint="--context") from None
    ours = {CONTEXT_FIELDS[key]: value for key, value in told.items() if key in CONTEXT_FIELDS and value}
    return {name: value for name, value in ours.items() if f"ONRAMP_{name.upper()}" not in os.environ}
