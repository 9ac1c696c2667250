"""A signed token of the provider, made sure of in every point before a word of it is believed.

RFC 8725 (JWT best practices): the algorithm is ours to choose, never the token's.
"""

from typing import Any

from joserfc import jws, jwt
from joserfc.errors import ClaimError, ExpiredTokenError, InvalidClaimError, JoseError

from intake.signin.problems import Unauthenticated
from intake.signin.provider import Provider
from intake.signin.roles import Identity

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""All asymmetric: with a symmetric one, the provider's public key would be a secret that everybody has."""
LEEWAY = 30
"""Seconds that two clocks may differ."""
LONGEST = 16384
"""Characters of a token."""

_NAMES = ("preferred_username", "email", "name", "sub")


async def verified(token: str, audience: str, provider: Provider) -> dict[str, Any]:
    """The claims of a token made by this provider for this audience. Raises `Unauthenticated`."""
    if len(token) > LONGEST:
        raise Unauthenticated("the token is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
        kid = header.get("kid")
        if header.get("alg") not in ALGORITHMS:
            raise Unauthenticated("the token is not signed by an asymmetric algorithm")
        key = await provider.key(kid if isinstance(kid, str) else None)
        if key is None:
            raise Unauthenticated("the token is signed by no key of the provider")
        claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        _check(claims, audience, provider.issuer)
    except ExpiredTokenError:
        raise Unauthenticated("the token has expired") from None
    except ClaimError as error:
        raise Unauthenticated(f"the token's {error.claim} won't do") from None
    except (JoseError, ValueError, RecursionError):
        raise Unauthenticated("the token is none that the provider made") from None
    return claims


def identity(claims: dict[str, Any], groups_claim: str) -> Identity:
    """Who the claims are about."""
    subject: str = claims["sub"]
    name = next((claims[name] for name in _NAMES if isinstance(claims.get(name), str)), subject)
    groups = claims.get(groups_claim)
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return Identity(subject, name, tuple(group for group in listed if isinstance(group, str)))


def _check(claims: dict[str, Any], audience: str, issuer: str) -> None:
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    registry.validate(claims)
    if not isinstance(claims["sub"], str):
        raise InvalidClaimError("sub")
