"""`doctor`: each thing that can be wrong is named, with what to do about it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from events.seal import KeyRecord, new_private_key, public_part
from events.stream import Stream
from events.verdicts import Would
from onramp.cli.probes import PROBES, Finding
from onramp.sandbox.nats import CONFIGURATION, NatsServer, Users, free_port, production
from tests import engines
from tests.integration.cli.conftest import Answers, Cli, unreadable, verdict
from tests.integration.rig import Rig

Found = Mapping[str, Mapping[str, str]]


async def _found(cli: Cli, **env: str | None) -> Found:
    """Each finding by its name. Something is always broken here: no service runs."""
    return {finding["check"]: finding for finding in await cli.json("doctor", code=1, **env)}


async def test_doctor_names_what_is_missing_and_what_to_type(rig: Rig, cli: Cli) -> None:
    await rig.stream.jetstream.delete_consumer("ONBOARDING", "kea_sync")
    found = await _found(cli)
    assert found["consumer kea_sync"]["found"] == "missing"
    assert found["consumer kea_sync"]["do"] == "run `onramp streams apply`"
    assert found["sealing keys"]["do"] == "run `onramp keys new`"
    assert "is it running?" in found["step kea_sync"]["found"]
    assert found["intake"]["health"] == "broken"
    assert found["clock"]["health"] == "ok"
    assert found["may replay"]["health"] == "ok"
    assert found["stream ONBOARDING"]["health"] == "ok"


async def test_doctor_stores_nothing(rig: Rig, cli: Cli) -> None:
    await cli("doctor", code=1)
    for name in ("ONBOARDING", "DEAD_LETTERS", "OPERATIONS"):
        assert (await rig.stream.jetstream.stream_info(name)).state.last_seq == 0


async def test_doctor_asks_the_steps_about_a_server_that_was_scanned(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await rig.scan("dcoa-ra01u07")
    await answering(kea_sync=lambda question: verdict(Would.UNKNOWN, f"kea-a is down for {question.server}"))
    found = await _found(cli)
    assert "kea-a is down for dcoa-ra01u07" in found["step kea_sync"]["found"]
    assert found["step kea_sync"]["health"] == "broken"


async def test_without_a_vault_writer_nobody_knows_whether_the_keys_open(rig: Rig, cli: Cli) -> None:
    record = KeyRecord(key=public_part(new_private_key("a")), made_at="2026-01-01T00:00:00+00:00")
    await rig.client.jetstream().publish("$KV.KEYS.a", record.model_dump_json().encode())
    finding = (await _found(cli))["sealing keys"]
    assert finding["health"] == "attention"
    assert "that seal: 1 of 1; whether they open is not known: vault_writer does not" in finding["found"]


async def test_a_stream_that_differs_is_named_with_the_field(rig: Rig, cli: Cli) -> None:
    config = (await rig.stream.jetstream.stream_info("DEAD_LETTERS")).config
    config.max_msgs_per_subject = 5
    await rig.stream.jetstream.update_stream(config)
    found = await _found(cli)
    assert found["stream DEAD_LETTERS"]["found"] == "max_msgs_per_subject: 5, wanted -1"
    assert found["stream DEAD_LETTERS"]["do"] == "run `onramp streams apply`"
    await cli("streams", "apply")
    assert (await _found(cli))["stream DEAD_LETTERS"]["health"] == "ok"


async def test_dead_letters_that_have_no_room_left_are_told_with_what_makes_room(rig: Rig, cli: Cli) -> None:
    config = (await rig.stream.jetstream.stream_info("DEAD_LETTERS")).config
    config.max_msgs = 1
    await rig.stream.jetstream.update_stream(config)
    assert (await _found(cli))["stream DEAD_LETTERS"]["health"] == "ok"
    await rig.client.jetstream().publish("dead.kea_sync.dcoa.dcoa-ra01u01.1", b"")
    finding = (await _found(cli))["stream DEAD_LETTERS"]
    assert (finding["health"], finding["found"]) == ("broken", "full: 1 of 1 messages")
    assert finding["do"] == "replay or discard what stands there, or give it more room"


def _home(folder: Path) -> Path:
    """The folder of such a server: all that one in a container sees."""
    home = folder / "another"
    home.mkdir(exist_ok=True)
    return home


@contextmanager
def another(folder: Path, configuration: str) -> Iterator[NatsServer]:
    """A server with a configuration of its own."""
    server = NatsServer(_home(folder), free_port(), configuration, spawn=engines.nats).start()
    try:
        yield server
    finally:
        server.stop()


async def test_nats_that_is_away_is_a_finding_among_others(cli: Cli) -> None:
    found = await _found(cli, ONRAMP_NATS_URL=f"nats://127.0.0.1:{free_port()}")
    assert "does not answer" in found["NATS"]["found"]
    assert found["NATS"]["do"] == "set ONRAMP_NATS_URL, or see that it runs"
    assert found["intake"]["do"] == "start it, or set ONRAMP_INTAKE_URL"


async def test_a_wrong_password_names_the_user_and_what_to_set(cli: Cli, tmp_path: Path) -> None:
    users = "authorization {{ users: [ {{ user: ann, password: right }} ] }}"
    with another(tmp_path, CONFIGURATION + users) as server:
        found = await _found(
            cli, ONRAMP_NATS_URL=server.url, ONRAMP_NATS_USER="ann", ONRAMP_NATS_PASSWORD="wrong-canary"
        )
    assert found["NATS"]["found"] == f"NATS at {server.url} refuses us as ann"
    assert found["NATS"]["do"] == "set ONRAMP_NATS_USER and ONRAMP_NATS_PASSWORD"


CREDENTIALS = """-----BEGIN NATS USER JWT-----
e30.e30.e30
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
SUAMLK2ZNL35WSMW37E7UD4VZ7ELPKW7DHC3BWBSD2GCZ7IUQQXZIORRBU
------END USER NKEY SEED------
"""
"""Of a user whom nobody knows."""


async def test_credentials_of_an_unknown_user_name_their_file(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ann.creds"
    file.write_text(CREDENTIALS)
    known = "UCK5N7N66OBOINFXAYC2ACJQYFSOD4VYNU6APEJTAVFZB2SVHLKGEW7L"
    users = f"authorization {{{{ users: [ {{{{ nkey: {known} }}}} ] }}}}"
    with another(tmp_path, CONFIGURATION + users) as server:
        found = await _found(cli, ONRAMP_NATS_URL=server.url, ONRAMP_NATS_CREDS=str(file))
    assert found["NATS"]["do"] == f"its account knows no user of {file}: mend ONRAMP_NATS_CREDS"


async def test_a_file_that_is_not_there_is_named(cli: Cli, tmp_path: Path) -> None:
    found = await _found(cli, ONRAMP_NATS_CREDS=str(tmp_path / "none.creds"))
    assert found["NATS"]["found"] == f"{tmp_path / 'none.creds'} can't be read"
    assert found["NATS"]["do"] == "mend ONRAMP_NATS_CREDS"


@pytest.fixture
def encrypted(tmp_path: Path) -> Callable[[str], str]:
    """A configuration with TLS by the name that the certificate is for; its CA is at `ca.pem`."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def configured(name: str) -> str:
        certificate = _home(tmp_path) / f"{name}.pem"
        ca.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(str(certificate))
        return f'{CONFIGURATION}tls {{{{ cert_file: "{certificate}", key_file: "{certificate}" }}}}'

    return configured


