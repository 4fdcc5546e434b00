"""Errors outside the console: RFC 9457 problem details, one log line, and nothing of what was sent."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.core.errors import VigiaError

log = structlog.get_logger(__name__)


def add_problem_details(app: FastAPI) -> None:
    """Answer every VigiaError, and whatever nobody foresaw, as application/problem+json."""

    @app.exception_handler(VigiaError)
    async def told(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, VigiaError)
        log.warning(
            "refused",
            code=error.code,
            status=int(error.status),
            method=request.method,
            route=_route(request),
            why=error.message,
        )
        return problem(error.code, int(error.status), error.message)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("unforeseen", error=type(error).__name__, method=request.method, route=_route(request))
        return problem("unforeseen", 500, "Something went wrong on our side.")


def problem(code: str, status: int, detail: str) -> JSONResponse:
    """A problem details object."""
    return JSONResponse(
        {"type": f"urn:vigia:{code}", "title": code.replace("_", " "), "status": status, "detail": detail},
        status,
        media_type="application/problem+json",
    )


def _route(request: Request) -> str:
    """The pattern of the route, as a path itself may hold a code or a token."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
