"""Whose turn it is: severity times urgency, how likely it is, and waiting. Pure.

A task's score is severity x urgency + likelihood + the time it has waited, all in seconds; the highest comes first. As every task ages
alike, waiting never changes the order of two, and the queue can keep one fixed place for each: the moment it came less its head start
(the rest of the score). So no task is ever overtaken by one that comes later by more than the longest head start, which bounds every wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from app.records.reading import Kind
from app.records.verification import Skill

SEVERITY: Final = {Kind.DETENTION.value: 1.5, Kind.REPORT.value: 1.0, Kind.RUMOR.value: 0.5}
"""How much hangs on it: somebody was taken; something was seen; something was heard of."""

URGENT: Final = timedelta(hours=2)
ORDINARY: Final = timedelta(minutes=30)
LIKELY: Final = timedelta(minutes=30)
"""How far ahead what many independent people saw may start of what one person heard. Only the order of work follows from it."""

LONGEST_HEAD_START: Final = max(SEVERITY.values()) * URGENT + LIKELY
"""The bound: a task that waits longer than this comes before everything that arrives now."""

SKILL_LASTS: Final = timedelta(minutes=8)
"""So long a task is kept for those who were trained for it; then it is anybody's."""


def head_start(kind: str, *, urgent: bool, likely: float = 0.0) -> timedelta:
    """How far ahead an incident of this kind starts. `likely` is between 0 (nothing more is known) and 1."""
    severity = SEVERITY.get(kind, SEVERITY[Kind.REPORT.value])
    return severity * (URGENT if urgent else ORDINARY) + LIKELY * min(max(likely, 0.0), 1.0)


def score(created_at: datetime, head_start_seconds: int, now: datetime) -> float:
    """What a task weighs now, in seconds: its head start and how long it has waited. The highest comes first."""
    return head_start_seconds + (now - created_at).total_seconds()


def skill_of(kind: str, *, urgent: bool) -> Skill | None:
    """What somebody must have been trained for to work on it. None: nothing."""
    if kind == Kind.DETENTION:
        return Skill.DETENTION
    return Skill.URGENT if urgent else None