async def test_a_certificate_of_an_unknown_ca_asks_for_that_cas_own(
    cli: Cli, tmp_path: Path, encrypted: Callable[[str], str]
) -> None:
    with another(tmp_path, encrypted("127.0.0.1")) as server:
        unknown = await _found(cli, ONRAMP_NATS_URL=server.url)
        known = await _found(cli, ONRAMP_NATS_URL=server.url, ONRAMP_NATS_CA_FILE=str(tmp_path / "ca.pem"))
    assert "has a certificate of an unknown CA" in unknown["NATS"]["found"]
    assert unknown["NATS"]["do"] == "set ONRAMP_NATS_CA_FILE to that CA's certificate"
    assert known["NATS"]["health"] == "ok"


async def test_a_certificate_of_another_name_asks_for_a_name_that_is_in_it(
    cli: Cli, tmp_path: Path, encrypted: Callable[[str], str]
) -> None:
    with another(tmp_path, encrypted("nats.example.org")) as server:
        found = await _found(cli, ONRAMP_NATS_URL=server.url, ONRAMP_NATS_CA_FILE=str(tmp_path / "ca.pem"))
    assert "another's certificate" in found["NATS"]["found"]
    assert found["NATS"]["do"] == "set ONRAMP_NATS_URL to a name that is in it"


