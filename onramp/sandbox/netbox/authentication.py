"""NetBox's token authentication: v1 (`Token x`) and, from 4.5, v2 (`Bearer nbt_<key>.<token>`)."""

from hmac import compare_digest

from onramp.sandbox.netbox.errors import Refused

V2 = (4, 5)
V2_PREFIX = "nbt_"
FORM = 'Invalid authorization header: Must be in the form "Bearer <key>.<token>" or "Token <token>"'
UNPARSED = (
    "Invalid authorization header: Could not parse key from v2 token. Did you mean to use 'Token' "
    "instead of 'Bearer'?"
)


def authenticate(header: str, token: str, release: tuple[int, int]) -> None:
    """Let pass who brings this token.

    Raises:
        Refused: 403, in the words of this release.
    """
    parts = header.split()
    keywords = {"token", "bearer"} if release >= V2 else {"token"}
    if not parts or parts[0].lower() not in keywords:
        raise _refused("Authentication credentials were not provided.")
    if len(parts) != 2:
        raise _refused(FORM)
    sent = parts[1]
    is_v2 = release >= V2 and sent.startswith(V2_PREFIX)
    if is_v2 and "." not in sent:
        raise _refused(UNPARSED)
    if not compare_digest(sent.encode(), token.encode()):
        which = f"v{1 + is_v2} " if release >= V2 else ""
        raise _refused(f"Invalid {which}token")


def _refused(detail: str) -> Refused:
    return Refused({"detail": detail}, 403)
