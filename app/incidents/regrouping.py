"""Two incidents are one event, or one is two: merged, split and undone by a person, each report in exactly one incident all the while.

Locks are taken in one order: the county, in which then no report joins anything, the reports, the incidents, their tasks, each by id, and
the chain of acts last. A text that adds to a report takes its report before its incident too, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, func, or_, select

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotFound
from app.incidents.join import get_incident
from app.incidents.summary import put_back, said_by, summary_of, together
from app.records.alerts import alert
from app.records.codes import unused_code
from app.records.events import record
from app.records.incidents import Incident, Report, incident, report
from app.records.regroupings import REASONS_OF, Act, Reason, Regrouping, regrouping
from app.records.states import DECIDED, AlertState, IncidentState, ReportState, step
from app.records.verification import observation, offer, task

ACTIVE: Final = (AlertState.PROPOSED.value, AlertState.APPROVED.value)
"""An alert that waits for its second signature, or that people act on."""


@dataclass(frozen=True)
class Regrouped:
    """What came of an act: the incident that holds the reports now, the other one, and the reports that went from one to the other."""

    act: Regrouping
    holds: Incident
    other: Incident
    reports: Sequence[Report]


async def merge_incidents(
    work: Transaction, code: str, other_code: str, reason: Reason, by: UUID, *, knowing: bool = False
) -> Regrouped:
    """Two incidents are one event. The one that is decided stays, else the older. `knowing`: the person was told that an alert is out.
    Raises Conflict for different counties, two decided incidents, or an alert that the person was not told of."""
    if reason not in REASONS_OF[Act.MERGE]:
        raise BadInput("Choose a reason of the list.")
    one, two = await lock_both(work, code, other_code)
    if one.id == two.id:
        raise BadInput("Choose another incident.")
    if one.county is None or one.county != two.county:
        raise Conflict("Only incidents of the same county can be one event. Set the county first.")
    if IncidentState.DISMISSED in (one.state, two.state):
        raise Conflict("One of the two was merged or taken out already.")
    kept, gone = _who_stays(one, two)
    if gone.state in DECIDED:
        raise Conflict("Both are decided, so neither can be merged into the other.")
    if await has_active_alert(work, gone.id):
        raise Conflict("An alert about that incident waits or is out, so it has to stay.")
    await _ask_if_alerted(work, kept, knowing=knowing)
    step(IncidentState(gone.state), IncidentState.DISMISSED)
    before = {"from": said_by(gone) | {"state": gone.state}, "to": said_by(kept)}
    moved = await _move_all(work, gone.id, kept.id)
    await write_incident(work, gone, state=IncidentState.DISMISSED.value, reports=0)
    await write_incident(work, kept, **together(kept, gone), reports=await count_reports(work, kept.id))
    act = await _keep(work, Act.MERGE, gone, kept, reason, by, moved, before)
    why = {"reason": reason.value, "reports": len(moved["reports"])}
    await record(work, "incident.merged", gone.id, actor_id=by, county=gone.county, into=kept.code, **why)
    await record(work, "incident.absorbed", kept.id, actor_id=by, county=kept.county, other=gone.code, **why)
    return Regrouped(act, kept, gone, await _reports(work, moved["reports"]))


async def split_incident(
    work: Transaction, code: str, chosen: Collection[UUID], reason: Reason, by: UUID, *, knowing: bool = False
) -> Regrouped:
    """Some reports of an incident are about another event: they get an incident of their own. Raises BadInput unless at least one report
    goes and one stays, Conflict for an alert that the person was not told of."""
    if reason not in REASONS_OF[Act.SPLIT]:
        raise BadInput("Choose a reason of the list.")
    about, _ = await lock_both(work, code, code)
    held = await work.find(
        Report, select(report).where(report.c.incident_id == about.id).order_by(report.c.received_at, report.c.id)
    )
    going = [told for told in held if told.id in chosen]
    staying = [told for told in held if told.id not in chosen]
    if not going or not staying:
        raise BadInput("Choose at least one report to take out, and leave at least one.")
    await _ask_if_alerted(work, about, knowing=knowing)
    before = {"from": said_by(about), "to": {}}
    said = summary_of(going)
    counting = sum(told.state == ReportState.JOINED for told in going)
    code = await unused_code(work, incident.c.code)
    opened = Incident(id=work.new_id(), code=code, county=about.county, reports=counting, **said)
    await work.add(opened)
    ids = [told.id for told in going]
    await work.execute(report.update().where(report.c.id.in_(ids)).values(incident_id=opened.id))
    await write_incident(work, about, **summary_of(staying, about), reports=await count_reports(work, about.id))
    moved = {"reports": [str(i) for i in ids], "offers": [], "observations": []}
    act = await _keep(work, Act.SPLIT, about, opened, reason, by, moved, before)
    why = {"reason": reason.value, "reports": len(ids)}
    await record(work, "incident.split", about.id, actor_id=by, county=about.county, into=opened.code, **why)
    await record(work, "incident.split_off", opened.id, actor_id=by, county=opened.county, other=about.code, **why)
    return Regrouped(act, opened, about, going)


async def undo_regrouping(work: Transaction, act_id: UUID, by: UUID) -> Regrouped:
    """Take a merge or a split back. Raises Conflict when an alert was written since, when a later act builds on it, or when what a split
    made is decided. The `holds` of the answer is the incident that the reports went back to."""
    known = await work.get(Regrouping, regrouping.c.id == act_id)
    if known is None:
        raise NotFound("There is nothing of that kind to undo.")
    codes = {row.id: row.code for row in await work.all(_codes(known.from_id, known.to_id))}
    one, two = await lock_both(work, codes[known.from_id], codes[known.to_id])
    act = await work.get(Regrouping, regrouping.c.id == act_id, lock=True)
    origin, goal = (one, two) if one.id == known.from_id else (two, one)
    if act is None or act.undone_at is not None:
        raise Conflict("This was undone already.")
    if lacks := await what_undo_lacks(work, act):
        raise lacks
    if act.act == Act.MERGE:
        moved = await _undo_merge(work, act, origin, goal)
    else:
        moved = await _undo_split(work, act, origin, goal)
    await work.execute(regrouping.update().where(regrouping.c.id == act.id).values(undone_at=work.now))
    act.undone_at = work.now
    for about, other in ((origin, goal), (goal, origin)):
        await record(work, f"incident.{act.act}_undone", about.id, actor_id=by, county=about.county, other=other.code)
    return Regrouped(act, origin, goal, await _reports(work, moved))


async def what_undo_lacks(work: Transaction, act: Regrouping) -> Conflict | None:
    """Why an act can't be undone any more, or None when it can."""
    both = (act.from_id, act.to_id)
    counties = (await work.execute(select(incident.c.county).where(incident.c.id.in_(both)).distinct())).scalars().all()
    if len(counties) > 1:
        return Conflict("The two are of different counties now, so this stays.")
    alerted = select(alert.c.id).where(alert.c.incident_id.in_(both), alert.c.proposed_at > act.at).limit(1)
    if await work.scalar(alerted) is not None:
        return Conflict("An alert was written since, so this stays.")
    later = select(regrouping.c.id).where(
        or_(regrouping.c.from_id.in_(both), regrouping.c.to_id.in_(both)),
        regrouping.c.undone_at.is_(None),
        regrouping.c.id != act.id,
        or_(regrouping.c.at > act.at, (regrouping.c.at == act.at) & (regrouping.c.id > act.id)),
    )
    if await work.scalar(later.limit(1)) is not None:
        return Conflict("Something was merged or split since. Undo that first.")
    if act.act == Act.SPLIT:
        state = await work.scalar(select(incident.c.state).where(incident.c.id == act.to_id))
        if state in DECIDED:
            return Conflict("What was split off is decided, so this stays.")
    return None


