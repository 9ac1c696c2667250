"""Every setting of every service: its environment variable, its default and what it means."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import AliasChoices, BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

import intake.settings
import kea_sync.settings
import metal3_sync.settings
import netbox_sync.settings
import vault_writer.settings
from events.openbao import OpenBaoSettings
from events.settings import ServiceSettings
from onramp.documents.tables import table

SERVICES: dict[str, type[ServiceSettings]] = {
    "intake": intake.settings.Settings,
    "netbox_sync": netbox_sync.settings.Settings,
    "vault_writer": vault_writer.settings.Settings,
    "kea_sync": kea_sync.settings.Settings,
    "metal3_sync": metal3_sync.settings.Settings,
}

_HEAD = """\
Each is an environment variable. Lists and mappings are given as JSON. One without a default must be set. \
Those marked *secret* are shown in no log and no error text.

`ONRAMP_WIRING`, for all services alike, says which event a step waits for where that is not the usual one, \
as JSON: `{"metal3_sync": "bmc-proved"}`.
"""


def settings() -> str:
    """The README's section."""
    shared = [
        _section("Every service", ServiceSettings, ()),
        _section("Those that talk to OpenBao", OpenBaoSettings, ServiceSettings.model_fields),
    ]
    own = [_section(name, model, _inherited(model)) for name, model in SERVICES.items()]
    return "\n".join([_HEAD, *shared, *own])


def _inherited(model: type[ServiceSettings]) -> Iterable[str]:
    """The settings that a section of their own tells of."""
    base = OpenBaoSettings if issubclass(model, OpenBaoSettings) else ServiceSettings
    return base.model_fields


def _section(title: str, model: type[ServiceSettings], told: Iterable[str]) -> str:
    own = {name: field for name, field in model.model_fields.items() if name not in set(told)}
    rows = ((_variables(name, field), _default(field), _meaning(field)) for name, field in own.items())
    parts = [f"### {title}\n", table(("variable", "default", "meaning"), rows)]
    parts += [_nested(part) for field in own.values() for part in _models(field.annotation)]
    return "\n".join(parts)


def _nested(model: type[BaseModel]) -> str:
    """What stands in a setting that is a list of objects."""
    fields = model.model_fields.items()
    rows = ((f"`{name}`", _default(field), _meaning(field)) for name, field in fields)
    return f"#### {model.__name__}\n\n{model.__doc__}\n\n{table(('field', 'default', 'meaning'), rows)}"


def _variables(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else []
    return " or ".join(f"`{variable}`" for variable in names or [f"ONRAMP_{name.upper()}"])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, SecretStr) or default is None or default is PydanticUndefined:
        return ""
    plain = to_jsonable_python(default)
    return f"`{plain if isinstance(plain, str) else json.dumps(plain)}`"


def _meaning(field: FieldInfo) -> str:
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    return f"{field.description}{' *secret*' if secret else ''}"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models within an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
