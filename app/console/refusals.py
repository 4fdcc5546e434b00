"""Pages that say why something could not be done, in words that help, in the reader's language."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.console.phrases import mark
from app.console.rendering import is_live_part, render, translator
from app.core.errors import VigiaError

log = structlog.get_logger(__name__)

TITLES: Final = {
    "not_signed_in": mark("Please sign in"),
    "link_refused": mark("This link does not work any more"),
    "not_found": mark("There is nothing here"),
    "not_allowed": mark("You may not do this"),
    "conflict": mark("That is not possible any more"),
    "lost_claim": mark("Your claim has ended"),
    "illegal_transition": mark("That is not possible any more"),
    "field_link_ended": mark("This link is over"),
    "too_often": mark("One moment, please"),
    "file_too_large": mark("That is too large"),
    "bad_input": mark("Something in the form does not fit"),
    "forged": mark("This form came from another site"),
    "error": mark("That did not work"),
}
"""The heading of a refusal, by its error's code."""

INSTEAD: Final = {
    "field_link_ended": mark("This link is over. Text us what you saw."),
    "illegal_transition": mark("Somebody acted in the meantime. Go back and look at the page as it is now."),
    "not_found": mark("It may have been moved or erased, or the address has a slip in it."),
}
"""Words for codes whose own message is not for people."""


def add_refusals(app: FastAPI) -> None:
    """Show a page for each error that a screen raises."""

    @app.exception_handler(VigiaError)
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, VigiaError)
        log.info("refused", code=error.code, status=int(error.status), route=_route(request))
        return refusal_page(request, error.code, error.status, error.message)

    @app.exception_handler(HTTPException)
    async def not_here(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = "not_found" if error.status_code == HTTPStatus.NOT_FOUND else "error"
        return refusal_page(request, code, HTTPStatus(error.status_code), "")

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fields = sorted({str(problem["loc"][-1]) for problem in error.errors()})
        log.info("malformed", fields=fields, route=_route(request))
        return refusal_page(request, "bad_input", HTTPStatus.UNPROCESSABLE_ENTITY, "")


def refusal_page(request: Request, code: str, status: HTTPStatus, message: str) -> Response:
    """The page for an error: its heading, what it means, and the way back. A live part of a page gets a note in its place."""
    say = translator(request)
    return render(
        request,
        "refusal.html",
        status=status,
        block="note" if is_live_part(request) else None,
        code=code,
        title=say(TITLES.get(code, TITLES["error"])),
        message=say(INSTEAD[code]) if code in INSTEAD else say(message) if message else "",
    )


def forged_page(request: Request) -> Response:
    """The page for a form that another site sent."""
    message = mark("Your browser says that another page sent it, so nothing was done. Open the console itself and try again.")
    return refusal_page(request, "forged", HTTPStatus.FORBIDDEN, message)


def busy_page(request: Request) -> Response:
    """The page for when too many people ask for pages at once."""
    message = mark("Too many pages are being asked for right now, and nothing was done. Please try again in a moment.")
    return refusal_page(request, "error", HTTPStatus.SERVICE_UNAVAILABLE, message)


def unforeseen_page(request: Request) -> Response:
    """The page for what nobody foresaw. It tells nothing of what happened; the log does."""
    message = mark("Something went wrong on our side, and nothing was changed. Please try again in a moment.")
    return refusal_page(request, "error", HTTPStatus.INTERNAL_SERVER_ERROR, message)


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "unknown"))
