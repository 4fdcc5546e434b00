"""The worker: sends the outbox, does jobs, sweeps up whatever was lost or overdue, audits the counts. The only process that can send.

Everything here may be killed at any await and started again: leases, fences and the sweeps see to that.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import procrastinate
import structlog
from prometheus_client import Counter, start_http_server
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.alerts.approval import expire_alerts
from app.api.webhooks import tell_partner
from app.assembly import Parts, build_carrier, open_parts
from app.broadcasts.runs import due_broadcasts, finish_broadcasts
from app.core import metrics
from app.core.database import Transaction, without_driver
from app.core.jobs import Patience
from app.core.live import Listener, Topic, wake
from app.core.logs import set_up_logging
from app.delivery.allowance import count_again
from app.delivery.breaker import check_lanes
from app.delivery.conservation import find_differences
from app.delivery.pacing import CampaignPace, Pacer
from app.delivery.quiet_hours import hold_for_the_night
from app.delivery.reconcile import ask_after, reconcile
from app.delivery.ringing import hush_taken, ring_due, settle_calls
from app.delivery.routing import write_slots
from app.delivery.sender import From, Sender
from app.intake.photos import find_lost_photos, forget_old_photos, settle_photo
from app.intake.recordings import FETCH_RECORDING, fetch_recording, find_lost_recordings
from app.pipeline import open_silent_reports
from app.pipeline_broadcasts import send_due
from app.pipeline_calls import end_lost_calls
from app.pipeline_coverage import warn_of_gaps
from app.pipeline_endings import remind_of_ends
from app.pipeline_escalation import end_escalations, escalate
from app.pipeline_field import ask_if_safe, ask_next_wave
from app.pipeline_incidents import expire_incidents, order_by_confidence
from app.pipeline_late import marks_of, replay_of
from app.pipeline_masked_calls import place_masked_calls
from app.pipeline_photos import place_found
from app.pipeline_places import follow_landmarks
from app.pipeline_recovery import Recovery, recover_answers, recover_recent, recover_whole
from app.pipeline_shifts import follow_shifts, tell_of_ends
from app.pipeline_subscribers import forget_sign_ups
from app.pipeline_swaps import expire_swaps
from app.privacy.erasure import FORGET_AT_TWILIO, copies_at_twilio
from app.privacy.purge import FORGET_TEXTS_AT_TWILIO, purge_old, purge_sent
from app.records.corrections import forget_old_examples
from app.records.deliveries import Lane, delivery
from app.records.partners import TELL_PARTNER
from app.records.photos import SETTLE_PHOTO
from app.records.states import DeliveryState
from app.records.verification import task
from app.settings import Settings
from app.telephony.addresses import by_whatsapp
from app.telephony.rest import TwilioRest
from app.verification.offers import expire_offers
from app.verification.sweep import sweep_tasks
from app.volunteers.access import forget_old_sessions
from app.volunteers.shifts import forget_old_plans

log = structlog.get_logger(__name__)

SWEEP_EVERY: Final = timedelta(seconds=2)
RECONCILE_EVERY: Final = timedelta(seconds=5)
RING_EVERY: Final = timedelta(seconds=1)
BREAKER_EVERY: Final = timedelta(seconds=2)
AUDIT_EVERY: Final = timedelta(minutes=1)
STALLED_JOB_SECONDS: Final = 60.0
JOBS_AT_ONCE: Final = 3
"""So that a large file that comes slowly does not keep everything else waiting."""

JOB_RETRIES: Final = Patience()


async def work(settings: Settings, stopping: asyncio.Event) -> None:
    """Run until `stopping` is set; then finish what is in hand and hand the rest back."""
    async with open_parts(settings) as parts:
        carrier = build_carrier(settings)
        listener = Listener(parts.redis)
        jobs = build_jobs(settings, parts, carrier)
        senders = build_senders(settings, parts, carrier)
        woken = [listener.on(Topic.OUTBOX) for _ in senders]
        whatsapp = (by_whatsapp(settings.whatsapp_line),) if settings.whatsapp_line else ()
        recovery = Recovery(
            parts.database, parts.hotline, parts.spool, carrier, (*settings.lines, *whatsapp), settings.recover_grace
        )
        replay = replay_of(parts.hotline, parts.spool, parts.database, marks_of(parts.hotline, parts.waiting_stops))
        async with jobs.open_async():
            helpers = [
                asyncio.create_task(listener.run()),
                asyncio.create_task(follow_landmarks(parts.hotline.atlas, parts.database, listener)),
                asyncio.create_task(every(SWEEP_EVERY, stopping, lambda: sweep(parts))),
                asyncio.create_task(
                    every(RECONCILE_EVERY, stopping, lambda: settle_doubts(parts, carrier, settings.unknown_grace))
                ),
                asyncio.create_task(every(BREAKER_EVERY, stopping, lambda: guard_lanes(parts))),
                asyncio.create_task(every(RING_EVERY, stopping, lambda: ring_phones(parts, carrier))),
                asyncio.create_task(every(settings.recover_every, stopping, lambda: recover_lost(recovery))),
                asyncio.create_task(every(AUDIT_EVERY, stopping, lambda: audit(parts))),
                asyncio.create_task(every(AUDIT_EVERY, stopping, lambda: rescue_jobs(jobs))),
                asyncio.create_task(every(AUDIT_EVERY, stopping, lambda: order_work(parts))),
                asyncio.create_task(every(AUDIT_EVERY, stopping, lambda: sweep_slowly(parts))),
                asyncio.create_task(do_jobs(jobs, stopping)),
                asyncio.create_task(replay.keep_running()),
            ]
            await attempt("lines", partial(prepare_lines, parts))
            log.info("worker_started")
            try:
                await asyncio.gather(*(one.run(stopping, event) for one, event in zip(senders, woken, strict=True)))
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
        await carrier.close()
        log.info("worker_stopped")


def build_senders(settings: Settings, parts: Parts, carrier: TwilioRest) -> list[Sender]:
    """One sender for each of our lines, all of which share the pace of their campaign and the day's allowance of their brand."""
    callback, inventory = f"{settings.public_url}/twilio/messages/status", parts.hotline.inventory
    several = len(inventory.lines) > 1
    senders = []
    for line in inventory.lines:
        campaign = inventory.campaign_of(line)
        pace = CampaignPace(f"campaign-{campaign.name}", campaign.segments_per_second) if campaign else None
        pacer = Pacer(parts.redis, line.name if several else line_name(settings.lines[0]), inventory.pace_of(line), pace)
        sends_from = From(
            line.name if several else "",
            (line.number or line.service) if settings.senders else None,
            campaign.brand if campaign else None,
            campaign.tmobile_per_day if campaign else 0,
        )
        senders.append(
            Sender(
                parts.database,
                carrier,
                pacer,
                callback,
                sends_from=sends_from,
                may_send=parts.spool.is_empty,
                who_waits_to_stop=parts.waiting_stops.among,
            )
        )
    return senders