async def test_a_server_without_tls_is_told_where_tls_was_asked_for(
    rig: Rig, cli: Cli, tmp_path: Path, encrypted: Callable[[str], str]
) -> None:
    assert encrypted("127.0.0.1")
    by_ca = await _found(cli, ONRAMP_NATS_CA_FILE=str(tmp_path / "ca.pem"))
    by_address = await _found(cli, ONRAMP_NATS_URL=rig.server.url.replace("nats:", "tls:"))
    for found in (by_ca, by_address):
        assert "does not require TLS, which was asked for" in found["NATS"]["found"]
        assert found["NATS"]["do"] == "have it require TLS; nothing was sent to it"


async def test_a_clock_that_is_off_says_by_how_much(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "onramp.cli.probes.broker.now", lambda: datetime.now(UTC) - timedelta(hours=1, minutes=1)
    )
    clock = (await _found(cli))["clock"]
    assert clock["health"] == "attention"
    assert clock["found"].startswith("NATS's clock is 366")
    assert "ahead of" in clock["found"]
    assert "NTP" in clock["do"]


MONITORED = """
server_name: {{name}}
listen: 127.0.0.1:{{port}}
http: 127.0.0.1:{monitor}
jetstream {{{{ store_dir: "{{store}}", sync_interval: {interval} }}}}
"""


@pytest.mark.parametrize(("interval", "health"), [("always", "ok"), ("2m", "broken")])
async def test_whether_nats_syncs_what_it_acknowledges_is_read_from_its_monitoring(
    cli: Cli, tmp_path: Path, interval: str, health: str
) -> None:
    monitor = free_port()
    with another(tmp_path, MONITORED.format(monitor=monitor, interval=interval)) as server:
        url = f"http://127.0.0.1:{monitor}"
        found = await _found(cli, ONRAMP_NATS_URL=server.url, ONRAMP_NATS_MONITOR_URL=url)
    finding = found["sync_interval: always"]
    assert finding["health"] == health
    assert finding["do"] == ("" if health == "ok" else "set `sync_interval: always` in its jetstream block")


async def test_without_a_monitoring_address_it_says_what_to_set(cli: Cli) -> None:
    finding = (await _found(cli))["sync_interval: always"]
    assert (finding["health"], finding["found"]) == ("attention", "not known")
    assert finding["do"].startswith("set ONRAMP_NATS_MONITOR_URL")


async def test_a_monitoring_address_where_nobody_or_something_else_answers_is_to_be_mended(cli: Cli) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    finding = (await _found(cli, ONRAMP_NATS_MONITOR_URL=url))["sync_interval: always"]
    assert "does not answer" in finding["found"]
    assert finding["do"] == "mend ONRAMP_NATS_MONITOR_URL"


As = Callable[[str], dict[str, str]]


@pytest.fixture
async def production_user(tmp_path: Path) -> AsyncIterator[As]:
    """The environment of a user of the deployment's own configuration, by name."""
    users = Users.fresh()
    process, url = production(tmp_path, users)
    await process.start()
    yield lambda name: {"ONRAMP_NATS_URL": url, **users.credentials(name)}
    await process.stop()


async def test_what_a_user_may_not_do_is_named(cli: Cli, production_user: As) -> None:
    operator: dict[str, Any] = production_user("operator")
    await cli("streams", "apply", **operator)
    allowed, forbidden = await _found(cli, **operator), await _found(cli, **production_user("reader"))
    for check in ("may replay", "may record who did what", "may discard"):
        assert allowed[check]["health"] == "ok"
        assert forbidden[check]["health"] == "attention"
        assert forbidden[check]["do"] == "needed for operators only: use that NATS user"


async def test_a_scan_or_a_key_that_cannot_be_read_hides_no_other_finding(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await unreadable(rig, "dcoa-ra00u01")
    await rig.client.jetstream().publish("$KV.KEYS.bad", b"junk")
    await answering(kea_sync=lambda question: verdict(Would.NOTHING, f"for {question.server}"))
    found = await _found(cli)
    assert (found["sealing key bad"]["health"], found["sealing key bad"]["found"]) == (
        "broken",
        "can't be read",
    )
    assert found["sealing keys"]["found"] == "none that seals"
    assert found["step kea_sync"]["health"] == "ok"


async def test_what_a_probe_trips_over_is_named_and_the_others_go_on(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trips(_stream: Stream) -> list[Finding]:
        raise KeyError("canary")

    monkeypatch.setitem(PROBES, "clock", trips)
    found = await _found(cli)
    assert found["clock"]["found"] == "it can't be looked at: KeyError"
    assert found["stream ONBOARDING"]["health"] == "ok"
