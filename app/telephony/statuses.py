"""Twilio's message statuses, ranked: callbacks come early, late, twice or never, and a lower rank never replaces a higher one."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Fate(StrEnum):
    """What a status means for the text."""

    UNDER_WAY = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Rank(NamedTuple):
    """How late in a text's life a status stands, and what it means."""

    rank: int
    fate: Fate


STATUSES: Final = {
    "accepted": Rank(1, Fate.UNDER_WAY),
    "scheduled": Rank(2, Fate.UNDER_WAY),
    "queued": Rank(3, Fate.UNDER_WAY),
    "sending": Rank(4, Fate.UNDER_WAY),
    "sent": Rank(5, Fate.UNDER_WAY),
    "canceled": Rank(6, Fate.FAILED),
    "failed": Rank(7, Fate.FAILED),
    "undelivered": Rank(8, Fate.FAILED),
    "partially_delivered": Rank(9, Fate.DELIVERED),
    "delivered": Rank(10, Fate.DELIVERED),
    "read": Rank(11, Fate.DELIVERED),
}
"""Twilio, "Outbound message status in status callbacks". Delivery outranks failure: a carrier that says both delivered it. No two share a
rank, so that whatever comes, in whatever order, ends the same."""

UNHEARD_OF: Final = Rank(1, Fate.UNDER_WAY)

ON_ITS_WAY: Final = STATUSES["sent"].rank
"""From this rank on a carrier has taken the text."""


def rank_of(status: str) -> Rank:
    """The rank of a status; one that Twilio adds after this was written says only that the text is under way."""
    return STATUSES.get(status.lower(), UNHEARD_OF)
