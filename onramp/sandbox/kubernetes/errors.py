"""The refusals of an API server, as the `metav1.Status` bodies that it sends."""

from collections.abc import Sequence
from typing import Any

from onramp.sandbox.kubernetes.resources import Object, Resource


class Refused(Exception):
    """A request that is answered with `status`, a `metav1.Status` body."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        self.status |= {"message": message, "reason": reason}
        self.status |= {"details": details} if details else {}
        self.status |= {"code": code}


def _details(resource: Resource, name: str = "", **more: Any) -> Object:
    found = {"name": name, "group": resource.group, "kind": resource.plural, **more}
    return {key: value for key, value in found.items() if value}


def unauthorized() -> Refused:
    """401: a token that nobody has."""
    return Refused(401, "Unauthorized", "Unauthorized")


def forbidden(resource: Resource, name: str, why: str) -> Refused:
    """403, by the authorizer."""
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    return Refused(403, "Forbidden", f"{subject} is forbidden: {why}", _details(resource, name))


def denied_by_webhook(webhook: str, problems: Sequence[str]) -> Refused:
    """403, by an admission webhook; several problems are joined as the webhook joins them."""
    text = problems[0] if len(problems) == 1 else f"[{', '.join(dict.fromkeys(problems))}]"
    return Refused(403, "Forbidden", f'admission webhook "{webhook}" denied the request: {text}')


def not_found(resource: Resource, name: str) -> Refused:
    """404 for one object."""
    return Refused(404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name))


def already_exists(resource: Resource, name: str) -> Refused:
    """409: the name is taken."""
    message = f'{resource.qualified} "{name}" already exists'
    return Refused(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> Refused:
    """409: the object is no longer what the caller read."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return Refused(409, "Conflict", message, _details(resource, name))


def modified(resource: Resource, name: str) -> Refused:
    """409 for a stale `resourceVersion`."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why)


def invalid(resource: Resource, name: str, causes: Sequence[tuple[str, str, str]]) -> Refused:
    """422, with causes as (reason, field, message)."""
    texts = [f"{field}: {message}" for _reason, field, message in causes]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    named = [{"reason": reason, "message": message, "field": field} for reason, field, message in causes]
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": named}
    details = {key: value for key, value in details.items() if value}
    return Refused(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def bad_request(message: str) -> Refused:
    """400."""
    return Refused(400, "BadRequest", message)


def method_not_allowed() -> Refused:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return Refused(405, "MethodNotAllowed", message)


def unsupported_media_type(accepted: Sequence[str]) -> Refused:
    """415."""
    known = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {known}"
    return Refused(415, "UnsupportedMediaType", message)


def expired(asked: int, oldest: int) -> Refused:
    """410: the history no longer reaches back to that version."""
    return Refused(410, "Expired", f"too old resource version: {asked} ({oldest})")


def continue_expired() -> Refused:
    """410 for a list that was left alone for too long between two pages."""
    message = "The provided continue parameter is too old to display a consistent list result."
    return Refused(410, "Expired", message)


def too_large(asked: int, current: int) -> Refused:
    """504: a version that this server has not reached."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return Refused(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})
