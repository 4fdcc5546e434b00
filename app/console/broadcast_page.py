"""Broadcasts: what organizers tell people that is not about an incident. The list; one with its preview, its progress and its acts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.broadcasts.audience import MOST_A_WEEK, count_capped, count_listeners
from app.broadcasts.hosts import allow_host, allowed_hosts, forbid_host
from app.broadcasts.overview import list_broadcasts, skipped_because
from app.broadcasts.runs import runs_of
from app.broadcasts.schedule import schedule_of
from app.broadcasts.writing import ALONE_UP_TO, PURPOSE, digest_of, get_broadcast, needs_second, return_broadcast, take_back
from app.console.access import Admin, MayHalt, Organizer
from app.console.alert_page import PRICES, Rendering, audience_of
from app.console.flash import go
from app.console.phrases import mark
from app.console.rendering import is_live_part, language_of, render
from app.core.requests import Work
from app.delivery.conservation import Tally, tally_of
from app.delivery.forecast import time_to_last_phone
from app.delivery.waiting import why_waiting
from app.pipeline_broadcasts import approve, cancel, check, pause, propose, resume
from app.records.broadcasts import Broadcast, BroadcastRun
from app.records.states import BroadcastState
from app.subscribers.anonymity import FEWEST, at_least
from app.telephony.segments import size_of
from app.volunteers.tables import Role, Volunteer, volunteer

router = APIRouter(prefix="/broadcasts")

PATH: Final = "/console/broadcasts"
TIMES_SHOWN: Final = 4
RUNS_SHOWN: Final = 26


@dataclass(frozen=True)
class RunShown:
    """One time that it went out, and where its texts are."""

    run: BroadcastRun
    tally: Tally


@router.get("")
async def broadcasts(request: Request, work: Work, _viewer: MayHalt) -> Response:
    """Every broadcast, those that wait for a second person first; and the hosts that links may lead to."""
    return render(
        request,
        "broadcasts.html",
        block="live" if is_live_part(request) else None,
        broadcasts=await list_broadcasts(work),
        hosts=sorted(await allowed_hosts(work)),
    )


@router.post("/hosts")
async def add_host(work: Work, viewer: Admin, host: Annotated[str, Form(max_length=300)]) -> Response:
    """An administrator lets links lead to a host."""
    return go(PATH, "host_allowed", place=await allow_host(work, host, viewer))


@router.post("/hosts/remove")
async def remove_host(work: Work, viewer: Admin, host: Annotated[str, Form(max_length=300)]) -> Response:
    """And no longer."""
    await forbid_host(work, host, viewer)
    return go(PATH, "host_forbidden", place=host)


@router.get("/{code}")
async def broadcast_page(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """One broadcast: what people read, how many they are, what keeps it, and what became of it."""
    told = await get_broadcast(work, code)
    zone = request.state.hotline.time_zone
    checked = await check(work, request.state.hotline, told)
    listening = await count_listeners(work, told)
    people = {language: at_least(count) for language, count in listening.items()}
    shown = [Rendering(lang, words, size_of(words), people.get(lang, 0)) for lang, words in checked.texts.items()]
    at_most = [
        replace(one, people=one.people + FEWEST - 1) for one in shown
    ]  # tells no more of a small group than the floor does
    runs = (await runs_of(work, told.id))[:RUNS_SHOWN]
    history = [RunShown(run, await tally_of(work, run.id, PURPOSE)) for run in runs]
    names = select(volunteer.c.id, volunteer.c.alias).where(volunteer.c.id.in_([told.author_id, told.approver_id]))
    plan = schedule_of(told, zone)
    rights = request.state.hotline.rights.topics
    return render(
        request,
        "broadcast.html",
        block="live" if is_live_part(request) else None,
        told=told,
        renderings=shown,
        problems={
            lang: [p.code for p in checked.problems if p.language == lang] for lang in {p.language for p in checked.problems}
        },
        people=at_least(sum(listening.values())),  # with two languages no exact count follows from it
        capped=at_least(await count_capped(work, told)),
        cap=MOST_A_WEEK,
        fewest=FEWEST,
        forecast=time_to_last_phone(audience_of(at_most), request.state.hotline.inventory),
        prices=PRICES,
        alone_up_to=ALONE_UP_TO,
        needs_second=await needs_second(work, told),
        seen=digest_of(told),
        times=[] if plan is None else [plan.instant_of(day) for day in islice(plan.days(), TIMES_SHOWN)],
        aliases={row.id: row.alias for row in await work.all(names)},
        history=history,
        waiting=await why_waiting(work, runs[0].id, PURPOSE, request.state.hotline.inventory) if runs else [],
        skipped=await skipped_because(work, told.id),
        refusal=why_not_approve(told, viewer),
        later=[rights[name].title[language_of(request)] for name in told.rights_topics[1:] if name in rights],
    )


@router.post("/{code}/propose")
async def propose_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """Its author is done with it."""
    told = await propose(work, request.state.hotline, code, viewer)
    return go(f"{PATH}/{told.code}", "broadcast_proposed" if told.state == BroadcastState.PROPOSED else "broadcast_goes")


@router.post("/{code}/approve")
async def approve_it(
    request: Request, work: Work, viewer: Organizer, code: str, seen: Annotated[str, Form(max_length=64)]
) -> Response:
    """The second person signs what they saw."""
    told = await approve(work, request.state.hotline, code, seen, viewer)
    return go(f"{PATH}/{told.code}", "broadcast_goes")


@router.post("/{code}/return")
async def return_it(
    work: Work, viewer: Organizer, code: str, reason: Annotated[str, Form(min_length=1, max_length=400)]
) -> Response:
    """Give it back to its author with a reason."""
    told = await return_broadcast(work, code, viewer, reason)
    return go(f"{PATH}/{told.code}", "broadcast_returned")


@router.post("/{code}/take-back")
async def take_it_back(work: Work, viewer: Organizer, code: str) -> Response:
    """A proposed one is a draft again."""
    told = await take_back(work, code, viewer)
    return go(f"{PATH}/{told.code}")


@router.post("/{code}/pause")
async def pause_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """Nothing more of it goes out."""
    texts = await pause(work, request.state.hotline, code, viewer)
    return go(f"{PATH}/{code}", "broadcast_paused", people=str(texts))


@router.post("/{code}/resume")
async def resume_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """It goes on."""
    texts = await resume(work, request.state.hotline, code, viewer)
    return go(f"{PATH}/{code}", "broadcast_resumed", people=str(texts))


@router.post("/{code}/cancel")
async def cancel_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """It ends for good."""
    texts = await cancel(work, request.state.hotline, code, viewer)
    return go(f"{PATH}/{code}", "broadcast_cancelled", people=str(texts))


def why_not_approve(told: Broadcast, viewer: Volunteer) -> str | None:
    """Why this viewer can't sign it, said before they try; None when they can. `approve_broadcast` decides; this explains. Pure."""
    if told.state == BroadcastState.PROPOSED and told.author_id == viewer.id:
        return mark("You wrote this broadcast; someone else must approve it.")
    return None if Role.ORGANIZER in viewer.roles else mark("Only organizers write and approve broadcasts.")
