"""The door of every Twilio route: the form of a request that Twilio signed, or 403."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from app.core.errors import BadInput
from app.settings import Settings
from app.telephony.signatures import MAX_FORM_BYTES, signed_form


async def signed_request(request: Request) -> FormData:
    """The signed form. The address that was signed is ours by settings, never by what the request's headers claim."""
    settings: Settings = request.state.settings
    url = f"{settings.public_url}{request.url.path}"
    if request.url.query:
        url += f"?{request.url.query}"
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise BadInput("the request is too large")
    return signed_form(url, bytes(body), request.headers.get("X-Twilio-Signature"), settings.auth_tokens)


SignedForm = Annotated[FormData, Depends(signed_request)]
