"""How sure we may be that something is happening, from who said what: log-odds that add up and can be read.

Confidence only orders work. It never tells the public anything: that takes a confirming observation and two people.
The weights and the prior start from published experience of such lines (about one report in a thousand was the agency that people
feared) and are to be fitted with the simulator; two eyewitnesses must not come near certainty, a verifier on the spot must.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.incidents.likeness import Account
from app.incidents.wording import wording_of

PRIOR: Final = 0.001
"""Probability that one report, of which nothing else is known, is enforcement."""

HALF_LIFE: Final = 90.0
"""Minutes after which a report weighs half: events are short, and what was true at noon says little at three."""

OBSERVED_FOR: Final = 120.0
"""Minutes for which a verifier's confirmation counts as observed; alerts expire by themselves after the same time."""

COPIED: Final = 0.85
"""Share of words that two texts have in common from which one counts as passed on from the other."""

SAME_MINUTE: Final = 1.0
"""Minutes within which reports that say the same count as one wave of a forwarded message."""


class EvidenceKind(StrEnum):
    """What an account or an observation rests on."""

    HEARD = "heard"
    VEHICLE = "vehicle"
    AGENTS = "agents"
    PICTURE = "picture"
    PARTNER = "partner"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    POLICE = "police"
    GONE = "gone"


WEIGHTS: Final = {
    EvidenceKind.HEARD: 0.2,
    EvidenceKind.VEHICLE: 0.6,
    EvidenceKind.AGENTS: 1.6,
    EvidenceKind.PICTURE: 2.2,
    EvidenceKind.PARTNER: 2.5,
    EvidenceKind.CONFIRMED: 9.0,
    EvidenceKind.DENIED: -5.0,
    EvidenceKind.POLICE: -5.0,
    EvidenceKind.GONE: -1.0,
}
"""Log-odds of each. A confirmation by someone on the spot lifts even a lone report above nine in ten."""

MOST_FROM_REPORTS: Final = 6.5
"""What all reports together may add: however many people say it, without a verifier it stays below one half."""

FROM_VERIFIERS: Final = frozenset({EvidenceKind.CONFIRMED, EvidenceKind.DENIED, EvidenceKind.POLICE, EvidenceKind.GONE})


class Certainty(StrEnum):
    """CAP 1.2's word for it."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"


@dataclass(frozen=True, slots=True)
class Because:
    """One piece of evidence: how many minutes old, how many earlier accounts it may repeat, and the log-odds it added."""

    kind: EvidenceKind
    minutes: int
    repeats: int
    points: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """`probability` between 0 and 1, its CAP word, and one reason a piece of evidence with the points it added."""

    probability: float
    certainty: Certainty
    reasons: tuple[Because, ...]


def confidence(accounts_with_evidence_kind: Sequence[tuple[Account, EvidenceKind]], now_minute: float) -> Confidence:
    """How sure we are at `now_minute`, on the same clock as the accounts' minutes. With no accounts it is the prior."""
    told = sorted(accounts_with_evidence_kind, key=lambda pair: pair[0].minute)
    reasons: list[Because] = []
    reported = observed = 0.0
    earlier: list[Account] = []
    for account, kind in told:
        age = max(now_minute - account.minute, 0.0)
        fading = 0.5 ** (age / HALF_LIFE)
        if kind in FROM_VERIFIERS:
            points = WEIGHTS[kind] * (1.0 if age <= OBSERVED_FOR else fading)
            observed += points
            reasons.append(Because(kind, round(age), 0, round(points, 1)))
            continue
        repeats = sum(_depends(account, other) for other in earlier)
        points = WEIGHTS[kind] * fading / (1 + repeats)
        reported += points
        earlier.append(account)
        reasons.append(Because(kind, round(age), repeats, round(points, 1)))
    reported = min(reported, MOST_FROM_REPORTS)
    probability = 1 / (1 + math.exp(-(math.log(PRIOR / (1 - PRIOR)) + reported + observed)))
    return Confidence(round(probability, 4), _certainty(probability, told, now_minute), tuple(reasons))


def likely(probability: float) -> float:
    """How much is known beyond the prior, between 0 and 1: 1 is as much as reports alone can say."""
    odds = math.log(max(probability, 1e-9) / max(1 - probability, 1e-9)) - math.log(PRIOR / (1 - PRIOR))
    return min(max(odds / MOST_FROM_REPORTS, 0.0), 1.0)


def evidence_kind(account: Account, *, has_picture: bool = False, is_partner: bool = False) -> EvidenceKind:
    """What a report rests on, from its words: a picture, agents that were seen, only a vehicle, or hearsay."""
    if is_partner:
        return EvidenceKind.PARTNER
    if has_picture:
        return EvidenceKind.PICTURE
    wording = wording_of(account.text)
    if account.kind == "rumor":
        return EvidenceKind.HEARD
    if wording.of_group("agents") - {"agents:immigration"} or wording.concepts & {
        "activity:taken",
        "activity:raid",
        "activity:checkpoint",
    }:
        return EvidenceKind.AGENTS
    return EvidenceKind.VEHICLE if wording.of_group("vehicles") else EvidenceKind.HEARD


def _depends(account: Account, earlier: Account) -> bool:
    """Whether an account is no new witness: same number, same text, or the same message in the same minute."""
    if account.source and account.source == earlier.source:
        return True
    one, two = set(wording_of(account.text).plain.split()), set(wording_of(earlier.text).plain.split())
    shared = len(one & two) / max(len(one | two), 1)
    together = abs(account.minute - earlier.minute) <= SAME_MINUTE
    return shared >= (0.5 if together else COPIED)


def _certainty(probability: float, told: Sequence[tuple[Account, EvidenceKind]], now_minute: float) -> Certainty:
    verdicts = [(account, kind) for account, kind in told if kind in FROM_VERIFIERS]
    if verdicts:
        account, kind = verdicts[-1]
        if kind is EvidenceKind.CONFIRMED and now_minute - account.minute <= OBSERVED_FOR:
            return Certainty.OBSERVED
        if kind in {EvidenceKind.DENIED, EvidenceKind.POLICE}:
            return Certainty.UNLIKELY
    if probability > 0.5:
        return Certainty.LIKELY
    return Certainty.POSSIBLE if probability > PRIOR * 1.05 else Certainty.UNLIKELY
