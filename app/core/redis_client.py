"""Redis (or Valkey): one pool a process. Everything kept there can be rebuilt from PostgreSQL."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

ANSWER_SECONDS: Final = 1.0
"""A Redis that does not answer in this time is treated as away: nothing that a person waits for may hang on it."""


def connect_redis(url: str, *, connections: int = 20) -> Redis:
    """A client for `url` whose calls fail within about a second when the server is away."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )
    return Redis.from_pool(pool)  # which closes the pool with the client


def lua(room: str, name: str) -> str:
    """The text of the script `name`.lua that stands in the folder `lua` of the package `app.<room>`."""
    return files(f"app.{room}").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
