"""What the environment may say of the Kea servers."""

import pytest
from pydantic import ValidationError

from kea_sync.handler.acts import Store
from kea_sync.settings import Settings

ONE = '{"name": "kea-a", "url": "https://kea-a:8443/", "username": "onramp", "password": "not-in-any-log"'


def test_servers_come_as_json_with_sensible_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRAMP_KEA_SERVERS", f"[{ONE}, " + '"prefixes": ["10.0.0.0/8"]}]')

    [server] = Settings().kea_servers

    assert (server.store, server.control_agent, server.subnet_id) == (Store.DATABASE, False, None)
    assert "not-in-any-log" not in repr(server)


@pytest.mark.parametrize(
    "servers",
    ["[]", f'[{ONE}, "nonsense": 1}}]', f'[{ONE}, "prefixes": ["x"]}}]', '[{"name": "a", "url": "ftp://a"}]'],
)
def test_what_makes_no_sense_is_refused_without_quoting_a_password(
    monkeypatch: pytest.MonkeyPatch, servers: str
) -> None:
    monkeypatch.setenv("ONRAMP_KEA_SERVERS", servers)

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert "not-in-any-log" not in str(refused.value)


def test_a_url_with_a_password_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://onramp:not-in-any-log@kea-a:8443/"
    monkeypatch.setenv("ONRAMP_KEA_SERVERS", f'[{{"name": "kea-a", "url": "{url}"}}]')

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert "not-in-any-log" not in str(refused.value)