async def prepare_lines(parts: Parts) -> None:
    """Write down which line tells whom, hand over what waits for a line that is no more, and count what each brand has sent today."""
    async with parts.database.transaction() as unit:
        await write_slots(unit, parts.hotline.inventory)
        if parts.hotline.inventory.campaigns:
            await count_again(unit, parts.hotline.inventory)


async def sweep(parts: Parts) -> None:
    """What time alone brings about: leases and offers end, alerts expire, silent senders' reports go on, Redis is drawn anew."""
    steps: tuple[Callable[[Transaction], Awaitable[object]], ...] = (
        lambda unit: _counted(metrics.LEASES_ENDED, sweep_tasks(unit, parts.hotline.queue)),
        end_escalations,
        lambda unit: escalate(unit, parts.hotline),
        expire_offers,
        lambda unit: ask_if_safe(unit, parts.hotline),
        lambda unit: remind_of_ends(unit, parts.hotline),
        expire_alerts,
        lambda unit: _counted(metrics.SILENT_REPORTS, open_silent_reports(unit, parts.hotline)),
        lambda unit: end_lost_calls(unit, parts.hotline),
        forget_old_sessions,
        forget_old_examples,
    )
    await attempt("sweep", partial(ask_waves, parts))
    await attempt("sweep", partial(send_broadcasts, parts))
    for step in steps:  # each in a transaction of its own, so that one bad row does not keep the others from their due
        await attempt("sweep", partial(parts.database.run, step))


