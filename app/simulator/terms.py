"""What the phone company does by itself for this account: how fast each sender's queue drains and what it makes of STOP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_QUEUE_S: Final = 36_000
"""Twilio queues at most ten hours' worth of texts a sender (https://www.twilio.com/docs/errors/21611)."""

LONG_CODE, TOLL_FREE, SHORT_CODE = 1.0, 3.0, 100.0
"""Segments a second that Twilio sends from a US number of that kind (https://www.twilio.com/docs/errors/21611, Twilio's FAQ)."""


class Terms(BaseModel):
    """`segments_per_s` of each sender (None: at once), other rates by sender in `rates`, the longest queue in seconds, and opt-out.

    `default` opt-out: Twilio acts on STOP, START and HELP and answers them. `advanced` (Advanced Opt-Out of a Messaging Service):
    the same, and webhooks say so in OptOutType. `off`: a keyword is a text as any other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    segments_per_s: float | None = Field(default=None, gt=0, le=10_000)
    rates: dict[str, float] = Field(default_factory=dict)
    longest_queue_s: int = Field(default=LONGEST_QUEUE_S, ge=1, le=LONGEST_QUEUE_S)
    opt_out: Literal["default", "advanced", "off"] = "default"
    media_needs_credentials: bool = True
    """Whether files of texts are only given to the account (Twilio's setting "HTTP basic authentication for media")."""

    def rate_of(self, sender: str) -> float | None:
        """Segments a second of `sender`; None where texts leave at once."""
        return self.rates.get(sender, self.segments_per_s)


class SenderQueue:
    """When texts of one sender leave: first come, first served, each taking its segments' time."""

    def __init__(self) -> None:
        self._free_at: datetime | None = None

    def backlog_s(self, now: datetime) -> float:
        """Seconds until a text that came `now` would leave."""
        return 0.0 if self._free_at is None else max((self._free_at - now).total_seconds(), 0.0)

    def turn(self, now: datetime, segments: int, rate: float | None, validity_s: float) -> datetime | None:
        """When a text that came `now` leaves; None where its validity ends first, in which case it takes no time from the others."""
        if rate is None:
            return now
        start = max(now, self._free_at or now)
        if start - now >= timedelta(seconds=validity_s):
            return None
        self._free_at = start + timedelta(seconds=segments / rate)
        return start
