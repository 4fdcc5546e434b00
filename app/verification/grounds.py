"""Why somebody decided as they did: a reason of a list and words of their own, both wished for and neither asked. Kept for good in the
chain of acts, so the words hold nothing of anybody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import BadInput
from app.records.unfit import unfit_codes

MOST_WORDS: Final = 300
"""Characters of the words."""

NOT_KEPT: Final = frozenset({"number", "plate", "status", "named"})
"""What must not stand in words that are kept for good."""


class Ground(StrEnum):
    """What a decision rests on, most of all, or the undoing of one."""

    SEEN_THERE = "seen_there"
    OTHER_AGENCY = "other_agency"
    EXPLAINED = "explained"
    OVER = "over"
    NOBODY_WENT = "nobody_went"
    CORRECTS = "corrects"
    SLIP = "slip"
    OTHER_INCIDENT = "other_incident"
    LEARNED = "learned"


OF_UNDOING: Final = (Ground.SLIP, Ground.OTHER_INCIDENT, Ground.LEARNED)
"""Why a decision is undone, the commonest first."""

OF_DECIDING: Final = tuple(ground for ground in Ground if ground not in OF_UNDOING)
"""What a decision rests on."""


@dataclass(frozen=True)
class Grounds:
    """The reason of a decision as it is kept: `ground` None and `words` empty where none was given."""

    ground: Ground | None = None
    words: str = ""

    def facts(self) -> dict[str, str]:
        """What the event says of it."""
        given = {"ground": self.ground.value if self.ground else "", "because": self.words}
        return {name: value for name, value in given.items() if value}


NONE_GIVEN: Final = Grounds()


def read_grounds(ground: str, words: str, code: str, among: Collection[Ground] = OF_DECIDING) -> Grounds:
    """The reason that a form gives about the incident `code`, one of `among`. Raises BadInput for a reason off the list, words that are too
    many, and words that tell of a person. Pure."""
    said = " ".join(words.split())
    if ground and ground not in among:
        raise BadInput("Choose a reason of the list.")
    if len(said) > MOST_WORDS:
        raise BadInput("The reason may have up to 300 characters.")
    if NOT_KEPT & set(unfit_codes(said, {code})):
        raise BadInput("The reason is kept for good: leave out names, numbers, plates and anybody's status.")
    return Grounds(Ground(ground) if ground else None, said)