async def ask_waves(parts: Parts) -> None:
    """Ask the next ones about every incident whose wave is due, one a transaction."""
    while await parts.database.run(partial(ask_next_wave, hotline=parts.hotline)):
        pass


async def send_broadcasts(parts: Parts) -> None:
    """Send out the broadcasts whose time has come, each in a transaction of its own, so that none waits for one that can't."""
    for which in await parts.database.run(due_broadcasts):
        await attempt("broadcast", partial(parts.database.run, partial(send_due, hotline=parts.hotline, which=which)))


async def sweep_slowly(parts: Parts) -> None:
    """What a minute is soon enough for: photos whose time is over are forgotten, files whose job got lost get another, and what is not
    urgent waits for the morning; shifts begin and end as they were planned."""
    steps: tuple[Callable[[Transaction], Awaitable[int]], ...] = (
        forget_old_photos,
        find_lost_photos,
        find_lost_recordings,
        lambda unit: hold_for_the_night(unit, parts.hotline.time_zone),
        lambda unit: tell_of_ends(unit, parts.hotline),
        lambda unit: follow_shifts(unit, parts.hotline),
        lambda unit: expire_swaps(unit, parts.hotline),
        lambda unit: warn_of_gaps(unit, parts.hotline, parts.settings.covered_hours),
        forget_old_plans,
        forget_sign_ups,
        finish_broadcasts,
        purge_old,
        purge_sent,
    )
    for step in steps:
        await attempt("sweep_slowly", partial(parts.database.run, step))


async def _counted(counter: Counter, step: Awaitable[int]) -> None:
    counter.inc(await step)


async def order_work(parts: Parts) -> None:
    """End what nobody could confirm in its time, and order what still waits by how sure we are of it by now."""
    await parts.database.run(partial(expire_incidents, hotline=parts.hotline))
    await parts.database.run(partial(order_by_confidence, hotline=parts.hotline))


async def settle_doubts(parts: Parts, carrier: TwilioRest, grace: timedelta) -> None:
    """Ask Twilio's log about texts whose outcome nobody told."""
    metrics.DOUBTS_SETTLED.inc(await reconcile(parts.database, carrier, grace))
    await ask_after(parts.database, carrier, grace)


async def ring_phones(parts: Parts, carrier: TwilioRest) -> None:
    """Stop the phones that ring for what somebody has, place the calls that are due, and find out about those of which nobody told
    anything. None is placed while texts to us wait to be read, as one of them may say stop."""
    await hush_taken(parts.database, carrier)
    if parts.spool.is_empty():
        await ring_due(parts.database, carrier, parts.settings.public_url, parts.waiting_stops.among)
        await place_masked_calls(parts.database, carrier, parts.settings.public_url)
    await settle_calls(parts.database, carrier)


async def guard_lanes(parts: Parts) -> None:
    """Stop lanes whose texts carriers filter or people end their subscriptions over."""
    async with parts.database.transaction() as unit:
        if await check_lanes(unit):
            unit.after_commit.append(wake(parts.redis, Topic.BOARD))


async def recover_lost(recovery: Recovery) -> None:
    """What never reached us, and answers that never left; each is tried whatever becomes of the others."""
    for step in (recover_recent, recover_answers, recover_whole):
        await attempt("recover", partial(step, recovery))


async def audit(parts: Parts) -> None:
    """Check that the counts add up, and say how much waits."""
    async with parts.database.transaction() as unit:
        differences = await find_differences(unit)
        waiting = await unit.all(
            select(delivery.c.lane, func.count().label("texts"))
            .where(delivery.c.state == DeliveryState.PENDING.value)
            .group_by(delivery.c.lane)
        )
        tasks = await unit.all(select(task.c.state, func.count().label("tasks")).group_by(task.c.state))
    for message, tally in differences.items():
        log.error(
            "counts_differ",
            message=str(message),
            recipients=tally.recipients,
            accounted=tally.pending + tally.sent + tally.done,
        )
    metrics.COUNTS_THAT_DIFFER.set(len(differences))
    for lane in Lane:
        metrics.OUTBOX_WAITING.labels(lane.name.lower()).set(next((row.texts for row in waiting if row.lane == lane), 0))
    for row in tasks:
        metrics.TASKS_OPEN.labels(row.state).set(row.tasks)


