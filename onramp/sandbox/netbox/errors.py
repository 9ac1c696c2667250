"""The answers that are no success: NetBox's status code and body."""

from typing import Any


class Refused(Exception):
    """NetBox says no: `body` is its JSON answer, sent with `status`."""

    def __init__(self, body: Any, status: int = 400) -> None:
        super().__init__(f"{status} {body}")
        self.body = body
        self.status = status


def invalid(field: str, message: str) -> Refused:
    """A 400 that names one field; `__all__` is NetBox's word for the object as a whole."""
    return Refused({field: [message]})


def not_found(model: str) -> Refused:
    """The 404 for an id that no object of this model has."""
    return Refused({"detail": f"No {model} matches the given query."}, 404)
