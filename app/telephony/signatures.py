"""Is this request Twilio's? HMAC-SHA1 over the address and the sorted parameters (twilio.com, "Webhooks security").

A Twilio signature has no time in it and can be replayed for ever, so it proves who sent a request and not that it is new: that is what the
unique keys on SIDs are for.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from twilio.request_validator import RequestValidator, compare

from app.core.errors import BadInput, SignatureRefused

MAX_FORM_BYTES = 256 * 1024
"""Twilio's forms are a few kB; GoAlert allows this much too. Beyond it a request is refused unread."""


def signed_form(url: str, body: bytes, signature: str | None, tokens: Sequence[str]) -> FormData:
    """The form in `body`, if one of our `tokens` signed it for `url` (our public address with its query, as Twilio was given it).

    Raises SignatureRefused when it is unsigned, altered or signed with another token, BadInput when it is too large.
    """
    if len(body) > MAX_FORM_BYTES:
        raise BadInput("the request is too large")
    fields: list[tuple[str, str | UploadFile]] = list(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    form = FormData(fields)
    if not signature or not any(_signed(RequestValidator(token), url, form, signature) for token in tokens):
        raise SignatureRefused("this address answers only to requests that Twilio signed")
    return form


def signed_json(url: str, body: bytes, signature: str | None, tokens: Sequence[str]) -> bytes:
    """The raw JSON `body`, if it is signed: the signature covers `url`, whose query holds bodySHA256. Raises as `signed_form` does."""
    if len(body) > MAX_FORM_BYTES:
        raise BadInput("the request is too large")
    text = body.decode("utf-8", "replace")
    if not signature or "bodySHA256=" not in url or not any(RequestValidator(t).validate(url, text, signature) for t in tokens):
        raise SignatureRefused("this address answers only to requests that Twilio signed")
    return body


def _signed(validator: RequestValidator, url: str, form: FormData, signature: str) -> bool:
    """Whether it fits the address as it stands, which is nearly always so and half the work, or with its port written otherwise."""
    return compare(validator.compute_signature(url, form), signature) or bool(validator.validate(url, form, signature))