def build_jobs(settings: Settings, parts: Parts, carrier: TwilioRest) -> procrastinate.App:
    """The jobs that the worker knows, by the names under which `core.jobs.defer` writes them."""
    assert settings.database_url is not None  # open_parts has refused otherwise
    jobs = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=without_driver(settings.database_url), min_size=1, max_size=4)
    )

    @jobs.task(name=FETCH_RECORDING, retry=JOB_RETRIES)
    async def fetch(recording_id: str) -> None:
        await fetch_recording(parts.database, carrier, UUID(recording_id))

    @jobs.task(name=SETTLE_PHOTO, retry=JOB_RETRIES)
    async def settle(photo_id: str) -> None:
        await settle_photo(parts.database, carrier, parts.photos, UUID(photo_id), place_found(parts.hotline))

    @jobs.task(name=FORGET_AT_TWILIO, retry=JOB_RETRIES)
    async def forget(contact_id: str) -> None:
        async with parts.database.transaction() as unit:
            texts, recordings = await copies_at_twilio(unit, UUID(contact_id))
        for sid in texts:
            await carrier.forget_text(sid)
        for sid in recordings:
            await carrier.forget_recording(sid)

    @jobs.task(name=FORGET_TEXTS_AT_TWILIO, retry=JOB_RETRIES)
    async def forget_texts(sids: str) -> None:
        for sid in sids.split():
            await carrier.forget_text(sid)

    @jobs.task(name=TELL_PARTNER, retry=JOB_RETRIES)
    async def tell(partner_id: str, alert_id: str) -> None:
        whom, what = UUID(partner_id), UUID(alert_id)
        await tell_partner(parts.database, whom, what, private=settings.partners_private, exercise=settings.rehearsing)

    return jobs


async def do_jobs(jobs: procrastinate.App, stopping: asyncio.Event) -> None:
    """Do jobs until stopping; when the database goes away, begin again when it is back."""
    while not stopping.is_set():
        try:
            await jobs.run_worker_async(
                concurrency=JOBS_AT_ONCE, install_signal_handlers=False, listen_notify=True, fetch_job_polling_interval=2.0
            )
        except (procrastinate.exceptions.ConnectorException, SQLAlchemyError, OSError) as error:
            log.warning("jobs_wait_for_database", error=type(error).__name__)
            await asyncio.sleep(1)


async def rescue_jobs(jobs: procrastinate.App) -> None:
    """Jobs whose worker was killed are done again."""
    for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_JOB_SECONDS):
        log.warning("job_rescued", job=job.task_name)
        await jobs.job_manager.retry_job(job)


async def every(interval: timedelta, stopping: asyncio.Event, step: Callable[[], Awaitable[None]]) -> None:
    """Repeat a step until stopping; a database that is away is waited for."""
    while not stopping.is_set():
        await attempt("loop", step)
        with suppress(TimeoutError):
            async with asyncio.timeout(interval.total_seconds()):
                await stopping.wait()


async def attempt(name: str, step: Callable[[], Awaitable[object]]) -> None:
    """Do a step; whatever goes wrong is said and does not end the loop it is part of."""
    try:
        await step()
    except (procrastinate.exceptions.ConnectorException, SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("waits_for_database", step=name, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001  # a loop that dies silently would be worse than any error
        log.error("step_failed", step=name, error=type(error).__name__)


def line_name(number: str) -> str:
    """What a line is called in Redis: its own number must not stand there either."""
    return hashlib.sha256(number.encode()).hexdigest()[:12]


def main(settings: Settings | None = None) -> None:
    """Run the worker until SIGTERM or SIGINT."""
    settings = settings or Settings()
    set_up_logging("worker", as_json=settings.log_json, level=settings.log_level)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, addr="127.0.0.1")

    async def until_signalled() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await work(settings, stopping)

    asyncio.run(until_signalled())
