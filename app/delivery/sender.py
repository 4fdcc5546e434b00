"""The sender: claims texts lane by lane, waits for the pace, looks once more whether each may still go, sends, records.

`run` repeats `drain` until it is told to stop. While one batch is with Twilio the next is claimed, and what came of the one before is
recorded; answers are recorded many at a time, in the order of their coming."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.clock import steady_seconds
from app.core.database import Database
from app.delivery import outbox
from app.delivery.allowance import count_sent, is_for_safety_only
from app.delivery.outbox import LEASE, Claimed
from app.delivery.pacing import AHEAD_SECONDS, Pacer
from app.records.deliveries import Lane
from app.subscribers.waiting_stops import WhoWaitsToStop
from app.telephony.pooled_http import REQUEST_SECONDS, TooLate, sent_only_while
from app.telephony.rest import OutcomeUnknown, Refused, TextCarrier

log = structlog.get_logger(__name__)

BATCH: Final = 100
MOST_UNDER_WAY: Final = 200
"""So many texts at most are with Twilio at a time."""

SLICE_SECONDS: Final = 0.1
"""Texts that are due within this time of each other are looked at together, at its beginning: who stopped meanwhile, does it still hold.
What goes within this time of its claim was looked at there."""

VALIDITY: Final = {Lane.ALERT: timedelta(minutes=30), Lane.DISPATCH: timedelta(minutes=10)}
"""How long Twilio may hold a text before it must drop it: an alert that comes an hour late alarms people for nothing."""

CALLBACK_OVERRIDES: Final = "#ct=3000&rt=1500&rc=5&rp=all"
"""Asks Twilio to tell a status again when we did not take it in (twilio.com, "Webhook connection overrides")."""

URGENT_SECONDS: Final = 0.2
"""How often, while others are being sent, the outbox is looked at for replies and offers to verifiers, which then wait behind nothing that
is not on its way already."""

AGED_EVERY: Final = 10
"""One claim in so many goes to a lane whose texts have waited too long (`outbox.AGES`)."""

USUAL_VALIDITY: Final = timedelta(hours=4)
IDLE_SECONDS: Final = 1.0
RECORD_AGAIN_SECONDS: Final = 1.0

SAFE_LEASE: Final = timedelta(seconds=REQUEST_SECONDS + 2)
"""A claim with less of its lease left isn't sent: the send may hang for as long as a request may, and by then it must still be ours."""

RENEW_SECONDS: Final = 4.0
"""So often what waits for its turn is claimed anew."""


@dataclass(frozen=True)
class _Answer:
    """What came of a text; neither a SID nor a refusal: nobody knows. `untouched`: it was not sent at all; `stop_waits`: nor may it be
    until a stop of the person has been read."""

    text: Claimed
    sid: str | None = None
    refused: Refused | None = None
    untouched: bool = False
    stop_waits: bool = False


@dataclass(frozen=True)
class From:
    """The line that a sender sends from: its name in the outbox, "" where there is only one; its number or Messaging Service, None for the
    carrier's usual one; and the brand whose allowance for a day it shares, in segments to one carrier (`allowance.py`)."""

    line: str = ""
    address: str | None = None
    brand: str | None = None
    allowance: int = 0


