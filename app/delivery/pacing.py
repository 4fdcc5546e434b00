"""How fast a line may send: segments a second, kept by a generic cell rate algorithm in Redis so that all workers share one pace.

vigia:{pace}:<name>   string  the moment from which the line, or the campaign of several lines, is free again, epoch seconds

The keys stay. One that is gone was lost with all that workers had reserved, and the line begins in debt, as if it had just sent for a
second; a worker's own memory keeps what Redis came back without. So Redis may be emptied or restarted at any moment without a burst.
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

BATCH_SECONDS: Final = 0.1
"""About so much is claimed at once: what is urgent waits behind it, once for each worker."""

AHEAD_SECONDS: Final = 0.25
"""Nothing more is claimed while so much is reserved, by whichever worker; enough that a slow claim leaves no gap."""

DEBT_SECONDS: Final = 1.0
DEBT_SEGMENTS: Final = 3
"""So long, and at least so many segments long, a line is silent whose key is gone: workers hardly reserve further ahead than that."""


@dataclass(frozen=True)
class CampaignPace:
    """What all lines of a campaign may send together. `name` is no number."""

    name: str
    segments_per_second: float


@dataclass
class Pacer:
    """The pace of one line, named by something that is not its number, and that of its `campaign`. `segments_per_second` None: as fast as
    it goes (benchmarks)."""

    redis: Redis
    line: str
    segments_per_second: float | None
    campaign: CampaignPace | None = None
    _free_here: float = field(default=0.0, init=False)
    _gone: deque[tuple[float, int]] = field(default_factory=deque, init=False)
    _in_window: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._script = self.redis.register_script(lua("delivery", "pace"))
        paces = {self.line: self.segments_per_second} | (
            {self.campaign.name: self.campaign.segments_per_second} if self.campaign else {}
        )
        self._keys = [f"vigia:{{pace}}:{name}" for name in paces]
        self._seconds = [HEADROOM / pace for pace in paces.values() if pace]

    def batch_size(self, most: int) -> int:
        """How many texts to claim at once."""
        return most if self.segments_per_second is None else max(1, min(most, round(self.segments_per_second * BATCH_SECONDS)))

    async def ahead(self, now: datetime) -> float:
        """For how many seconds what workers have reserved will still take the line up; what this one has, when Redis is away."""
        if self.segments_per_second is None:
            return 0.0
        free = self._free_here
        try:
            free = max(free, *(float(kept or 0) for kept in await self.redis.mget(self._keys)))
        except RedisError as error:
            log.warning("pace_kept_alone", error=type(error).__name__)
        return max(0.0, free - now.timestamp())

    async def delays(self, segments: Sequence[int], now: datetime) -> list[float]:
        """For each text, given its segments, how many seconds it must wait. When Redis is away this process keeps the pace by itself."""
        if self.segments_per_second is None or not segments:
            return [0.0] * len(segments)
        try:
            debt = max(DEBT_SECONDS, DEBT_SEGMENTS * max(self._seconds))
            said = [now.timestamp(), self._free_here, debt, *self._seconds, *segments]
            delays = [float(delay) for delay in await self._script(keys=self._keys, args=said)]
        except RedisError as error:
            log.warning("pace_kept_alone", error=type(error).__name__)
            delays = self._delays_here(segments, now.timestamp())
        self._free_here = max(self._free_here, now.timestamp() + delays[-1] + segments[-1] * max(self._seconds))
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

    def _delays_here(self, segments: Sequence[int], now: float) -> list[float]:
        delays, free = [], self._free_here
        for count in segments:
            start = max(now, free)
            delays.append(start - now)
            free = start + count * max(self._seconds)
        return delays
