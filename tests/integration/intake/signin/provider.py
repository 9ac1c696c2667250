"""A real OpenID provider (the package nanoidp), as a process on a loopback port."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from onramp.sandbox.nats import free_port

CLIENT, SECRET = "onramp-web", "client-secret"
STAFF = {
    "olga": ["staff", "onramp-operators"],
    "tom": ["staff", "onramp-technicians"],
    "vera": ["staff", "onramp-viewers"],
    "guest": ["staff"],
    "eve": ["onramp-operators"],
}
"""Who there is, each with a password of their own name, and their groups."""


class OidcProvider:
    """The process, its people, and the private key that a test signs with in its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        self._write("settings.yaml", _settings(self.issuer, port, folder / "keys"))
        users = {name: {"password": f"pw-{name}", "groups": groups} for name, groups in STAFF.items()}
        self._write("users.yaml", {"config_version": 1, "users": users})

    def start(self) -> None:
        """Run it, and wait until it answers."""
        command = [sys.executable, "-m", "nanoidp", "--config", str(self._folder), "--strict-config"]
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=self._log, stderr=self._log)
        give_up_at = time.monotonic() + 60
        while time.monotonic() < give_up_at and self._process.poll() is None:
            try:
                httpx.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status()
            except httpx.HTTPError:
                continue
            return
        raise RuntimeError((self._folder / "log").read_text()[-1000:])

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()

    def pause(self) -> None:
        """Answer nothing any more, though connections are taken."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        os.kill(self._process.pid, signal.SIGCONT)

    def rotate(self) -> None:
        """Sign with a new key from here on."""
        httpx.post(f"{self.issuer}/api/keys/rotate").raise_for_status()

    def tokens(self, name: str) -> dict[str, Any]:
        """What a script of this person gets."""
        form = {
            "grant_type": "password",
            "username": name,
            "password": f"pw-{name}",
            "scope": "openid profile",
        }
        answer = httpx.post(f"{self.issuer}/token", data=form, auth=(CLIENT, SECRET)).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def bearer(self, name: str) -> dict[str, str]:
        """The header of a script of this person."""
        return {"Authorization": f"Bearer {self.tokens(name)['access_token']}"}

    def key(self) -> RSAKey:
        """Its private key, with its id."""
        pem = (self._folder / "keys" / "rsa_private.pem").read_bytes()
        kid = (self._folder / "keys" / "kid.txt").read_text().strip()
        return RSAKey.import_key(pem, {"kid": kid})

    def signed(self, key: RSAKey | None = None, **changes: Any) -> str:
        """A token for olga as the provider makes it, but for the changes. `None` leaves a claim out."""
        key, now = key or self.key(), int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "onramp",
            "sub": "olga",
            "groups": STAFF["olga"],
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            **changes,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": key.kid}, present, key)

    async def sign_in(self, name: str, address: str) -> str:
        """What a person does at its page; the address that their browser is sent back to."""
        async with httpx.AsyncClient() as browser:
            page = await browser.get(address)
            [transaction] = re.findall(r'name="transaction_id" value="([^"]+)"', page.text)
            form = {"transaction_id": transaction, "username": name, "password": f"pw-{name}"}
            return (await browser.post(address, data=form)).headers["Location"]

    def _write(self, name: str, document: object) -> None:
        (self._folder / name).write_text(json.dumps(document))


def _settings(issuer: str, port: int, keys: Path) -> dict[str, Any]:
    back = [f"{scheme}://intake.test/callback" for scheme in ("http", "https")]
    client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": back}
    return {
        "config_version": 1,
        "server": {"host": "127.0.0.1", "port": port, "rate_limit_enabled": False},
        "oauth": {"issuer": issuer, "audience": "onramp", "clients": [client], "require_pkce": True},
        "jwt": {"keys_dir": str(keys)},
        "authority_prefixes": {"groups": "", "roles": ""},
    }