class Sender:
    """Sends what the outbox holds for one line. Several may run, in one process or many: claims keep them apart. While `may_send` says no,
    nothing goes: texts to us wait to be read, and one of them may say stop. `who_waits_to_stop` gives those of some numbers of whom a
    stop waits on another machine."""

    def __init__(
        self,
        database: Database,
        carrier: TextCarrier,
        pacer: Pacer,
        callback_url: str,
        *,
        sends_from: From = From(),
        may_send: Callable[[], bool] = lambda: True,
        steady: Callable[[], float] = steady_seconds,
        who_waits_to_stop: WhoWaitsToStop | None = None,
    ) -> None:
        self._database = database
        self._carrier = carrier
        self._pacer = pacer
        self._callback_url = callback_url
        self._answers: list[_Answer] = []
        self._answered = asyncio.Event()
        self._refused_in_a_row = 0
        self._may_send = may_send
        self._steady = steady
        self._who_waits_to_stop = who_waits_to_stop
        self._from = sends_from
        self._claims = 0
        self._releases_at = 0.0
        self._around = False

    async def run(self, stopping: asyncio.Event, woken: asyncio.Event) -> None:
        """Send until `stopping`; look again when `woken`, or every second."""
        while not stopping.is_set():
            woken.clear()
            try:
                handled = await self.drain(stopping)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                # The database is away; what was claimed will be found doubtful.
                log.warning("sender_waits_for_database", error=type(error).__name__)
                handled = 0
            except Exception as error:  # noqa: BLE001  # nothing may end the only sender
                log.error("sender_stumbled", error=type(error).__name__)
                handled = 0
            if not handled:
                waits = [asyncio.ensure_future(event.wait()) for event in (stopping, woken)]
                _, waiting = await asyncio.wait(waits, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for one in waiting:
                    one.cancel()

    async def drain(self, stopping: asyncio.Event | None = None) -> int:
        """Send until nothing more is due, or until told to stop. Returns how many texts that were."""
        handled = 0
        under_way: set[asyncio.Task[None]] = set()
        done = asyncio.Event()
        recording = asyncio.create_task(self._keep_recording(done))
        urgent = asyncio.create_task(self._send_urgent(done, under_way, stopping))
        try:
            while not _is_set(stopping):
                await _sleep(await self._pacer.ahead(self._database.clock()) - AHEAD_SECONDS, stopping)
                while len(under_way) > MOST_UNDER_WAY - BATCH:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                claimed_at, batch = self._steady(), await self._claim()
                if not batch:
                    break
                handled += len(batch)
                await self._launch(batch, claimed_at, under_way, stopping)
            while under_way:
                await asyncio.wait(under_way)
        finally:
            done.set()
            self._answered.set()
            handled += await urgent
            await recording
        await self._record()
        return handled

    async def send_some(self, stopping: asyncio.Event | None = None) -> int:
        """Claim one batch and see it through. Returns how many texts it held."""
        claimed_at, batch = self._steady(), await self._claim()
        under_way: set[asyncio.Task[None]] = set()
        await self._launch(batch, claimed_at, under_way, stopping)
        if under_way:
            await asyncio.gather(*under_way)
        await self._record()
        return len(batch)

    async def _claim(self, last: Lane = Lane.BROADCAST) -> list[Claimed]:
        """The texts that are most pressing, down to the lane `last`; now and then those of a lane that has waited too long."""
        if not self._may_send():
            return []
        line, most, now = self._from.line, self._pacer.batch_size(BATCH), asyncio.get_running_loop().time()
        async with self._database.transaction() as work:
            if now >= self._releases_at:
                self._releases_at = now + URGENT_SECONDS
                await outbox.release(work)
                self._around = await outbox.holds_something(work)
            claim = partial(outbox.claim, work, most, line=line, around_held=self._around)
            if last is Lane.BROADCAST:
                if self._from.brand is not None and await is_for_safety_only(work, self._from.brand, self._from.allowance):
                    last = Lane.CORRECTION
                self._claims += 1
                rounds, in_between = divmod(self._claims, AGED_EVERY)
                if not in_between and (aged := [lane for lane in await outbox.aged_lanes(work, line) if lane <= last]):
                    lane = aged[rounds % len(aged)]
                    if batch := await claim(first=lane, last=lane):
                        return batch
            batch = await claim(last=last)
            if not batch and last is not Lane.DISPATCH and await outbox.release(work):
                batch = await claim(last=last)
            return batch

    async def _send_urgent(
        self, done: asyncio.Event, under_way: set[asyncio.Task[None]], stopping: asyncio.Event | None
    ) -> int:
        """Beside everything else, send what somebody waits for. Returns how many texts that were."""
        handled = 0
        while not done.is_set() and not _is_set(stopping):
            await _sleep(URGENT_SECONDS, done)
            if done.is_set():
                break
            try:
                claimed_at, batch = self._steady(), await self._claim(Lane.DISPATCH)
                handled += len(batch)
                await self._launch(batch, claimed_at, under_way, stopping)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("urgent_waits_for_database", error=type(error).__name__)
        return handled

    async def _launch(
        self,
        batch: Sequence[Claimed],
        claimed_at: float,
        under_way: set[asyncio.Task[None]],
        stopping: asyncio.Event | None,
    ) -> None:
        """Start each text of a batch at its time; those that may not go after all are left out, and handed back if we must stop.
        `claimed_at` is a moment of the steady clock no later than the claim."""
        if not batch:
            return
        looked_at = asyncio.get_running_loop().time()
        delays = await self._pacer.delays([text.segments for text in batch], self._database.clock())
        began = asyncio.get_running_loop().time()
        left = list(batch)
        try:
            for texts, dues in _slices(batch, [began + delay for delay in delays]):
                while (wait := dues[0] - asyncio.get_running_loop().time()) > RENEW_SECONDS and not _is_set(stopping):
                    await _sleep(RENEW_SECONDS, stopping)
                    await self._look_again(left)
                await _sleep(wait, stopping)
                if _is_set(stopping) or not self._may_send():
                    self._answers += [_Answer(text, untouched=True) for text in left]
                    return
                ours_until, may_go = _ours_until(claimed_at), {text.id for text in texts}
                if asyncio.get_running_loop().time() - looked_at > SLICE_SECONDS:
                    ours_until = _ours_until(self._steady())
                    may_go = await self._look_again(texts)
                silent = await self._who_waits_to_stop([text.number for text in texts]) if self._who_waits_to_stop else ()
                left = left[len(texts) :]
                for text, due in zip(texts, dues, strict=True):
                    if text.id in may_go and text.number in silent:
                        self._answers.append(_Answer(text, stop_waits=True))
                        self._answered.set()
                    elif text.id in may_go:
                        task = asyncio.create_task(self._send(text, due, ours_until))
                        under_way.add(task)
                        task.add_done_callback(under_way.discard)
        except (
            BaseException
        ):  # the database is away, or we are told to end: what was not begun goes back, and is nobody's doubt
            self._answers += [_Answer(text, untouched=True) for text in left]
            self._answered.set()
            raise

    async def _look_again(self, texts: Sequence[Claimed]) -> set[UUID]:
        """Which of these may go still. Those whose claim ran out untouched, as we slept, go back to the others."""
        async with self._database.transaction() as work:
            may_go = await outbox.look_again(work, texts)
            await outbox.give_back(work, [text for text in texts if text.id not in may_go])
        return may_go

    async def _send(self, text: Claimed, due: float, ours_until: float) -> None:
        """Send one text when it is due, unless `ours_until` is over, and put down what came of it."""
        loop = asyncio.get_running_loop()
        wait = due - loop.time()
        while wait > 0 or (wait := self._pacer.take(text.segments, loop.time())) > 0:
            await asyncio.sleep(wait)
            wait = 0
        validity = min(VALIDITY.get(Lane(text.lane), USUAL_VALIDITY), text.expires_at - self._database.clock())
        callback = f"{self._callback_url}?d={text.id}&n={text.fence}{CALLBACK_OVERRIDES}"
        answer = _Answer(text)
        try:
            seconds = max(1, int(validity.total_seconds()))
            with sent_only_while(lambda: self._steady() < ours_until):
                sid = await self._carrier.send(text.number, text.body, callback, seconds, self._from.address)
            answer = _Answer(text, sid=sid)
        except TooLate:  # we were suspended, or are too busy; should nobody have taken it over it goes back
            log.warning("text_not_sent_in_time", delivery=str(text.id))
            answer = _Answer(text, untouched=True)
        except Refused as refusal:
            log.info("text_refused", delivery=str(text.id), code=refusal.code, status=refusal.status)
            answer = _Answer(text, refused=refusal)
        except OutcomeUnknown as doubt:
            log.warning("text_outcome_unknown", delivery=str(text.id), reason=str(doubt))
        except Exception as error:  # noqa: BLE001  # whatever it was, Twilio may have the text
            log.error("text_outcome_unknown", delivery=str(text.id), reason=type(error).__name__)
        self._answers.append(answer)
        self._answered.set()

    async def _keep_recording(self, done: asyncio.Event) -> None:
        """Record answers as they come, many at a time; while the database is away they are kept."""
        while not done.is_set():
            await self._answered.wait()
            try:
                await self._record()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("answers_wait_for_database", error=type(error).__name__)
                await asyncio.sleep(RECORD_AGAIN_SECONDS)

    async def _record(self) -> None:
        answers = list(self._answers)
        self._answered.clear()
        if not answers:
            return
        async with self._database.transaction() as work:
            sent = [(a.text, a.sid) for a in answers if a.sid is not None]
            await outbox.record_sent(work, sent)
            if self._from.brand is not None:
                await count_sent(work, self._from.brand, sum(text.segments for text, _ in sent))
            await outbox.give_back(work, [a.text for a in answers if a.untouched])
            await outbox.wait_for_stops(work, [a.text for a in answers if a.stop_waits])
            for a in answers:
                if a.refused is not None:
                    await outbox.record_refused(work, a.text, a.refused, self._refused_in_a_row + 1)
                elif a.sid is None and not a.untouched and not a.stop_waits:
                    await outbox.record_unknown(work, a.text)
        del self._answers[: len(answers)]
        if any(a.sid is not None for a in answers):
            self._refused_in_a_row = 0
        elif any(a.refused is not None and a.refused.retry_after is not None for a in answers):
            self._refused_in_a_row += 1


def _ours_until(claimed_at: float) -> float:
    """Until which moment of the steady clock a send may begin that was claimed or looked at no earlier than `claimed_at`."""
    return claimed_at + (LEASE - SAFE_LEASE).total_seconds()


def _slices(texts: Sequence[Claimed], dues: Sequence[float]) -> Iterator[tuple[list[Claimed], list[float]]]:
    """The texts by the slice of time in which they are due, each slice with the moments of its texts."""
    timed = zip(texts, dues, strict=True)
    for _, group in groupby(timed, key=lambda pair: int((pair[1] - dues[0]) / SLICE_SECONDS)):
        pairs = list(group)
        yield [text for text, _ in pairs], [due for _, due in pairs]


def _is_set(event: asyncio.Event | None) -> bool:
    return event is not None and event.is_set()


async def _sleep(seconds: float, stopping: asyncio.Event | None) -> None:
    """Sleep, or until told to stop."""
    if seconds <= 0:
        return
    if stopping is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()
