"""Why somebody may not, in RFC 9457's terms. None of it ever quotes a token or a cookie.

::

    Problem
    ├── BadDestination       400  where to go after sign-in is no page of ours
    ├── SignInFailed         400  the browser came back from the provider with nothing that will do
    ├── Unauthenticated      401
    ├── Forbidden            403  the role or the group is missing
    ├── CrossOrigin          403  a signed-in browser sends what another page made it send
    ├── SignInOff            404
    └── Unavailable
        └── ProviderAway     503
"""

from intake.guards.problems import TooManyRequests
from intake.problems import Problem, Unavailable


class BadDestination(Problem):
    """`next` leads elsewhere."""

    status, kind, title = 400, "bad-destination", "Sign-in leads back to a page of this host only"


class SignInFailed(Problem):
    """The sign-in can't be completed; another may."""

    status, kind, title = 400, "sign-in-failed", "You are not signed in: try again"


class Unauthenticated(Problem):
    """Nobody is known to have sent this."""

    status, kind, title = 401, "unauthenticated", "Sign in first"


class Forbidden(Problem):
    """It is known who sent this, and they may not."""

    status, kind, title = 403, "forbidden", "You may not do this"


class CrossOrigin(Problem):
    """A cookie alone does not show that the person meant it."""

    status, kind, title = 403, "cross-origin", "This did not come from a page of this host"


class SignInOff(Problem):
    """There is no provider to sign in at."""

    status, kind, title = 404, "sign-in-off", "Sign-in is off"


class ProviderAway(Unavailable):
    """Whoever comes with a token or to sign in has to wait."""

    kind, title = "provider-away", "The identity provider does not answer"


REFUSALS = (Unauthenticated, Forbidden, CrossOrigin, TooManyRequests, ProviderAway)
"""What every path that asks for a role may answer."""
