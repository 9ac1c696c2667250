"""Two OpenBao servers for all of these tests: one over HTTP, one over HTTPS with a CA of its own."""

from collections.abc import Iterator

import pytest
import trustme

from events.values import ServerName
from onramp.sandbox import openbao
from tests import engines
from tests.contract.secrets.subject import Subject


@pytest.fixture(scope="session")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    server = openbao.start(tmp_path_factory.mktemp("openbao") / "server", spawn=engines.openbao)
    yield Subject(server)
    server.stop()


@pytest.fixture(scope="session")
def tls_subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    folder = tmp_path_factory.mktemp("openbao-tls") / "server"
    folder.mkdir()
    authority = trustme.CA()
    certificate = folder / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    authority.cert_pem.write_to_path(str(certificate), append=True)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = openbao.start(folder, certificate=certificate, spawn=engines.openbao)
    yield Subject(server, ca_file=folder / "ca.pem")
    server.stop()


@pytest.fixture
def server(subject: Subject) -> ServerName:
    """A server that OpenBao has never heard of."""
    return ServerName(subject.name("dcoa-ra07u45"))
