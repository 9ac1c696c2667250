"""What metal3_sync makes of an API server that fails, denies or forgets: only an emulator can be told to."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from events.breaker import Backend
from events.errors import Refuse, Retry, StepError, Unreachable
from events.types import Outcome
from metal3_sync.client import KubernetesCluster
from tests.contract.hosts.emulated import Emulated, emulated, kubeconfig
from tests.contract.hosts.subject import SAMPLE, Machine

HOSTS, SECRETS = "/baremetalhosts", "/secrets"


async def test_a_new_server_costs_four_requests_and_an_unchanged_one_two(
    emulator: Emulated, breakable: Machine
) -> None:
    emulator.reset_counts()
    await breakable.enroll()
    assert sum(emulator.counts()) == 4
    emulator.reset_counts()
    await breakable.enroll()
    assert emulator.counts() == (2, 0)


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_a_server_that_fails_is_unreachable(
    emulator: Emulated, breakable: Machine, status: int
) -> None:
    with emulator.fault("error", status=status), pytest.raises(Unreachable) as unreachable:
        await breakable.enroll()
    assert str(emulator.http.base_url).rstrip("/") in unreachable.value.reason


async def test_a_server_that_does_not_answer_in_time_is_unreachable(
    emulator: Emulated, breakable: Machine
) -> None:
    with emulator.fault("slow", seconds=1.0), pytest.raises(Unreachable, match="ReadTimeoutError"):
        await breakable.enroll(settings={"kube_read_timeout": 0.2})


async def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    nowhere = Emulated(*[kubeconfig(tmp_path / "config", "http://127.0.0.1:9", "token")] * 2)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        await nowhere.cluster().ready()
    Backend.by_address.clear()


async def test_too_many_requests_are_waited_for(emulator: Emulated, breakable: Machine) -> None:
    with emulator.fault("error", status=429), pytest.raises(Retry, match="429") as waiting:
        await breakable.enroll()
    assert not isinstance(waiting.value, Unreachable)


@pytest.mark.parametrize(
    ("verb", "resource"),
    [("get", "secrets"), ("patch", "secrets"), ("get", "baremetalhosts"), ("create", "baremetalhosts")],
)
async def test_a_missing_right_is_waited_for_naming_verb_and_resource(
    emulator: Emulated, breakable: Machine, verb: str, resource: str
) -> None:
    with emulator.denied(verb=verb, resource=resource), pytest.raises(Retry) as waiting:
        await breakable.enroll()
    named = {"secrets": "Secret", "baremetalhosts": "BareMetalHost"}[resource]
    assert named in waiting.value.reason
    assert "grant it" in waiting.value.reason
    assert (await breakable.enroll()).outcome in (Outcome.CREATED, Outcome.CHANGED)


async def test_an_unknown_token_is_waited_for(emulator: Emulated, tmp_path: Path) -> None:
    stale = kubeconfig(tmp_path / "config", str(emulator.http.base_url), "stale")
    with pytest.raises(Retry, match="mend KUBECONFIG"):
        await KubernetesCluster(emulator.settings(ONRAMP_KUBECONFIG=str(stale))).ready()


async def test_missing_crds_are_not_taken_for_a_missing_host(emulator: Emulated, breakable: Machine) -> None:
    with (
        emulator.fault("error", method="GET", path=HOSTS, status=404, body="404 page not found"),
        pytest.raises(Retry) as waiting,
    ):
        await breakable.enroll()
    assert "CRDs" in waiting.value.reason


async def test_what_the_operators_webhook_denies_is_refused_in_its_words(breakable: Machine) -> None:
    with pytest.raises(Refuse, match=r"admission webhook .* denied the request"):
        await breakable.enroll(bmc_address="ilo4://192.0.2.1")


@pytest.mark.parametrize("path", [HOSTS, SECRETS])
async def test_an_answer_that_was_lost_is_made_good(
    emulator: Emulated, breakable: Machine, path: str
) -> None:
    with emulator.fault("drop", method="PATCH", path=path, times=1), pytest.raises(Unreachable):
        await breakable.enroll()
    await breakable.enroll()
    assert breakable.credentials() == SAMPLE
    assert breakable.host()["spec"]["bmc"]["credentialsName"] == breakable.secret_name


@pytest.mark.parametrize("status", [400, 409, 422, 500])
async def test_no_error_ever_quotes_a_password(emulator: Emulated, breakable: Machine, status: int) -> None:
    quoting = f'{{"kind": "Status", "message": "cannot take {SAMPLE.password}", "code": {status}}}'
    fault: dict[str, Any] = {"method": "PATCH", "path": SECRETS, "status": status, "body": quoting}
    with emulator.fault("error", **fault), pytest.raises(StepError) as failed:
        await breakable.enroll()
    assert SAMPLE.password not in failed.value.reason


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    with (
        emulated(tmp_path, ssl_certfile=str(certificate)) as untrusted,
        pytest.raises(Unreachable, match=r"certif|SSL"),
    ):
        await untrusted.cluster().ready()
    Backend.by_address.clear()


async def test_a_kubeconfig_that_is_none_is_named(emulator: Emulated, tmp_path: Path) -> None:
    with pytest.raises(Refuse, match="nothing-here"):
        KubernetesCluster(emulator.settings(ONRAMP_KUBECONFIG=str(tmp_path / "nothing-here")))
