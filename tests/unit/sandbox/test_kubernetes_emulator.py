"""The Kubernetes emulator, as the official client meets it over HTTP."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from kubernetes import client, dynamic, watch
from starlette.types import ASGIApp, Receive, Scope, Send

from onramp.sandbox.kubernetes.server import build

NAMESPACE, NAME = "metal3", "dcoa-rb06u31"
ADDRESS = "redfish-virtualmedia+https://192.0.2.31/redfish/v1/Systems/1"
APPLY = "application/apply-patch+yaml"
HOSTS = ("metal3.io", "v1alpha1", NAMESPACE, "baremetalhosts")
Object = dict[str, Any]
# The client's own types are too loose, or missing, for what it really returns.
Watch: Any = watch.Watch
DynamicClient: Any = dynamic.DynamicClient


class Cluster:
    """The emulator on a loopback port, and the official client on it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": "Bearer secret"})
        self.api = self.client("secret")
        self.hosts: Any = client.CustomObjectsApi(self.api)
        self.core: Any = client.CoreV1Api(self.api)

    def client(self, token: str) -> client.ApiClient:
        configuration = client.Configuration(host=self.url, api_key={"authorization": f"Bearer {token}"})
        return client.ApiClient(configuration)

    def apply_host(
        self, spec: Object, manager: str = "onramp", *, force: bool = False, **meta: Any
    ) -> Object:
        metadata = {"name": NAME, "namespace": NAMESPACE, **meta}
        body = {
            "apiVersion": "metal3.io/v1alpha1",
            "kind": "BareMetalHost",
            "metadata": metadata,
            "spec": spec,
        }
        applied: Object | None = self.hosts.patch_namespaced_custom_object(
            *HOSTS, NAME, body, field_manager=manager, force=force, _content_type=APPLY
        )
        # The client knows no answer but 200 to a patch, and returns nothing for a 201.
        return self.host() if applied is None else applied

    def apply_secret(self, password: str, manager: str = "onramp") -> Any:
        data = {"username": _encoded("ADMIN"), "password": _encoded(password)}
        labels = {"environment.metal3.io": "baremetal"}
        metadata = {"name": f"{NAME}-bmc", "namespace": NAMESPACE, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        return self.core.patch_namespaced_secret(
            f"{NAME}-bmc", NAMESPACE, body, field_manager=manager, _content_type=APPLY
        )

    def host(self) -> Object:
        found: Object = self.hosts.get_namespaced_custom_object(*HOSTS, NAME)
        return found

    def status(self) -> Object:
        found: Object = self.host().get("status", {})
        return found

    def wait(self, condition: Callable[[Object], object]) -> Object:
        """The first host seen that meets the condition."""
        found = self.host()
        if condition(found):
            return found
        events = Watch().stream(
            self.hosts.list_namespaced_custom_object, *HOSTS,
            resource_version=found["metadata"]["resourceVersion"], timeout_seconds=10,
        )  # fmt: skip
        return next(event["object"] for event in events if condition(event["object"]))

    def wait_for(self, state: str) -> Object:
        return self.wait(lambda host: _state(host) == state)

    def control(self, path: str, body: object = None, method: str = "POST") -> None:
        self.http.request(method, f"/_control/{path}", json=body).raise_for_status()


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _state(host: Object) -> str:
    state: str = host.get("status", {}).get("provisioning", {}).get("state", "")
    return state


def _spec(**more: Any) -> Object:
    return {"online": False, "bmc": {"address": ADDRESS, "credentialsName": f"{NAME}-bmc"}, **more}


def _status(refusal: pytest.ExceptionInfo[client.ApiException]) -> Object:
    body: Object = json.loads(refusal.value.body or "")
    return body


class Stage:
    """One running server for all tests; each puts its own emulator on it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, int]]:
    found, listener = Stage(), socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(found, lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    _until(lambda: server.started)
    yield found, listener.getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def cluster(stage: tuple[Stage, int]) -> Iterator[Cluster]:
    server, port = stage
    server.app = build({"onramp": "secret"}, passwords={ADDRESS: "right"}, step_seconds=0.01)
    found = Cluster(port)
    yield found
    found.control("watches/close")
    found.http.close()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_a_host_with_good_credentials_becomes_available(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec())
    status = cluster.wait_for("available")["status"]
    secret = cluster.core.read_namespaced_secret(f"{NAME}-bmc", NAMESPACE)
    assert status["operationalStatus"] == "OK"
    assert status["goodCredentials"] == {
        "credentials": {"name": f"{NAME}-bmc", "namespace": NAMESPACE},
        "credentialsVersion": secret.metadata.resource_version,
    }
    assert status["operationHistory"]["register"]["end"]
    assert secret.metadata.finalizers == ["baremetalhost.metal3.io/secret"]
    assert secret.metadata.owner_references[0].name == NAME


def test_every_state_of_the_walk_is_seen_by_a_watch(cluster: Cluster) -> None:
    version = cluster.apply_secret("right").metadata.resource_version
    cluster.apply_host(_spec())
    states = []
    for event in Watch().stream(
        cluster.hosts.list_namespaced_custom_object, *HOSTS, resource_version=version, timeout_seconds=10
    ):
        states.append(_state(event["object"]))
        if states[-1] == "available":
            break
    assert list(dict.fromkeys(states)) == ["", "registering", "inspecting", "preparing", "available"]


def test_a_wrong_password_ends_in_a_registration_error_until_the_secret_changes(cluster: Cluster) -> None:
    cluster.apply_secret("wrong")
    cluster.apply_host(_spec())
    failed = cluster.wait(lambda host: host.get("status", {}).get("errorType"))
    assert _state(failed) == "registering"
    assert failed["status"]["errorType"] == "registration error"
    assert "returned code 401" in failed["status"]["errorMessage"]
    cluster.apply_secret("right")
    assert "errorType" not in cluster.wait_for("available")["status"]


def test_a_missing_secret_is_named(cluster: Cluster) -> None:
    cluster.apply_host(_spec())
    failed = cluster.wait(lambda host: host.get("status", {}).get("errorType"))
    where = f"{NAMESPACE}/{NAME}-bmc"
    expected = f"BMC CredentialsName secret doesn't exist The BMC secret {where} does not exist"
    assert failed["status"]["errorMessage"] == expected


def test_plain_redfish_without_a_boot_mac_ends_in_a_registration_error(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec(bmc={"address": "redfish://192.0.2.31", "credentialsName": f"{NAME}-bmc"}))
    failed = cluster.wait(lambda host: host.get("status", {}).get("errorType"))
    assert failed["status"]["errorMessage"] == "BMC driver redfish requires a BootMACAddress value"


def test_good_credentials_follow_a_secret_that_changes_later(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec())
    cluster.wait_for("available")
    cluster.control("bmc", {ADDRESS: "new"}, "PUT")
    version = cluster.apply_secret("new").metadata.resource_version
    host = cluster.wait(lambda h: h["status"]["goodCredentials"].get("credentialsVersion") == version)
    assert _state(host) == "available"


def test_an_externally_provisioned_host_is_not_inspected(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec(externallyProvisioned=True))
    status = cluster.wait_for("externally provisioned")["status"]
    assert status["operationHistory"]["inspect"] == {"start": None, "end": None}


def test_an_available_host_takes_a_new_address_only_while_detached(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec())
    cluster.wait_for("available")
    moved = _spec(bmc={"address": f"{ADDRESS}0", "credentialsName": f"{NAME}-bmc"})
    with pytest.raises(client.ApiException) as refusal:
        cluster.apply_host(moved)
    assert _status(refusal)["message"] == (
        'admission webhook "baremetalhost.metal3.io" denied the request: BMC address can not be changed '
        "if the BMH is not in the Registering state, or if the BMH is not detached"
    )
    assert refusal.value.status == 403
    cluster.apply_host(_spec(), annotations={"baremetalhost.metal3.io/detached": ""})
    cluster.wait(lambda host: host["status"]["operationalStatus"] == "detached")
    cluster.apply_host(moved)
    cluster.wait(lambda host: host["status"]["operationalStatus"] == "OK")


def test_a_boot_mac_is_never_dropped(cluster: Cluster) -> None:
    cluster.apply_host(_spec(bootMACAddress="52:54:00:00:00:01"))
    with pytest.raises(client.ApiException, match="bootMACAddress can not be changed once it is set"):
        cluster.apply_host(_spec())


def test_a_host_without_online_is_invalid(cluster: Cluster) -> None:
    with pytest.raises(client.ApiException) as refusal:
        cluster.apply_host({"bmc": _spec()["bmc"]})
    status = _status(refusal)
    assert status["message"] == f'BareMetalHost.metal3.io "{NAME}" is invalid: spec.online: Required value'
    assert (status["code"], status["reason"]) == (422, "Invalid")


def test_another_managers_field_is_a_conflict_that_names_him(cluster: Cluster) -> None:
    cluster.apply_host(_spec(), manager="argo")
    with pytest.raises(client.ApiException) as refusal:
        cluster.apply_host(_spec(online=True))
    status = _status(refusal)
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "argo": .spec.online'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "argo"', "field": ".spec.online"}
    assert status["details"] == {"causes": [cause]}


def test_force_takes_the_field_over(cluster: Cluster) -> None:
    cluster.apply_host(_spec(), manager="argo")
    host = cluster.apply_host(_spec(online=True), force=True)
    entries = [entry for entry in host["metadata"]["managedFields"] if entry["operation"] == "Apply"]
    owned = {entry["manager"]: entry["fieldsV1"]["f:spec"] for entry in entries}
    assert "f:online" in owned["onramp"]
    assert "f:online" not in owned["argo"]


def test_a_field_that_its_only_owner_omits_is_dropped(cluster: Cluster) -> None:
    cluster.apply_host(_spec(description="a"))
    assert "description" not in cluster.apply_host(_spec())["spec"]


def test_a_field_that_another_owns_too_is_kept(cluster: Cluster) -> None:
    cluster.apply_host(_spec(description="a"))
    cluster.apply_host(_spec(description="a"), manager="argo")
    assert cluster.apply_host(_spec())["spec"]["description"] == "a"


def test_an_apply_that_changes_nothing_keeps_the_version(cluster: Cluster) -> None:
    first = cluster.apply_secret("right")
    assert cluster.apply_secret("right").metadata.resource_version == first.metadata.resource_version


def test_an_update_is_recorded_under_its_own_manager(cluster: Cluster) -> None:
    cluster.apply_host(_spec())
    patch = {"spec": {"online": True}}
    host = cluster.hosts.patch_namespaced_custom_object(
        *HOSTS, NAME, patch, field_manager="admin", _content_type="application/merge-patch+json"
    )
    entry = next(entry for entry in host["metadata"]["managedFields"] if entry["manager"] == "admin")
    assert (entry["operation"], entry["fieldsV1"]) == ("Update", {"f:spec": {"f:online": {}}})
    with pytest.raises(client.ApiException, match=r'conflict with \\"admin\\" using metal3.io/v1alpha1'):
        cluster.apply_host(_spec())


def test_only_a_change_of_the_spec_makes_a_new_generation(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec())
    assert cluster.wait_for("available")["metadata"]["generation"] == 1
    assert cluster.apply_host(_spec(online=True))["metadata"]["generation"] == 2


def test_a_stale_update_is_refused(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    stale = cluster.core.read_namespaced_secret(f"{NAME}-bmc", NAMESPACE)
    cluster.apply_secret("other")
    with pytest.raises(client.ApiException, match="the object has been modified") as refusal:
        cluster.core.replace_namespaced_secret(f"{NAME}-bmc", NAMESPACE, stale)
    assert refusal.value.status == 409


def test_an_expired_version_is_told_as_410(cluster: Cluster) -> None:
    version = cluster.apply_secret("right").metadata.resource_version
    cluster.apply_secret("other")
    cluster.control("expire")
    query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "1"}
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets"
    event = json.loads(cluster.http.get(path, params=query).text)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
    assert event["object"]["message"].startswith("too old resource version")
    cluster.control("expire", {"as": "status"})
    assert cluster.http.get(path, params=query).status_code == 410


def test_a_watch_that_ends_says_how_far_it_came(cluster: Cluster) -> None:
    version = cluster.apply_secret("right").metadata.resource_version
    query = {
        "watch": "true",
        "resourceVersion": version,
        "timeoutSeconds": "0.1",
        "allowWatchBookmarks": "true",
    }
    event = json.loads(cluster.http.get(f"/api/v1/namespaces/{NAMESPACE}/secrets", params=query).text)
    assert (event["type"], event["object"]["metadata"]["resourceVersion"]) == ("BOOKMARK", version)


def test_a_hanging_watch_is_silent_until_it_may_speak(cluster: Cluster) -> None:
    cluster.control("watches/hang")
    query = {"watch": "true", "timeoutSeconds": "20"}
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets"
    with cluster.http.stream("GET", path, params=query, timeout=0.3) as answer:
        cluster.apply_secret("right")
        with pytest.raises(httpx.ReadTimeout):
            next(answer.iter_lines())


def test_a_deleted_host_goes_when_the_operator_lets_it(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec())
    cluster.wait_for("available")
    held = cluster.hosts.delete_namespaced_custom_object(*HOSTS, NAME)
    assert held["metadata"]["deletionTimestamp"]
    _until(lambda: not cluster.hosts.list_namespaced_custom_object(*HOSTS)["items"])
    assert not cluster.core.read_namespaced_secret(f"{NAME}-bmc", NAMESPACE).metadata.finalizers


def test_what_is_not_there_is_not_found(cluster: Cluster) -> None:
    with pytest.raises(client.ApiException) as refusal:
        cluster.host()
    assert _status(refusal)["message"] == f'baremetalhosts.metal3.io "{NAME}" not found'
    with pytest.raises(client.ApiException, match=r'namespaces \\"nowhere\\" not found'):
        cluster.core.create_namespaced_secret(
            "nowhere", {"metadata": {"name": "x"}, "kind": "Secret", "apiVersion": "v1"}
        )


def test_a_denied_verb_is_forbidden_in_the_authorizers_words(cluster: Cluster) -> None:
    cluster.control("denials", [{"verb": "patch", "resource": "secrets"}], "PUT")
    with pytest.raises(client.ApiException) as refusal:
        cluster.apply_secret("right")
    assert _status(refusal)["message"] == (
        f'secrets "{NAME}-bmc" is forbidden: User "onramp" cannot patch resource "secrets" '
        f'in API group "" in the namespace "{NAMESPACE}"'
    )
    attributes = client.V1ResourceAttributes(verb="patch", resource="secrets", namespace=NAMESPACE)
    review = client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    )
    reviews: Any = client.AuthorizationV1Api(cluster.api)
    answer = reviews.create_self_subject_access_review(review)
    assert answer.status.allowed is False


def test_a_wrong_token_is_unauthorized(cluster: Cluster) -> None:
    with pytest.raises(client.ApiException) as refusal:
        client.CoreV1Api(cluster.client("other")).list_namespace()
    assert refusal.value.status == 401


def test_the_dynamic_client_discovers_and_applies(cluster: Cluster) -> None:
    found = DynamicClient(cluster.api).resources.get(api_version="metal3.io/v1alpha1", kind="BareMetalHost")
    metadata = {"name": NAME, "namespace": NAMESPACE}
    body = {
        "apiVersion": "metal3.io/v1alpha1",
        "kind": "BareMetalHost",
        "metadata": metadata,
        "spec": _spec(),
    }
    assert found.server_side_apply(body=body, field_manager="onramp").spec.automatedCleaningMode == "metadata"


def test_a_frozen_host_moves_only_when_it_is_told_to(cluster: Cluster) -> None:
    cluster.apply_host(_spec(), annotations={"baremetalhost.metal3.io/paused": ""})
    cluster.control(f"hosts/{NAMESPACE}/{NAME}/freeze")
    cluster.apply_host(_spec())
    for _step in range(2):
        cluster.control(f"hosts/{NAMESPACE}/{NAME}/advance")
    assert _state(cluster.host()) == "registering"
    cluster.control(f"hosts/{NAMESPACE}/{NAME}/status", {"operationalStatus": "delayed"}, "PATCH")
    assert cluster.status()["operationalStatus"] == "delayed"


def test_a_json_patch_whose_test_fails_changes_nothing(cluster: Cluster) -> None:
    cluster.apply_host(_spec())
    patch = [
        {"op": "test", "path": "/spec/online", "value": True},
        {"op": "replace", "path": "/spec/description", "value": "a"},
    ]
    cluster.control(f"hosts/{NAMESPACE}/{NAME}/freeze")
    before = cluster.host()["metadata"]["resourceVersion"]
    with pytest.raises(client.ApiException) as refusal:
        cluster.hosts.patch_namespaced_custom_object(
            *HOSTS, NAME, patch, _content_type="application/json-patch+json"
        )
    assert refusal.value.status == 422
    assert cluster.host()["metadata"]["resourceVersion"] == before


def test_a_list_comes_in_pages(cluster: Cluster) -> None:
    for name in ("a", "b", "c"):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        cluster.core.create_namespaced_secret(NAMESPACE, secret)
    first = cluster.core.list_namespaced_secret(NAMESPACE, limit=2)
    rest = cluster.core.list_namespaced_secret(NAMESPACE, limit=2, _continue=first.metadata._continue)
    assert [found.metadata.name for found in (*first.items, *rest.items)] == ["a", "b", "c"]


def test_an_object_that_no_longer_fits_the_selector_is_gone_for_its_watch(cluster: Cluster) -> None:
    version = cluster.apply_secret("right").metadata.resource_version
    patch = {"metadata": {"labels": {"environment.metal3.io": "other"}}}
    cluster.core.patch_namespaced_secret(f"{NAME}-bmc", NAMESPACE, patch)
    events = Watch().stream(
        cluster.core.list_namespaced_secret, NAMESPACE, resource_version=version,
        label_selector="environment.metal3.io=baremetal", timeout_seconds=5,
    )  # fmt: skip
    assert next(events)["type"] == "DELETED"


def test_only_the_callers_requests_are_counted(cluster: Cluster) -> None:
    cluster.apply_secret("right")
    cluster.apply_host(_spec())
    cluster.http.post("/_emulator/reset-counts")
    cluster.wait(lambda host: host.get("status", {}).get("errorType") or _state(host) == "available")
    assert cluster.http.get("/_emulator/counts").json()["writes"] == 0


def test_a_name_that_is_no_dns_name_is_invalid(cluster: Cluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "DCOA"}}
    with pytest.raises(client.ApiException, match="a lowercase RFC 1123 subdomain must consist of"):
        cluster.core.create_namespaced_secret(NAMESPACE, secret)
