"""How often something may be asked of us, counted in Redis in windows of fixed length. While Redis is away all goes."""

from __future__ import annotations

from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

KEY: Final = "vigia:{{often:{name}}}"


async def is_too_often(redis: Redis, name: str, most: int, seconds: int) -> bool:
    """Count one more of `name` (no secret, and nothing of a person). Whether that are more than `most` since its window of so many seconds
    began."""
    key = KEY.format(name=name)
    try:
        async with redis.pipeline(transaction=True) as both:
            both.incr(key)
            both.expire(key, seconds, nx=True)
            counted, _ = await both.execute()
    except (RedisError, OSError, TimeoutError):
        return False
    return int(counted) > most
