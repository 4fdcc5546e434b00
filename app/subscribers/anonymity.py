"""How many people there are, said so that nobody can be counted out: k-anonymity for figures of subscribers. Pure.

Every figure is rounded down to a whole multiple of k, each by itself; what is less than k is not shown. A total is the sum of what is
shown, never the rounded truth: otherwise total less parts would give away a part. One person more or less changes nothing that is
published, except where they are the one who fills a multiple.
"""

from __future__ import annotations

from typing import Final

FEWEST: Final = 5
"""The k: no figure tells of fewer people than this."""


def at_least(count: int) -> int:
    """`count` as it may be shown: a multiple of FEWEST that it reaches; 0 stands for fewer than FEWEST, none included."""
    return count - count % FEWEST
