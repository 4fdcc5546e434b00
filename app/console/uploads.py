"""Forms with a file in them, read in memory alone: Starlette's own reading lays large files unsealed onto the disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Final

from fastapi import Request
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser

from app.console.phrases import mark
from app.core.errors import BadInput, VigiaError
from app.telephony.pooled_http import LARGEST_FILE

MOST_BYTES: Final = LARGEST_FILE + 100_000
"""Of a whole form: one file as large as one that a text may bring, and its words."""

MOST_FIELDS: Final = 40


class FileTooLarge(VigiaError):
    """A form of more than MOST_BYTES."""

    code = "file_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


async def read_form_with_file(request: Request) -> FormData:
    """The fields of a form, at most one file among them. Raises FileTooLarge, or BadInput where it is no such form."""
    too_large = FileTooLarge(mark("That photo is too large. Send it again without the photo, or with a smaller one."))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        raise too_large

    async def at_most() -> AsyncGenerator[bytes, None]:
        taken = 0
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > MOST_BYTES:
                raise too_large
            yield chunk

    try:
        return await _InMemory(request.headers, at_most(), max_files=1, max_fields=MOST_FIELDS).parse()
    except (MultiPartException, KeyError) as error:
        raise BadInput(mark("This form can't be read. Open the page again from the link in our text.")) from error


class _InMemory(MultiPartParser):
    spool_max_size = MOST_BYTES + 1
