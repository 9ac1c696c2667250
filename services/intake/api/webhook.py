"""Where NetBox's webhook says that something changed, so that the reference data is read again at once."""

import hashlib
import hmac
from collections.abc import Callable

import nats.errors
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from intake.api.answers import documented
from intake.api.body import read_body
from intake.guards.problems import TooManyRequests
from intake.problems import Problem, TooLarge, Unavailable, Unreadable
from intake.settings import Settings
from intake.stores import Stores

SUBJECT = "reference.refresh"
SIGNATURE = "X-Hook-Signature"
LARGEST = 1024 * 1024
"""Bytes: a webhook quotes the whole object, before and after."""


class NotSigned(Problem):
    """It is not NetBox that says so."""

    status, kind, title = 401, "not-signed", "The request is not signed as NetBox signs its webhooks"


class NotExpected(Problem):
    """No webhook is set up here."""

    status, kind, title = 403, "not-expected", "No webhook is taken"


class Asked(BaseModel):
    """NetBox will be read soon, once for however many requests come together."""

    accepted: bool = True


def router(settings: Settings, stores: Callable[[], Stores]) -> APIRouter:
    """The path of the webhook. It asks for no sign-in: the signature says who it is."""
    paths = APIRouter(prefix="/api/v1/reference")

    @paths.post(
        "/refresh",
        status_code=202,
        responses=documented(NotSigned, NotExpected, TooLarge, Unreadable, TooManyRequests, Unavailable),
    )
    async def refresh(request: Request) -> Asked:
        """Have NetBox's reference data read anew."""
        _check_signature(await read_body(request, LARGEST), request.headers.get(SIGNATURE, ""), settings)
        try:
            await stores().stream.client.request(SUBJECT, timeout=settings.nats_patience)
        except (nats.errors.Error, TimeoutError):
            raise Unavailable("netbox_sync does not answer: the data is read on its timer") from None
        return Asked()

    return paths


def _check_signature(body: bytes, signature: str, settings: Settings) -> None:
    """It is the HMAC-SHA512 of the body, in hexadecimal. Raises `NotSigned`, `NotExpected`."""
    if not settings.reference_webhook_secret:  # an empty one is known to everybody
        raise NotExpected("set ONRAMP_REFERENCE_WEBHOOK_SECRET to that of NetBox's webhook")
    secret = settings.reference_webhook_secret.get_secret_value()
    expected = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        raise NotSigned(f"{SIGNATURE} is not that of this body: is it the same secret as in NetBox?")
