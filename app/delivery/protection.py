"""No person is texted too often: rights texts and broadcasts wait until theirs is the next one. What is about somebody's safety, and
answers to what a person asked, never wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.records.deliveries import Lane


@dataclass(frozen=True)
class Most:
    """So many texts at most within so long."""

    texts: int
    within: timedelta


PROTECTED: Final = (Lane.RIGHTS, Lane.BROADCAST)
"""What waits. Replies, offers to verifiers, alerts and corrections don't."""

COUNTED: Final = (Lane.DISPATCH, Lane.ALERT, Lane.CORRECTION, Lane.RIGHTS, Lane.BROADCAST)
"""What counts: everything that the person did not just ask for."""

LIMITS: Final = (Most(1, timedelta(minutes=1)), Most(5, timedelta(minutes=15)), Most(10, timedelta(days=1)))
"""A person can read one text a minute, and five in a quarter of an hour; ten unasked ones a day make people say stop."""


def held_until() -> str:
    """When the person of a claimed row `d` may get it, as an SQL expression; NULL: now. Of several in a batch only the first may go now."""
    lanes, counted = (", ".join(str(int(lane)) for lane in which) for which in (PROTECTED, COUNTED))
    recent = (
        f"""(SELECT o.claimed_at + interval '{most.within.total_seconds()} seconds' FROM delivery o
            WHERE o.contact_id = d.contact_id AND o.lane IN ({counted}) AND o.state NOT IN ('pending', 'skipped')
                AND o.claimed_at > CAST(:now AS timestamptz) - interval '{most.within.total_seconds()} seconds'
            ORDER BY o.claimed_at DESC OFFSET {most.texts - 1} LIMIT 1)"""  # noqa: S608  # built from constants
        for most in LIMITS
    )
    next_minute = f"CAST(:now AS timestamptz) + interval '{LIMITS[0].within.total_seconds()} seconds'"
    another = "row_number() OVER (PARTITION BY d.contact_id ORDER BY d.lane, d.message_id) > 1"
    from_recent = f"greatest({', '.join(recent)})"
    return f"CASE WHEN d.lane IN ({lanes}) THEN CASE WHEN {another} THEN {next_minute} ELSE {from_recent} END END"
