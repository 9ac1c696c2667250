"""Which backends the sandbox stands on, by what the environment names."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from onramp.sandbox.backends import Backends
from onramp.sandbox.processes import NotStarted

ROLES = {
    "ONRAMP_VAULT_WRITER_ROLE_ID": "writer",
    "ONRAMP_VAULT_WRITER_SECRET_ID": "s.1",
    "ONRAMP_METAL3_SYNC_ROLE_ID": "reader",
    "ONRAMP_METAL3_SYNC_SECRET_ID": "s.2",
}


def chosen(folder: Path, environment: Mapping[str, str]) -> Backends:
    backends = Backends.chosen(folder, environment)
    backends.start_openbao({"ONRAMP_OPENBAO_ADDRESS": "https://bao:8200", **ROLES, **environment})
    return backends


def test_what_the_environment_names_is_not_emulated(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch()
    backends = chosen(
        tmp_path,
        {
            "ONRAMP_NETBOX_URL": "https://netbox",
            "ONRAMP_KEA_SERVERS": '[{"name": "a", "url": "https://a:8443/"}]',
            "ONRAMP_KUBECONFIG": str(kubeconfig),
        },
    )
    assert not backends.emulators
    assert backends.openbao_server is None
    assert backends.openbao_roles["metal3-sync"].role_id == "reader"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ONRAMP_KEA_SERVERS", "kea-a"),
        ("ONRAMP_KEA_SERVERS", '{"name": "a", "url": "https://a:8443/"}'),
        ("ONRAMP_KEA_SERVERS", '[{"name": "a"}]'),
        ("ONRAMP_KUBECONFIG", "/nonexistent/kubeconfig"),
        ("ONRAMP_METAL3_SYNC_ROLE_ID", ""),
    ],
)
def test_what_can_not_be_used_is_named_before_anything_starts(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(NotStarted, match=name):
        chosen(tmp_path, {name: value})
