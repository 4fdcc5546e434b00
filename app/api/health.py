"""Is it alive, is it ready, and what it counted."""

from __future__ import annotations

import asyncio
import hmac
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text

from app.core.deadline import within
from app.core.errors import NotAllowed
from app.core.metrics import SPOOL_OLDEST, SPOOL_QUARANTINED, SPOOL_WAITING, SPOOL_WRITABLE
from app.intake.spool_folder import Spool, SpoolState

router = APIRouter(tags=["operations"])

READY_SECONDS: Final = 3.0
LOOPBACK: Final = {"127.0.0.1", "::1"}


@router.get("/health/live")
async def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready")
async def is_ready(request: Request, response: Response) -> dict[str, str]:
    """PostgreSQL answers (503 if not). Redis is told too, but work goes on without it; so is the spool, whose folder must be mended before
    PostgreSQL is away. Texts are kept whatever this says as long as one of the two is well: a balancer should ask /health/live."""
    state = {"status": "ok", "postgresql": "ok", "redis": "ok", "spool": "ok"}
    try:
        await within(READY_SECONDS, request.state.database.run(lambda work: work.scalar(text("SELECT 1"))))
    except Exception as error:  # noqa: BLE001  # whatever keeps us from a transaction makes us not ready
        state |= {"status": "not ready", "postgresql": type(error).__name__}
        response.status_code = 503
    try:
        await request.state.hotline.redis.ping()
    except (RedisError, OSError) as error:
        state["redis"] = type(error).__name__
    spool = await _look_at_spool(request)
    if not spool.writable:
        state["spool"] = "not writable"
    elif spool.waiting or spool.quarantined:
        state["spool"] = f"{spool.waiting} waiting, {spool.quarantined} quarantined"
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
    await _look_at_spool(request)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _look_at_spool(request: Request) -> SpoolState:
    """How the spool stands now, also in the gauges."""
    spool: Spool = request.state.spool
    state = await asyncio.to_thread(spool.state, request.state.database.clock())
    SPOOL_WAITING.set(state.waiting)
    SPOOL_OLDEST.set(state.oldest_seconds)
    SPOOL_QUARANTINED.set(state.quarantined)
    SPOOL_WRITABLE.set(state.writable)
    return state
