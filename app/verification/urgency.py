"""Whose turn it is: how far ahead of an ordinary task a more urgent one starts. Pure.

A task's place is the moment it came less its head start, so waiting counts as much as urgency: no task is ever overtaken by one that comes
later by more than the longest head start, which bounds every wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from app.records.reading import Kind

URGENT: Final = timedelta(hours=2)
DETENTION: Final = timedelta(hours=1)
RUMOR_LAG: Final = timedelta(minutes=30)
LIKELY: Final = timedelta(minutes=30)
"""How far ahead what many independent people saw may start of what one person heard. Only the order of work follows from it."""

LONGEST_HEAD_START: Final = URGENT + DETENTION + LIKELY
"""The bound: a task that waits longer than this comes before everything that arrives now."""


def head_start(kind: str, *, urgent: bool, likely: float = 0.0) -> timedelta:
    """How far ahead an incident of this kind starts. A rumor starts behind. `likely` is between 0 (nothing more is known) and 1."""
    start = URGENT if urgent else timedelta()
    if kind == Kind.DETENTION:
        start += DETENTION
    if kind == Kind.RUMOR and not urgent:
        start -= RUMOR_LAG
    return start + LIKELY * min(max(likely, 0.0), 1.0)


def place_in_queue(created_at: datetime, head_start_seconds: int) -> float:
    """The score by which the queue is ordered: epoch seconds, lower is sooner."""
    return created_at.timestamp() - head_start_seconds
