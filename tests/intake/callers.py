"""A phone that calls, one request of Twilio's at a time, and what tests of calls look up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from itertools import count as counting
from typing import TypeVar

from sqlalchemy import func, select
from sqlmodel import SQLModel

from app.core.database import Database, table_of
from app.intake.call_flow import Step
from app.pipeline import Hotline
from app.pipeline_calls import hear_of_call, receive_call
from app.records.inbound import Recording, recording
from app.records.incidents import Incident, Report, incident, report
from app.records.verification import task
from app.telephony.forms import CallForm, read_form

ROSA, LINE = "+19195550123", "+19195550100"
SIDS = counting(1)
Row = TypeVar("Row", bound=SQLModel)


@dataclass
class Phone:
    """A phone that calls; each act is one request of Twilio's."""

    database: Database
    hotline: Hotline
    number: str = ROSA
    sid: str = ""
    heard: str = ""

    async def calls(self) -> Phone:
        self.sid = f"CA{next(SIDS):032d}"
        self.heard = await self.request(None, 0)
        return self

    async def does(self, *acts: str) -> Phone:
        for act in acts:
            digits = act if act.isdecimal() else ""
            step, turn = self.asked()
            self.heard = await self.request(step, turn, Digits=digits, SpeechResult="" if digits or act == "…" else act)
        return self

    async def leaves_message(self, *, recording_sid: str) -> Phone:
        step, turn = self.asked()
        self.heard = await self.request(step, turn, **sound(recording_sid))
        return self

    async def ends(self) -> None:
        await self.news(CallStatus="completed")

    async def request(self, step: Step | None, turn: int, **more: str) -> str:
        async with self.database.transaction() as work:
            return await receive_call(work, self.hotline, self.form(CallStatus="in-progress", **more), step, turn)

    async def news(self, **more: str) -> None:
        async with self.database.transaction() as work:
            await hear_of_call(work, self.hotline, self.form(**more))

    def form(self, **more: str) -> CallForm:
        return read_form(CallForm, {"CallSid": self.sid, "From": self.number, "To": LINE, **more})

    def asked(self) -> tuple[Step, int]:
        """The step and number that the last answer's question is to be answered at."""
        found = re.search(r'action="/twilio/calls/(\w+)\?n=(\d+)', unescape(self.heard))
        assert found, self.heard
        return Step(found[1]), int(found[2])


def sound(recording_sid: str) -> dict[str, str]:
    url = f"https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/{recording_sid}"
    return {"RecordingSid": recording_sid, "RecordingUrl": url, "RecordingDuration": "7"}


async def rows(database: Database, model: type[Row]) -> list[Row]:
    async with database.transaction() as work:
        return await work.find(model, select(table_of(model)))


async def count(database: Database, model: type[SQLModel]) -> int:
    return len(await rows(database, model))


async def only_report(database: Database) -> tuple[Report, str, Incident]:
    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
        [about] = await work.find(Incident, select(incident))
        assert told.incident_id == about.id
        assert await work.scalar(select(func.count()).select_from(task)) == 1
        return told, work.unseal(told.text_sealed or b"", "report", "text", told.id), about


async def a_message(phone: Phone, database: Database, host: str = "https://api.twilio.com") -> Recording:
    await phone.calls()
    await phone.does("1", "3")
    told = sound(f"RE{next(SIDS):032d}")
    step, turn = phone.asked()
    await phone.request(step, turn, **told | {"RecordingUrl": told["RecordingUrl"].replace("https://api.twilio.com", host)})
    async with database.transaction() as work:
        [kept] = await work.find(Recording, select(recording))
    return kept
