"""Which incident a report belongs to. One report at a time, as they arrive; the same steps whether one comes or a thousand are replayed.

A report joins the incident that holds the account most like it, unless it names another place than the incident does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from app.incidents.likeness import MERGE, SUGGEST, TOO_LATE, Account, Likeness, likeness
from app.records.reading import Assessment, Kind, Location

ABOUT_EVENTS: Final = frozenset({Kind.REPORT, Kind.DETENTION, Kind.RUMOR})
"""The kinds of text that are about an event at a place."""

OPEN: Final = "|"
"""Between the counties that a text leaves open."""

MOST_COMPARED: Final = 16
"""Of a large incident the newest accounts are compared, which bounds the work of a burst."""


@dataclass(frozen=True, slots=True)
class Match:
    """`index` is the incident's place in the list that was given; `merge` whether the score is enough to join without a person."""

    index: int
    score: float
    reasons: tuple[str, ...]
    merge: bool = True


def best_match(account: Account, incidents: Sequence[Sequence[Account]]) -> Match | None:
    """The open incident that a new report joins, or None where it is a new event. Incidents are lists of accounts, oldest first."""
    best = closest(account, incidents)
    return best if best and best.merge else None


def suggestions(account: Account, incidents: Sequence[Sequence[Account]]) -> list[Match]:
    """The incidents that a dispatcher is shown beside a new report: alike, but not enough to merge unasked. The likeliest first."""
    matches = [match for index, members in enumerate(incidents) if (match := _match(account, members, index)) is not None]
    return sorted((m for m in matches if not m.merge and m.score >= SUGGEST), key=lambda m: -m.score)


def closest(account: Account, incidents: Sequence[Sequence[Account]]) -> Match | None:
    """The incident most like a report, merged or not; the newer of two that are equally alike."""
    best: tuple[float, float, int, _Sum] | None = None
    for index, members in enumerate(incidents):
        found = _sum(account, members)
        if found is None:
            continue
        newest = max(member.minute for member in members)
        if best is None or (found.score, newest) > best[:2]:
            best = (found.score, newest, index, found)
    return _told(best[3], best[2]) if best else None


def alike(ours: Sequence[Account], incidents: Sequence[Sequence[Account]]) -> list[Match]:
    """The incidents that a dispatcher is shown beside one that holds the accounts `ours`: alike enough to be the same event, whether a
    machine would have merged them or not. The likeliest first."""
    found: list[Match] = []
    for index, members in enumerate(incidents):
        matches = [match for account in ours for match in (_compare(account, members, index),) if match is not None]
        best = max(matches, key=lambda match: match.score, default=None)
        if best is not None and best.score >= SUGGEST:
            found.append(best)
    return sorted(found, key=lambda match: -match.score)


def cluster(rows: Iterable[Mapping[str, Any]], read: Callable[[str], tuple[Assessment, Location]]) -> dict[str, str]:
    """What merging would do with texts: row id -> incident id.

    `rows` have "group", "id", "text" and "minute"; only rows of one group can be one incident, and they are taken in order of their
    minute. `read` is what the main line does with a text. A text that is about no event stands alone.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row["group"]), []).append(row)
    result: dict[str, str] = {}
    for group, members in groups.items():
        incidents: list[list[Account]] = []
        alone = 0
        for row in sorted(members, key=lambda row: float(row["minute"])):
            assessment, location = read(str(row["text"]))
            if assessment.kind not in ABOUT_EVENTS:
                alone += 1
                result[str(row["id"])] = f"{group}-alone-{alone}"
                continue
            account = _account(row, assessment, location, incidents)
            known = _as_if_known(account, incidents)
            match = best_match(account, known)
            if match is None:
                incidents.append([account])
                result[str(row["id"])] = f"{group}-{len(incidents)}"
            else:
                incidents[match.index] = [*known[match.index], account]
                result[str(row["id"])] = f"{group}-{match.index + 1}"
    return result


class _Sum(NamedTuple):
    """An incident beside a report: its account most like it, the score, and whether most of its accounts name another place."""

    score: float
    best: Likeness
    elsewhere: bool


def _match(account: Account, members: Sequence[Account], index: int) -> Match | None:
    found = _sum(account, members)
    return _told(found, index) if found else None


def _compare(account: Account, members: Sequence[Account], index: int) -> Match | None:
    """As `_match`, whichever of the two came first."""
    found = _sum_up([likeness(account, member) for member in members]) if members else None
    return _told(found, index) if found else None


def _sum(account: Account, members: Sequence[Account]) -> _Sum | None:
    compared = members[-MOST_COMPARED:]
    if not compared or account.minute - max(member.minute for member in compared) > TOO_LATE:
        return None
    return _sum_up([likeness(account, member) for member in compared])


def _sum_up(found: Sequence[Likeness]) -> _Sum | None:
    best, here, elsewhere = found[0], 0, 0
    for like in found:
        if like.score > best.score:
            best = like
        if like.same_place is not None:
            here, elsewhere = here + like.same_place, elsewhere + (not like.same_place)
    if best.score == 0.0:
        return None
    return _Sum(min(best.score, MERGE - 0.01), best, True) if elsewhere > here else _Sum(best.score, best, False)


def _told(found: _Sum, index: int) -> Match:
    """The same as people are told of it."""
    if found.elsewhere:
        return Match(index, found.score, (*found.best.reasons, "others of it name another place"), merge=False)
    return Match(index, found.score, found.best.reasons, found.score >= MERGE)


def _account(
    row: Mapping[str, Any], assessment: Assessment, location: Location, incidents: Sequence[Sequence[Account]]
) -> Account:
    account = Account(
        report_id=str(row["id"]),
        county=location.county,
        minute=float(row["minute"]),
        text=str(row["text"]),
        place=location.label,
        point=location.point,
        kind=assessment.kind.value,
        salute=assessment.salute,
        source=str(row["from"]) if row.get("from") else None,
        language=assessment.language,
    )
    return replace(account, county=_assumed_county(account, location, incidents)) if len(location.counties) > 1 else account


def _assumed_county(account: Account, location: Location, incidents: Sequence[Sequence[Account]]) -> str:
    """Where a town lies in several counties the sender would be asked. Until then a text counts with the open incident of one of them
    that it is most like, and texts that leave the same counties open count together."""
    best: tuple[float, str] | None = None
    for county in sorted({member.county for members in incidents for member in members if member.county in location.counties}):
        match = closest(replace(account, county=county), incidents)
        if match and match.merge and (best is None or match.score > best[0]):
            best = (match.score, county)
    return best[1] if best else OPEN.join(sorted(location.counties))


def _as_if_known(account: Account, incidents: Sequence[Sequence[Account]]) -> list[list[Account]]:
    """The incidents, those whose county is still open taken to lie in the account's county where that is one of theirs."""
    if account.county is None or OPEN in account.county:
        return [list(members) for members in incidents]
    county = account.county
    return [
        [replace(m, county=county) if m.county and OPEN in m.county and county in m.county.split(OPEN) else m for m in members]
        for members in incidents
    ]
