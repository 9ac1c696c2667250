"""What the API server refuses, in our words.

::

    no connection, TLS, time-out, 5xx     Unreachable
    401, 403 (the authorizer), 404, 429   Retry, saying what to mend
    409 with field managers               FieldConflict; any other 409: Retry
    403 (an admission webhook), 4xx       Refuse

The text of an answer about a Secret is never quoted: it could hold what was sent.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kubernetes.client import ApiException
from urllib3.exceptions import HTTPError

from events.errors import Refuse, Retry, StepError, Unreachable
from metal3_sync.handler import FieldConflict

_MANAGER = re.compile(r'conflict with "([^"]+)"')
_DENIED = re.compile(r"denied (the )?request")


@dataclass(frozen=True)
class Asked:
    """What a request is about, for the sentence that says how it failed."""

    address: str
    verb: str
    what: str
    secret: bool = False


@contextmanager
def translated(asked: Asked) -> Iterator[None]:
    """Around one request: what the client library raises leaves as a `StepError`, without its text."""
    try:
        yield
    except ApiException as refusal:
        raise _translate(refusal, asked) from None
    except HTTPError as broken:
        raise _unreachable(asked, f"does not answer ({type(broken).__name__})") from None


def status_of(refusal: ApiException) -> Mapping[str, Any]:
    """The `metav1.Status` of a refusal; empty where the answer is none."""
    try:
        status = json.loads(refusal.body or "{}")
    except ValueError:
        status = {}
    return status if isinstance(status, dict) else {}


def _translate(refusal: ApiException, asked: Asked) -> StepError:
    status = status_of(refusal)
    code, message = refusal.status or 0, str(status.get("message", ""))
    said = f": {message}" if message and not asked.secret else ""
    doing = f"{asked.verb} {asked.what}"
    if code == 0 or code >= 500:
        return _unreachable(
            asked, f"can't {doing} ({code}{said})" if code else "shows no certificate we trust"
        )
    if code == 403 and not _DENIED.search(message):
        return Retry(f"Kubernetes does not let us {doing}: grant it in the namespace's Role{said}")
    if code == 409:
        return _conflict(status, asked)
    waits = {
        401: "Kubernetes does not know our credentials: mend KUBECONFIG or the service account",
        404: _missing(status, asked),
        410: f"Kubernetes no longer knows the version that {asked.what} was read at",
        429: "Kubernetes asks for fewer requests (429)",
    }
    if code in waits:
        return Retry(waits[code], delay=_retry_after(refusal) if code == 429 else None)
    causes = status.get("details", {}).get("causes", ())
    fields = ", ".join(sorted({str(cause.get("field")) for cause in causes}))
    return Refuse(
        f"Kubernetes refuses to {doing} ({code}){said or (fields and f': {fields}')}", culprit=asked.what
    )


def _unreachable(asked: Asked, how: str) -> Unreachable:
    return Unreachable(f"the Kubernetes API at {asked.address} {how}", backend=asked.address)


def _conflict(status: Mapping[str, Any], asked: Asked) -> StepError:
    managers = {
        str(cause.get("field", "")).lstrip("."): match.group(1)
        for cause in status.get("details", {}).get("causes", ())
        if (match := _MANAGER.search(str(cause.get("message", ""))))
    }
    if managers:
        held = ", ".join(f"{field} ({manager})" for field, manager in managers.items())
        return FieldConflict(f"{asked.what} was changed by another meanwhile: {held}", managers)
    return Retry(f"{asked.what} was changed by another meanwhile")


def _missing(status: Mapping[str, Any], asked: Asked) -> str:
    details = status.get("details", {})
    if details.get("kind") == "namespaces":
        return f"the namespace {details.get('name')} does not exist: create it, or mend ONRAMP_NAMESPACE"
    return f"Kubernetes does not know what {asked.what} is: are Metal3's CRDs installed?"


def _retry_after(refusal: ApiException) -> float | None:
    value = (refusal.headers or {}).get("Retry-After", "")
    return float(value) if value.isdigit() else None
