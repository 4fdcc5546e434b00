"""How fast a sender may send: segments a second, kept by a generic cell rate algorithm in Redis so that all workers share one pace.

vigia:{pace}:<sender>   string  the moment from which the sender is free again, epoch seconds; gone a minute after it is past
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.redis_client import lua

log = structlog.get_logger(__name__)

HEADROOM: Final = 1.005
"""Texts go this much further apart than the rate asks for, so that no second holds more than the rate although clocks and networks
jitter."""


@dataclass
class Pacer:
    """The pace of one sender, named by something that is not its number. `segments_per_second` None: as fast as it goes (benchmarks)."""

    redis: Redis
    sender: str
    segments_per_second: float | None
    _free_here: float = field(default=0.0, init=False)
    _gone: deque[tuple[float, int]] = field(default_factory=deque, init=False)
    _in_window: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._script = self.redis.register_script(lua("delivery", "pace"))

    def batch_size(self, most: int) -> int:
        """How many texts to claim at once: about a second's worth, so that an urgent text never waits long behind a claimed batch."""
        return most if self.segments_per_second is None else max(1, min(most, round(self.segments_per_second)))

    def busy_for(self, now: datetime) -> float:
        """For how many seconds what this process has claimed will still take the sender up."""
        return 0.0 if self.segments_per_second is None else max(0.0, self._free_here - now.timestamp())

    async def delays(self, segments: Sequence[int], now: datetime) -> list[float]:
        """For each text, given its segments, how many seconds it must wait. When Redis is away this process keeps the pace by itself."""
        if self.segments_per_second is None or not segments:
            return [0.0] * len(segments)
        seconds = HEADROOM / self.segments_per_second
        try:
            answer = await self._script(keys=[f"vigia:{{pace}}:{self.sender}"], args=[now.timestamp(), seconds, *segments])
            delays = [float(delay) for delay in answer]
        except RedisError as error:
            log.warning("pace_kept_alone", error=type(error).__name__)
            delays = self._delays_here(segments, now.timestamp(), seconds)
        self._free_here = max(self._free_here, now.timestamp() + delays[-1] + segments[-1] * seconds)
        return delays

    def take(self, segments: int, at: float) -> float:
        """Let a text go at a moment of the loop's clock: 0.0, or the seconds for which it must wait still, because the second before
        holds as many segments as it may. This evens out what a late wake-up pushed together."""
        if self.segments_per_second is None:
            return 0.0
        while self._gone and self._gone[0][0] + HEADROOM <= at:
            self._in_window -= self._gone.popleft()[1]
        if self._gone and self._in_window >= self.segments_per_second:
            return self._gone[0][0] + HEADROOM - at
        self._gone.append((at, segments))
        self._in_window += segments
        return 0.0

    def _delays_here(self, segments: Sequence[int], now: float, seconds: float) -> list[float]:
        delays, free = [], self._free_here
        for count in segments:
            start = max(now, free)
            delays.append(start - now)
            free = start + count * seconds
        return delays
