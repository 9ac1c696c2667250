"""What enrolling would do, difference by difference: what is wanted, and what was found in its place."""

from collections.abc import Iterator, Mapping
from typing import Any

from events.types import Outcome
from events.verdicts import Verdict, Would
from metal3_sync.handler.decide import Plan, differing
from metal3_sync.handler.values import FoundHost
from metal3_sync.handler.wanted import WantedHost

STEP = "metal3_sync"

_WOULD = {Outcome.CREATED: Would.CREATE, Outcome.CHANGED: Would.CHANGE, Outcome.UNCHANGED: Would.NOTHING}


def foreseen(wanted: WantedHost, secret: Outcome, found: FoundHost | None, plan: Plan) -> Verdict:
    """The verdict. A Secret that is gone is made again, whatever becomes of its host."""
    changes = tuple(_changes(wanted, secret, found, plan))
    would = Would.CREATE if secret is Outcome.CREATED else _WOULD[plan.outcome]
    reason = "; ".join(changes) or f"{wanted.label} is as this scan wants it"
    return Verdict(step=STEP, would=would, reason=reason, changes=changes)


def _changes(wanted: WantedHost, secret: Outcome, found: FoundHost | None, plan: Plan) -> Iterator[str]:
    if secret is Outcome.CREATED:
        yield f"{wanted.secret_label}: wanted, found none"
    if found is None:
        yield f"{wanted.label}: wanted, found none"
        differences = {name: ("", value) for name, value in _fields(wanted.spec())}
    else:
        differences = differing(wanted, found)
    for name, (old, new) in differences.items():
        yield f"{name}: wanted {new}, found {old or 'none'}"
    if plan.then is not None:
        yield plan.then.reason


def _fields(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Its fields, those of `bmc` by their own names."""
    for name, value in spec.items():
        if name == "bmc":
            yield from ((f"bmc.{key}", each) for key, each in value.items())
        else:
            yield name, value
