"""A service that is started with settings that won't do says which, and shows none of its secrets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRETS = {
    "ONRAMP_NATS_PASSWORD": "nats-secret123",
    "ONRAMP_OPENBAO_SECRET_ID": "openbao-secret123",
    "ONRAMP_NETBOX_TOKEN": "netbox-secret123",
    "ONRAMP_OIDC_CLIENT_SECRET": "oidc-secret123",
    "ONRAMP_KEA_SERVERS": '[{"name": "a", "url": "http://a", "password": "kea-secret123"}]',
}


def said(*arguments: str, **settings: str) -> str:
    """The last words of a process that does not start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRAMP_")}
    command = [sys.executable, *arguments]
    ran = subprocess.run(command, env={**kept, **SECRETS, **settings}, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "secret123" not in ran.stdout + ran.stderr
    return ran.stderr


@pytest.mark.parametrize("service", ["vault_writer", "metal3_sync"])
def test_a_missing_setting_is_named_without_the_secrets_beside_it(service: str) -> None:
    assert said("-m", f"{service}.app") == "ONRAMP_OPENBAO_ROLE_ID: Field required\n"


@pytest.mark.parametrize("service", ["intake", "netbox_sync", "vault_writer", "kea_sync", "metal3_sync"])
def test_an_invalid_setting_is_named_without_the_secrets_beside_it(service: str) -> None:
    told = said("-m", f"{service}.app", ONRAMP_OPENBAO_ROLE_ID="onramp", ONRAMP_HTTP_PORT="none")
    assert told.startswith("ONRAMP_HTTP_PORT: Input should be a valid integer")


@pytest.mark.parametrize(
    ("servers", "why"),
    [
        ("secret123", "ONRAMP_KEA_SERVERS: it is no JSON"),
        (
            '[{"name": "a", "url": "http://a", "password": "secret123", "ca_file": "/nowhere"}]',
            "ONRAMP_KEA_SERVERS[0]['ca_file']: Path does not point to a file",
        ),
    ],
)
def test_a_setting_of_several_parts_is_named_with_the_part(servers: str, why: str) -> None:
    assert why in said("-m", "kea_sync.app", ONRAMP_KEA_SERVERS=servers)


def test_settings_that_do_not_go_together_are_told_in_a_sentence() -> None:
    told = said("-m", "intake.app", ONRAMP_REQUIRE_SIGNIN="true")
    assert "ONRAMP_REQUIRE_SIGNIN" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"url": "nats://127.0.0.1", "token": ["secret123"]}', "what it says of token is no text"),
        ('["secret123"]', "it is no JSON object"),
        ("secret123", "Expecting value"),
    ],
)
def test_a_context_file_that_will_not_do_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    context = tmp_path / "nats" / "context" / "lab.json"
    context.parent.mkdir(parents=True)
    context.write_text(text)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    told = said("-c", "from onramp.cli import app; app()", "--context", "lab", "servers")
    assert why in " ".join(told.replace("│", " ").split())
    assert "Traceback" not in told