async def has_active_alert(work: Transaction, incident_id: UUID) -> bool:
    """Whether an alert about an incident waits for its signature or is out."""
    found = select(alert.c.id).where(alert.c.incident_id == incident_id, alert.c.state.in_(ACTIVE)).limit(1)
    return await work.scalar(found) is not None


async def acts_of(work: Transaction, incident_id: UUID) -> list[Regrouping]:
    """The acts that made an incident what it is and that were not undone, the newest first."""
    return await work.find(
        Regrouping,
        select(regrouping)
        .where(or_(regrouping.c.from_id == incident_id, regrouping.c.to_id == incident_id), regrouping.c.undone_at.is_(None))
        .order_by(regrouping.c.at.desc(), regrouping.c.id.desc()),
    )


async def lock_both(work: Transaction, code: str, other_code: str) -> tuple[Incident, Incident]:
    """Both incidents (which may be one) and their reports, locked, and no report joining meanwhile."""
    seen = [await get_incident(work, code), await get_incident(work, other_code)]
    ids = {about.id for about in seen}
    for county in sorted({about.county or "unknown" for about in seen}):
        await work.lock("incidents", county)
    await work.execute(select(report.c.id).where(report.c.incident_id.in_(ids)).order_by(report.c.id).with_for_update())
    rows = select(incident).where(incident.c.id.in_(ids)).order_by(incident.c.id).with_for_update()
    locked = {about.id: about for about in await work.find(Incident, rows)}
    await work.execute(select(task.c.id).where(task.c.incident_id.in_(ids)).order_by(task.c.id).with_for_update())
    if {about.county for about in seen} != {about.county for about in locked.values()}:
        raise Conflict("Somebody changed this at the same moment. Look again.")
    return locked[seen[0].id], locked[seen[1].id]


