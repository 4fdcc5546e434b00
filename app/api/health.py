"""Is it alive, is it ready, and what it counted."""

from __future__ import annotations

import hmac
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text

from app.core.errors import NotAllowed

router = APIRouter(tags=["operations"])

LOOPBACK: Final = {"127.0.0.1", "::1"}


@router.get("/health/live")
async def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready")
async def is_ready(request: Request, response: Response) -> dict[str, str]:
    """PostgreSQL answers (503 if not). Redis is told too, but work goes on without it."""
    state = {"status": "ok", "postgresql": "ok", "redis": "ok"}
    try:
        async with request.state.database.transaction() as work:
            await work.scalar(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001  # whatever keeps us from a transaction makes us not ready
        state |= {"status": "not ready", "postgresql": type(error).__name__}
        response.status_code = 503
    try:
        await request.state.hotline.redis.ping()
    except (RedisError, OSError) as error:
        state["redis"] = type(error).__name__
    return state


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus metrics: with the token, or from this machine where none is set."""
    token = request.state.settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    behind_proxy = request.state.settings.public_url.startswith("https")  # a proxy on this machine makes everybody look local
    local = not behind_proxy and request.client is not None and request.client.host in LOOPBACK
    if not (hmac.compare_digest(given, token) if token else local):
        raise NotAllowed("metrics need the token")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
