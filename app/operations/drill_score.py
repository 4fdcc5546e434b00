"""The score card of a drill: figures with their targets, and what went wrong. Pure but for reading the tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from app.core.database import Transaction
from app.operations.drill_people import World
from app.records.contacts import contact
from app.records.deliveries import delivery, outgoing_message
from app.records.events import event
from app.records.incidents import Incident, Report, incident, report
from app.records.states import DECIDED, IncidentState, OfferState
from app.records.verification import offer, search
from app.volunteers.tables import volunteer

MINUTE: Final = 60.0

IN_QUEUE_S: Final = 2.0
FIRST_OFFER_S: Final = 60.0
DECISION_P50_S: Final = 25 * MINUTE
DECISION_P90_S: Final = 60 * MINUTE
FAIR_SHARE: Final = 2.0
"""The targets that verification was built for (docs/drills.md)."""

UNCHECKED: Final = 0.1
"""A decision that it could not be checked is one, but a drill full of them is no good hour."""


@dataclass(frozen=True)
class Figure:
    """One figure: what it says, its value (None: never), its target, and whether that is met."""

    name: str
    value: float | None
    target: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the value is at most the target."""
        return self.value is not None and self.value <= self.target


@dataclass(frozen=True)
class ScoreCard:
    """How a drill went: the figures, the plain counts, and sentences of what went wrong."""

    scenario: str
    seed: int
    figures: Sequence[Figure]
    counts: dict[str, int]
    wrong: Sequence[str] = field(default_factory=tuple)

    @property
    def met(self) -> bool:
        """Whether every target is met."""
        return all(figure.met for figure in self.figures)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        figures = [asdict(figure) | {"met": figure.met} for figure in self.figures]
        return asdict(self) | {"figures": figures, "met": self.met}

    def in_words(self) -> str:
        """For people."""
        lines = [f"{self.scenario}, seed {self.seed}", ""]
        for figure in self.figures:
            shown, target = said(figure.value, figure.unit), said(figure.target, figure.unit)
            lines.append(f"  {'met   ' if figure.met else 'MISSED'}  {figure.name}: {shown} (at most {target})")
        lines += ["", *(f"  {count:>5}  {what}" for what, count in self.counts.items())]
        lines += (
            ["", "What went wrong:", *(f"  - {line}" for line in self.wrong)] if self.wrong else ["", "Nothing went wrong."]
        )
        missed = sum(not figure.met for figure in self.figures)
        lines += ["", "Every target is met." if self.met else f"{missed} of {len(self.figures)} targets are missed."]
        return "\n".join(lines)


def said(value: float | None, unit: str) -> str:
    """A figure as people read it. Pure."""
    if value is None or math.isinf(value):
        return "never"
    if unit == "s" and value >= 2 * MINUTE:
        return f"{value / MINUTE:.1f} min"
    return f"{value:.3g} s" if unit == "s" else f"{value:.2f} {unit}"


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of them don't exceed (nearest rank); None without values, infinity for what never came. Pure."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


async def score(work: Transaction, world: World, name: str) -> ScoreCard:
    """Read the tables after a drill."""
    incidents = await work.find(Incident, select(incident).where(incident.c.state != IncidentState.DISMISSED.value))
    reports = await work.find(Report, select(report))
    firsts = await work.all(select(offer.c.incident_id, func.min(offer.c.offered_at).label("at")).group_by(offer.c.incident_id))
    offered = {row.incident_id: row.at for row in firsts}
    to_offer = [(offered[one.id] - one.first_report_at).total_seconds() if one.id in offered else math.inf for one in incidents]
    decided = {one.id: one.decided_at for one in incidents if one.decided_at is not None}
    to_decision = [
        max((decided[one.incident_id] - one.received_at).total_seconds(), 0.0) if one.incident_id in decided else math.inf
        for one in reports
    ]
    shares = await _shares(work)
    fair = sum(shares.values()) / max(len(shares), 1)
    most = max(shares.values(), default=0) / fair if fair else 0.0
    figures = [
        Figure("a report stands in the queue after", max(world.in_queue, default=None), IN_QUEUE_S, "s"),
        Figure("first offer after the first report, median", percentile(to_offer, 0.5), FIRST_OFFER_S, "s"),
        Figure("report to decision, half of them within", percentile(to_decision, 0.5), DECISION_P50_S, "s"),
        Figure("report to decision, nine of ten within", percentile(to_decision, 0.9), DECISION_P90_S, "s"),
        Figure("most offers to one verifier, in fair shares", most, FAIR_SHARE, "shares"),
    ]
    unchecked = {one.id for one in incidents if one.state == IncidentState.UNABLE}
    share = len(unchecked) / max(len(incidents), 1)
    figures.append(Figure("incidents that could not be checked, as a share", share, UNCHECKED, "of all"))
    counts = await _counts(work, incidents, reports, shares)
    return ScoreCard(name, world.seed, figures, counts, await _wrong(work, world, incidents, reports, offered, shares))


