"""The sender: claims texts lane by lane, waits for the pace, looks once more whether each may still go, sends, records.

Its steps follow each other in `send_some`; `run` repeats them until it is told to stop, and then hands back what it has not touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import Database
from app.delivery import outbox
from app.delivery.outbox import Claimed
from app.delivery.pacing import Pacer
from app.records.deliveries import Lane
from app.telephony.rest import OutcomeUnknown, Refused, TextCarrier

log = structlog.get_logger(__name__)

BATCH: Final = 100
SLICE_SECONDS: Final = 0.1
"""Texts that are due within this time of each other go together, after one look at who stopped meanwhile."""

VALIDITY: Final = {Lane.ALERT: timedelta(minutes=30), Lane.DISPATCH: timedelta(minutes=10)}
"""How long Twilio may hold a text before it must drop it: an alert that comes an hour late alarms people for nothing."""

CALLBACK_OVERRIDES: Final = "#ct=3000&rt=1500&rc=5&rp=all"
"""Asks Twilio to tell a status again when we did not take it in (twilio.com, "Webhook connection overrides")."""

USUAL_VALIDITY: Final = timedelta(hours=4)
IDLE_SECONDS: Final = 1.0


@dataclass(frozen=True)
class _Sent:
    text: Claimed
    sid: str | None = None
    refused: Refused | None = None


class Sender:
    """Sends what the outbox holds. Several may run, in one process or many: claims keep them apart."""

    def __init__(self, database: Database, carrier: TextCarrier, pacer: Pacer, callback_url: str) -> None:
        self._database = database
        self._carrier = carrier
        self._pacer = pacer
        self._callback_url = callback_url

    async def run(self, stopping: asyncio.Event, woken: asyncio.Event) -> None:
        """Send until `stopping`; look again when `woken`, or every second."""
        while not stopping.is_set():
            woken.clear()
            try:
                handled = await self.send_some(stopping)
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

    async def send_some(self, stopping: asyncio.Event | None = None) -> int:
        """Claim one batch and see it through. Returns how many texts it held."""
        async with self._database.transaction() as work:
            batch = await outbox.claim(work, self._pacer.batch_size(BATCH))
        if not batch:
            return 0
        began = asyncio.get_running_loop().time()
        delays = await self._pacer.delays([text.segments for text in batch], self._database.clock())
        timed = list(zip(batch, delays, strict=True))
        for slot, group in groupby(timed, key=lambda pair: int(pair[1] / SLICE_SECONDS)):
            texts = [text for text, _ in group]
            await _sleep_until(began + slot * SLICE_SECONDS, stopping)
            if stopping is not None and stopping.is_set():
                await self._hand_back([text for text, delay in timed if int(delay / SLICE_SECONDS) >= slot])
                break
            if not await self._send_slice(texts):
                await self._hand_back([text for text, delay in timed if int(delay / SLICE_SECONDS) >= slot])
                break
        return len(batch)

    async def _send_slice(self, texts: Sequence[Claimed]) -> bool:
        """Send texts that are due now. False when the kill switch came on, and none was sent."""
        async with self._database.transaction() as work:
            if await outbox.is_halted(work):
                return False
            await outbox.drop_what_no_longer_goes(work, [text.id for text in texts])
            ours = await outbox.keep_what_is_ours(work, texts)
        results = await asyncio.gather(*(self._send(text) for text in texts if text.id in ours))
        async with self._database.transaction() as work:
            await outbox.record_sent(work, [(r.text, r.sid) for r in results if r.sid is not None])
            for result in results:
                if result.refused is not None:
                    await outbox.record_refused(work, result.text, result.refused.code, result.refused.retry_after)
                elif result.sid is None:
                    await outbox.record_unknown(work, result.text)
        return True

    async def _send(self, text: Claimed) -> _Sent:
        validity = VALIDITY.get(Lane(text.lane), USUAL_VALIDITY)
        try:
            sid = await self._carrier.send(
                text.number, text.body, f"{self._callback_url}?d={text.id}{CALLBACK_OVERRIDES}", int(validity.total_seconds())
            )
        except Refused as refusal:
            log.info("text_refused", delivery=str(text.id), code=refusal.code, status=refusal.status)
            return _Sent(text, refused=refusal)
        except OutcomeUnknown as doubt:
            log.warning("text_outcome_unknown", delivery=str(text.id), reason=str(doubt))
            return _Sent(text)
        return _Sent(text, sid=sid)

    async def _hand_back(self, texts: Sequence[Claimed]) -> None:
        async with self._database.transaction() as work:
            await outbox.give_back(work, texts)


async def _sleep_until(moment: float, stopping: asyncio.Event | None) -> None:
    """Sleep until a moment of the loop's clock, or until told to stop."""
    seconds = moment - asyncio.get_running_loop().time()
    if seconds <= 0:
        return
    if stopping is None:
        await asyncio.sleep(seconds)
        return
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
