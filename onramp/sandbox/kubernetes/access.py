"""Who calls, by his token, and what he may do: everything, except what a test denies."""

from collections.abc import Mapping

from pydantic import BaseModel

from onramp.sandbox.kubernetes.errors import forbidden, unauthorized
from onramp.sandbox.kubernetes.resources import Resource

ANONYMOUS = "system:anonymous"


class Denial(BaseModel):
    """What is denied; `*` is any. A subresource is written as in RBAC: `baremetalhosts/status`."""

    user: str = "*"
    verb: str = "*"
    resource: str = "*"
    namespace: str = "*"

    def covers(self, user: str, verb: str, resource: str, namespace: str) -> bool:
        """Whether a request is meant."""
        asked = (user, verb, resource, namespace)
        rule = (self.user, self.verb, self.resource, self.namespace)
        return all(ruled in ("*", found) for ruled, found in zip(rule, asked, strict=True))


class Access:
    """The tokens of the server, and the table of denials."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._users = {token: user for user, token in tokens.items()}
        self.denials: list[Denial] = []

    def user(self, authorization: str) -> str:
        """The user of an `Authorization` header; nobody in particular where there is none.

        :raises Refused: 401 for a token that is not known.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return ANONYMOUS
        if token.strip() not in self._users:
            raise unauthorized()
        return self._users[token.strip()]

    def allows(self, user: str, verb: str, resource: str, namespace: str) -> bool:
        """Whether a user may do it."""
        denied = any(denial.covers(user, verb, resource, namespace) for denial in self.denials)
        return user != ANONYMOUS and not denied

    def check(self, user: str, verb: str, resource: Resource, namespace: str, name: str, sub: str) -> None:
        """Let a request pass.

        :raises Refused: 403 in the authorizer's words.
        """
        asked = f"{resource.plural}/{sub}" if sub else resource.plural
        if self.allows(user, verb, asked, namespace):
            return
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        why = f'User "{user}" cannot {verb} resource "{asked}" in API group "{resource.group}" {where}'
        raise forbidden(resource, name, why)