async def _shares(work: Transaction) -> Counter[str]:
    rows = await work.all(
        select(volunteer.c.alias, func.count(offer.c.id).label("offers"))
        .join(offer, offer.c.volunteer_id == volunteer.c.id, isouter=True)
        .where(volunteer.c.roles.contains(["verifier"]))
        .group_by(volunteer.c.alias)
    )
    return Counter({row.alias: int(row.offers) for row in rows})


async def _counts(
    work: Transaction, incidents: Sequence[Incident], reports: Sequence[Report], shares: Counter[str]
) -> dict[str, int]:
    answers = await work.all(select(offer.c.state, func.count().label("many")).group_by(offer.c.state))
    by_state = {row.state: int(row.many) for row in answers}
    counts = {"reports": len(reports), "incidents that they became": len(incidents)}
    counts |= {f"decided: {state.value}": sum(one.state == state for one in incidents) for state in DECIDED}
    counts |= {"offers": sum(shares.values()), "most offers to one verifier": max(shares.values(), default=0)}
    counts |= {f"offers {state.value.replace('_', ' ')}": by_state.get(state.value, 0) for state in OfferState}
    return counts | {"waves asked": int(await work.scalar(select(func.coalesce(func.sum(search.c.waves), 0))))}


async def _wrong(
    work: Transaction,
    world: World,
    incidents: Sequence[Incident],
    reports: Sequence[Report],
    offered: dict[Any, Any],
    shares: Counter[str],
) -> list[str]:
    wrong = [f"A part of the drill failed: {type(error).__name__}." for error in world.timeline.failures]
    verbs = await work.all(select(event.c.verb, func.count().label("many")).group_by(event.c.verb))
    happened = {row.verb: int(row.many) for row in verbs}
    told = (
        select(delivery.c.contact_id)
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(outgoing_message.c.purpose == "outcome", delivery.c.state.in_(("sent", "delivered")))
    )
    knows = set((await work.execute(told)).scalars())
    reached = set((await work.execute(select(contact.c.id).where(contact.c.stopped_at.is_(None)))).scalars())
    over = {one.id for one in incidents if one.state in DECIDED}
    untold = [one for one in reports if one.incident_id in over and one.contact_id in reached and one.contact_id not in knows]
    truths = _against_truth(world, incidents, reports)
    for many, words in (
        (world.missing_in_queue, "times the queue did not hold what the table held right after a report"),
        (sum(one.state not in DECIDED for one in incidents), "incidents were never decided"),
        (sum(one.state == IncidentState.UNABLE for one in incidents), "incidents could not be checked in time"),
        (sum(one.id not in offered for one in incidents), "incidents about which nobody was asked"),
        (truths["misjudged"], "incidents were decided as something else than they were"),
        (truths["misplaced"], "reports were put into another county than they were from"),
        (truths["unplaced"], "reports stayed without a county"),
        (truths["split"], "incidents more than there were events"),
        (truths["mixed"], "incidents hold reports of different events"),
        (len(untold), "reporters did not hear the outcome"),
        (len(world.scenario.happening) - len(incidents) if truths["mixed"] else 0, "incidents fewer than there were events"),
        (happened.get("task.lease_ended", 0), "claims ended without a sign of life"),
        (happened.get("task.escalated", 0), "times somebody was called because nobody took an urgent incident"),
        (happened.get("offer.silent", 0), "times a verifier did not say whether they were OK"),
        (happened.get("offer.not_needed", 0), "verifiers said yes when enough were going"),
        (sum(offers == 0 for offers in shares.values()), "verifiers were never asked"),
    ):
        if many > 0:
            wrong.append(f"{many} {words}.")
    wrong += [f"{many} acts of dispatchers were refused: {code}." for code, many in Counter(world.refused).items()]
    return wrong


def _against_truth(world: World, incidents: Sequence[Incident], reports: Sequence[Report]) -> Counter[str]:
    """How far what the hotline made of it is from what happened."""
    found: Counter[str] = Counter()
    events_of: dict[Any, set[int]] = {}
    for one in reports:
        happening = world.happening_of.get(one.contact_id)
        if happening is None:
            continue
        found["unplaced"] += one.county is None
        found["misplaced"] += one.county is not None and one.county != happening.county
        events_of.setdefault(one.incident_id, set()).add(world.scenario.happening.index(happening))
    by_id = {one.id: one for one in incidents}
    for incident_id, which in events_of.items():
        about = by_id.get(incident_id)
        found["mixed"] += len(which) > 1
        if about is None or about.state not in DECIDED or len(which) > 1:
            continue
        truth = world.scenario.happening[next(iter(which))].truth.value
        meant = {"confirm": "confirmed"}.get(truth, truth)
        found["misjudged"] += about.state not in {meant, "unable", "gone"}
    found["split"] = max(0, len(events_of) - len(world.scenario.happening))
    return found