async def lock_at_once(work: Transaction, about: Incident) -> bool:
    """Lock an incident with its reports and its task if nobody holds any of them, for whoever holds other rows already and must not wait.
    Its county's lock is held."""
    for table, column in ((report, report.c.incident_id), (incident, incident.c.id), (task, task.c.incident_id)):
        there = await work.scalar(select(func.count()).where(column == about.id))
        free = await work.all(
            select(table.c.id).where(column == about.id).order_by(table.c.id).with_for_update(skip_locked=True)
        )
        if len(free) < there:
            return False
    return True


async def write_incident(work: Transaction, about: Incident, **values: Any) -> None:
    """Write columns of an incident that is locked, in the table and in `about`."""
    await work.execute(incident.update().where(incident.c.id == about.id).values(values))
    for name, value in values.items():
        setattr(about, name, value)


async def count_reports(work: Transaction, incident_id: UUID) -> int:
    """How many reports of an incident count: those that were not dismissed."""
    counting = select(func.count()).where(report.c.incident_id == incident_id, report.c.state == ReportState.JOINED.value)
    return int(await work.scalar(counting))


def _who_stays(one: Incident, two: Incident) -> tuple[Incident, Incident]:
    """The incident that stays and the one that goes."""
    kept, gone = sorted((one, two), key=lambda about: (about.state not in DECIDED, about.first_report_at, about.id))
    return kept, gone


async def _ask_if_alerted(work: Transaction, about: Incident, *, knowing: bool) -> None:
    if not knowing and await has_active_alert(work, about.id):
        raise Conflict("An alert about this incident waits or is out. Tick the box that you know, and press again.")


async def _move_all(work: Transaction, origin: UUID, goal: UUID) -> dict[str, list[str]]:
    """Everything that hangs on one incident goes to another. Returns the ids."""
    return {
        "reports": await _move(work, report, origin, goal),
        "offers": await _move(work, offer, origin, goal),
        "observations": await _move(work, observation, origin, goal),
    }


async def _move(work: Transaction, table: Table, origin: UUID, goal: UUID, only: Sequence[str] | None = None) -> list[str]:
    rows = table.update().where(table.c.incident_id == origin)
    if only is not None:
        rows = rows.where(table.c.id.in_([UUID(i) for i in only]))
    return sorted(str(i) for i in (await work.execute(rows.values(incident_id=goal).returning(table.c.id))).scalars())


async def _undo_merge(work: Transaction, act: Regrouping, gone: Incident, kept: Incident) -> list[str]:
    for table in (report, offer, observation):
        await _move(work, table, kept.id, gone.id, act.moved[f"{table.name}s"])
    before = dict(act.before["from"])
    step(IncidentState(gone.state), IncidentState.OPEN)
    count = await count_reports(work, gone.id)
    await write_incident(
        work,
        gone,
        **_instants({name: before[name] for name in before if name != "state"}),
        state=before["state"],
        reports=count,
    )
    said = put_back(said_by(kept), act.before["to"], act.after["to"])
    await write_incident(work, kept, **_instants(said), reports=await count_reports(work, kept.id))
    return list(act.moved["reports"])


async def _undo_split(work: Transaction, act: Regrouping, about: Incident, opened: Incident) -> list[str]:
    step(IncidentState(opened.state), IncidentState.DISMISSED)
    moved = await _move_all(work, opened.id, about.id)
    await write_incident(work, opened, state=IncidentState.DISMISSED.value, reports=0)
    said = put_back(said_by(about), act.before["from"], act.after["from"])
    await write_incident(work, about, **_instants(said), reports=await count_reports(work, about.id))
    return moved["reports"]


async def _reports(work: Transaction, ids: Sequence[str]) -> list[Report]:
    chosen = select(report).where(report.c.id.in_([UUID(i) for i in ids]))
    return await work.find(Report, chosen.order_by(report.c.received_at, report.c.id))


async def _keep(
    work: Transaction,
    act: Act,
    origin: Incident,
    goal: Incident,
    reason: Reason,
    by: UUID,
    moved: dict[str, list[str]],
    before: dict[str, Any],
) -> Regrouping:
    kept = Regrouping(
        id=work.new_id(),
        act=act.value,
        from_id=origin.id,
        to_id=goal.id,
        reason=reason.value,
        moved=moved,
        before=before,
        after={"from": said_by(origin), "to": said_by(goal)},
        author_id=by,
        at=work.now,
    )
    await work.add(kept)
    return kept


def _instants(said: dict[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(value) if name.endswith("_at") else value for name, value in said.items()}


def _codes(one: UUID, two: UUID) -> Any:
    return select(incident.c.id, incident.c.code).where(incident.c.id.in_((one, two)))
