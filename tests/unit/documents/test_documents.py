"""The documents say what the code says."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

import kea_sync.handler
import metal3_sync.handler
import netbox_sync.handler
import vault_writer.handler
from events.asyncapi import document
from events.asyncapi.chain import STEPS, publishers
from events.asyncapi.meanings import MEANINGS
from events.asyncapi.schemas import VALUES
from events.envelope import decode
from events.types import ENDS, EVENTS, Event
from onramp.documents import files
from onramp.documents.settings import SERVICES, settings

ROOT = Path(__file__).parents[3]
WRITTEN = [ROOT / "docs/architecture.md", *sorted((ROOT / "docs/decisions").glob("*.md"))]
VERBS = {
    "netbox_sync": netbox_sync.handler.record_device,
    "vault_writer": vault_writer.handler.store_credentials,
    "kea_sync": kea_sync.handler.reserve_address,
    "metal3_sync": metal3_sync.handler.enroll_host,
}


@pytest.fixture(scope="module")
def asyncapi() -> Any:
    return json.loads(document())


def test_no_document_is_stale() -> None:
    assert files.stale(ROOT) == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which every document is up to date."""
    shutil.copy(ROOT / "README.md", tmp_path)
    files.write(tmp_path)
    return tmp_path


def test_a_document_that_was_changed_by_hand_is_stale(checkout: Path) -> None:
    (checkout / "docs/events/README.md").write_text("# Events\n")
    assert files.stale(checkout) == ["docs/events/README.md"]


def test_a_setting_that_was_changed_by_hand_in_the_readme_is_stale(checkout: Path) -> None:
    readme = checkout / "README.md"
    readme.write_text(readme.read_text().replace("`ONRAMP_NATS_URL`", "`ONRAMP_NATS_ADDRESS`"))
    assert files.stale(checkout) == ["README.md"]


def test_what_is_written_by_hand_in_the_readme_stays(checkout: Path) -> None:
    readme = checkout / "README.md"
    readme.write_text(readme.read_text().replace("# Onramp", "# Our Onramp", 1))
    assert files.stale(checkout) == []


def test_a_missing_document_is_stale(tmp_path: Path) -> None:
    assert files.stale(tmp_path) == [*files.FILES, "README.md"]


def test_a_readme_without_a_place_for_the_settings_is_told(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Onramp\n")
    with pytest.raises(ValueError, match=r"README\.md has no place for settings"):
        files.write(tmp_path)


def test_every_reference_leads_somewhere(asyncapi: Any) -> None:
    references = list(_references(asyncapi))
    assert references
    for reference in references:
        found = asyncapi
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_event_has_a_channel_under_its_subject(asyncapi: Any) -> None:
    for name in EVENTS:
        assert asyncapi["channels"][name]["address"] == f"onboarding.{name}.{{site}}.{{server}}"


def test_every_event_is_sent_by_somebody_and_every_step_receives_one(asyncapi: Any) -> None:
    done = {(each["action"], each["channel"]["$ref"]) for each in asyncapi["operations"].values()}
    assert {("send", f"#/channels/{name}") for name in EVENTS} <= done
    assert {("receive", f"#/channels/{step.waits_for}") for step in STEPS.values()} <= done


def test_every_parameter_of_an_address_is_explained(asyncapi: Any) -> None:
    for channel in asyncapi["channels"].values():
        parts = {part[1:-1] for part in channel["address"].split(".") if part.startswith("{")}
        assert parts == channel.get("parameters", {}).keys()


def test_every_example_is_a_message_that_a_service_reads(asyncapi: Any) -> None:
    for name in EVENTS:
        message = asyncapi["components"]["messages"][name]
        [example] = message["examples"]
        event = decode(example["headers"], json.dumps(example["payload"]).encode()).event
        assert event.name == name
        assert set(message["headers"]["required"]) <= example["headers"].keys()
        assert example["headers"].keys() <= message["headers"]["properties"].keys()


@pytest.mark.parametrize("step", VERBS)
def test_what_a_step_publishes_is_what_its_verb_returns(step: str) -> None:
    returned = get_type_hints(VERBS[step])["return"]
    kinds: tuple[type[Event], ...] = get_args(returned) or (returned,)
    chained = {kind for kind in kinds if kind not in ENDS}
    assert chained == {e for e in EVENTS.values() if publishers(e) == [step] and e not in ENDS}
    assert all(publishers(kind) == [step] for kind in kinds)


def test_every_meaning_is_some_fields_own() -> None:
    models: list[type[BaseModel]] = [*EVENTS.values(), *VALUES]
    bare = [(m, name) for m in models for name, field in m.model_fields.items() if not field.description]
    needed = {f"{model.__name__}.{name}" for model, name in bare} | {name for _, name in bare}
    assert MEANINGS.keys() <= needed


def test_every_setting_is_explained_and_secrets_are_marked() -> None:
    lines = settings().splitlines()
    for service in SERVICES.values():
        assert all(field.description for field in service.model_fields.values())
    secrets = [line.split("`")[1] for line in lines if line.startswith("|") and "*secret*" in line]
    assert {"ONRAMP_NATS_PASSWORD", "ONRAMP_OPENBAO_SECRET_ID", "ONRAMP_NETBOX_TOKEN"} <= {*secrets}


@pytest.mark.parametrize("document", WRITTEN, ids=lambda path: path.name)
def test_every_file_and_test_that_a_document_names_is_there(document: Path) -> None:
    tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`([a-z0-9_./-]+)`", document.read_text()):
        if name.startswith(("libs/", "services/", "tests/")):
            assert (ROOT / name).exists(), name
        elif name.startswith("test_"):
            assert f"def {name}(" in tests, name


def _references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        for each in found.values():
            yield from _references(each)
    elif isinstance(found, list):
        for each in found:
            yield from _references(each)
