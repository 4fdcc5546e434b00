"""The people of a drill: reporters and verifiers have a phone, dispatchers have a page. Each knows only what a person would know.

They act through the same functions that webhooks and pages call; what a phone gets is recognized by its words.
"""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import func, select

from app.assembly import Parts
from app.core.database import Transaction
from app.core.errors import VigiaError
from app.operations.drill_scenario import Happening, Reporting, Scenario
from app.operations.drill_time import Timeline
from app.pipeline import decide_incident, receive_text
from app.pipeline_escalation import take_task
from app.pipeline_field import ask_nearest
from app.records.contacts import contact
from app.records.events import event
from app.records.incidents import Incident, incident, report
from app.records.states import IncidentState, OfferState
from app.records.verification import Observation, Outcome, Search, Task, observation, offer, search, task
from app.telephony.forms import TextForm, read_form
from app.telephony.segments import PLAINER
from app.verification.sweep import picture_of
from app.verification.tasks import LostClaim, finish_task, renew_task
from app.volunteers.tables import Volunteer, volunteer

Result = TypeVar("Result")
LINE: Final = "+19195550100"
UNDECIDED: Final = (IncidentState.OPEN.value, IncidentState.VERIFYING.value)
RENEWS_S: Final = 60.0
"""So often an open page renews its claim (app/console/templates/claim.html)."""

SAYS: Final[Mapping[str, Mapping[Outcome | str, str]]] = {
    "en": {"yes": "Y", "no": "N", "here": "HERE", "ok": "OK", "confirm": "CONFIRM", "police": "POLICE", "nothing": "NOTHING"}
    | {"gone": "GONE", "unable": "UNABLE"},
    "es": {"yes": "Si", "no": "No puedo", "here": "Aqui", "ok": "Estoy bien", "confirm": "Confirmo", "police": "policia"}
    | {"nothing": "nada", "gone": "se fueron", "unable": "no pude"},
}
"""What verifiers text."""

READ: Final = ("offer.ask", "offer.details", "offer.check", "offer.stood_down", "report.ask_place", "report.ask_which",
    "report.ask_again", "report.then_place", "report.ask_seen", "report.ask_still", "report.then_still")  # fmt: skip
"""The texts that people of a drill react to."""


@dataclass
class World:
    """What the people of a drill share: the hotline's parts, the time, chance, and what is measured."""

    parts: Parts
    timeline: Timeline
    scenario: Scenario
    seed: int
    send: Callable[[], Awaitable[None]]
    in_queue: list[float] = field(default_factory=list)
    missing_in_queue: int = 0
    happening_of: dict[UUID, Happening] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sids: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        texts = self.parts.hotline.texts.by_language
        self._templates = [(key, _pattern(said[key])) for said in texts.values() for key in READ]

    def chance_of(self, who: str) -> random.Random:
        """The dice of one person, the same for the same seed."""
        return random.Random(f"{self.seed}/{who}")  # noqa: S311  # a rehearsal

    def meaning(self, words: str) -> tuple[str, str | None]:
        """Which of our texts a text is, empty for one that nobody reacts to, and the incident's code that it names."""
        plain = words.translate(PLAINER)
        for key, pattern in self._templates:
            if (found := pattern.match(plain)) is not None:
                return key, found.groupdict().get("code")
        return "", None

    async def text(self, number: str, words: str) -> str:
        """Somebody texts the hotline; the reply, empty where there is none."""
        fields = {"MessageSid": f"SM{next(self.sids):032d}", "From": number, "To": LINE, "Body": words}
        form: TextForm = read_form(TextForm, fields)
        async with self.parts.database.transaction() as work:
            reply = await receive_text(work, self.parts.hotline, form)
        await self.send()
        return reply or ""


# ── Reporters ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def report_it(world: World, told: Reporting) -> None:
    """Somebody reports what they see, and answers what they are asked."""
    chance = world.chance_of(told.number)
    reply = await _tell(world, told, told.words)
    for _ in range(2):
        meaning, _ = world.meaning(reply)
        if meaning in {"report.ask_place", "report.ask_which", "report.ask_again", "report.then_place"}:
            await world.timeline.sleep(chance.uniform(*world.scenario.reporters.answers_s))
            reply = await _tell(world, told, told.answer)
        elif meaning in {"report.ask_still", "report.then_still"} and chance.random() < 0.5:
            await world.timeline.sleep(chance.uniform(*world.scenario.reporters.answers_s))
            await world.text(told.number, "Si" if told.language == "es" else "YES")
            return
        else:
            return


async def _tell(world: World, told: Reporting, words: str) -> str:
    """A text that makes, or completes, a report: how long until its task stands in the queue is measured in real seconds, as no simulated
    time passes while the hotline works."""
    began = time.perf_counter()
    reply = await world.text(told.number, words)
    took = time.perf_counter() - began
    known = world.parts.database.keys.fingerprint("phone", told.number)
    async with world.parts.database.transaction() as work:
        statement = select(report.c.incident_id, contact.c.id).join(contact, contact.c.id == report.c.contact_id)
        row = await work.first(statement.where(contact.c.number_hash == known).limit(1))
        queued, _ = await world.parts.hotline.queue.look()
        if row is not None:
            world.happening_of[row.id] = told.happening
        if row is not None and row.incident_id is not None:
            world.in_queue.append(took)
            world.missing_in_queue += queued != await picture_of(work)
    return reply


# ── Verifiers ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Verifier:
    """Somebody who goes and looks: reads texts, says yes or no or nothing, travels, and texts what they find."""

    def __init__(self, world: World, alias: str, number: str, language: str) -> None:
        self.world, self.alias, self.number, self.language = world, alias, number, language
        self.chance = world.chance_of(alias)
        self.called_off: set[str] = set()

    async def reads(self, words: str) -> None:
        """A text has come."""
        habits, sleep = self.world.scenario.verifiers, self.world.timeline.sleep
        meaning, code = self.world.meaning(words)
        if meaning == "offer.stood_down" and code is not None:
            self.called_off.add(code)
        elif meaning == "offer.check":
            await sleep(self.chance.uniform(*habits.answers_s))
            await self.says("ok")
        elif meaning == "offer.ask":
            roll = self.chance.random()
            if roll >= habits.yes + habits.no:
                return
            await sleep(self.chance.uniform(*habits.answers_s))
            await self.goes(await self.says("yes" if roll < habits.yes else "no"))

    async def goes(self, reply: str) -> None:
        """Where they said yes in time, they travel, say that they are there, look, and say what it is."""
        meaning, code = self.world.meaning(reply)
        if meaning != "offer.details" or code is None:
            return
        habits, sleep = self.world.scenario.verifiers, self.world.timeline.sleep
        await sleep(self.chance.uniform(*habits.travels_min) * 60)
        if code in self.called_off:
            return
        await self.says("here")
        await sleep(self.chance.uniform(*habits.looks_min) * 60)
        if code not in self.called_off:
            await self.says((await self.sees(code)).value)

    async def sees(self, code: str) -> Outcome:
        """What is there by now. UNABLE where nobody could say what the place was."""
        async with self.world.parts.database.transaction() as work:
            which = select(report.c.contact_id).join(incident, incident.c.id == report.c.incident_id)
            people = (await work.execute(which.where(incident.c.code == code).order_by(report.c.received_at))).scalars()
        found = next((self.world.happening_of[one] for one in people if one in self.world.happening_of), None)
        if found is None:
            return Outcome.UNABLE
        over = self.world.scenario.begins + timedelta(minutes=found.minute + found.lasts)
        left = found.truth in {Outcome.CONFIRM, Outcome.POLICE} and self.world.timeline.now > over
        return Outcome.GONE if left else found.truth

    async def says(self, what: str) -> str:
        """They text; the reply."""
        return await self.world.text(self.number, SAYS[self.language][what])


# ── Dispatchers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Dispatcher:
    """Somebody at a page: takes the most urgent, has the nearest asked, takes the next meanwhile, decides on what comes back."""

    def __init__(self, world: World, person: Volunteer) -> None:
        self.world, self.person = world, person
        self.chance = world.chance_of(person.alias)
        self.asked: dict[UUID, Task] = {}
        self.renewed_at = self.seen_at = world.timeline.now
        self.seen = -1

    async def works(self) -> None:
        """A whole shift."""
        habits, sleep = self.world.scenario.dispatchers, self.world.timeline.sleep
        while True:
            await sleep(self.chance.uniform(*habits.looks_every_s))
            await self._renew()
            if await self._sees_news() and not await self._decides_one():
                await self._takes_next()

    async def _sees_news(self) -> bool:
        """Whether the page has changed, as the live stream tells, or a minute has passed."""
        async with self.world.parts.database.transaction() as work:
            newest = int(await work.scalar(select(func.coalesce(func.max(event.c.id), 0))))
        if newest == self.seen and self.world.timeline.now - self.seen_at < timedelta(seconds=RENEWS_S):
            return False
        self.seen, self.seen_at = newest, self.world.timeline.now
        return True

    async def _takes_next(self) -> None:
        habits = self.world.scenario.dispatchers
        taken = await self._run(self._pull)
        if taken is None or taken.incident_id in self.asked:
            return
        await self.world.timeline.sleep(self.chance.uniform(*habits.reads_s))
        await self._run(partial(self._ask, taken))
        await self.world.send()
        self.asked[taken.incident_id] = taken

    async def _pull(self, work: Transaction) -> Task | None:
        queue = self.world.parts.hotline.queue
        while (claimed := await take_task(work, self.world.parts.hotline, self.person)) is not None:
            state = await work.scalar(select(incident.c.state).where(incident.c.id == claimed.incident_id))
            if state in UNDECIDED:
                return claimed
            await finish_task(work, queue, claimed.incident_id)
        return None

    async def _ask(self, taken: Task, work: Transaction) -> None:
        about = await work.get(Incident, incident.c.id == taken.incident_id, lock=True)
        running = await work.get(Search, search.c.incident_id == taken.incident_id, search.c.ended_at.is_(None))
        if about is not None and about.state in UNDECIDED and running is None:
            await ask_nearest(work, self.world.parts.hotline, about, self.person, taken.fence)

    async def _decides_one(self) -> bool:
        """Decide the first of theirs on which enough is known. Returns whether there was one."""
        for taken in list(self.asked.values()):
            outcome = await self._run(partial(self._known, taken))
            if outcome is None:
                continue
            self.asked.pop(taken.incident_id)
            await self.world.timeline.sleep(self.chance.uniform(*self.world.scenario.dispatchers.decides_s))
            if outcome != "over":
                await self._run(partial(self._decide, taken, Outcome(outcome)))
                await self.world.send()
            return True
        return False

    async def _known(self, taken: Task, work: Transaction) -> str | None:
        """What they would decide now, "over" where it is no longer theirs, None while they wait."""
        held = await work.get(Task, task.c.id == taken.id)
        about = await work.get(Incident, incident.c.id == taken.incident_id)
        if held is None or about is None or held.holder_id != self.person.id or about.state not in UNDECIDED:
            return "over"
        seen = await work.find(
            Observation,
            select(observation)
            .where(observation.c.incident_id == about.id, observation.c.on_site, observation.c.outcome != Outcome.UNABLE.value)
            .order_by(observation.c.outcome != Outcome.CONFIRM.value, observation.c.observed_at),
        )
        if seen:
            return seen[0].outcome
        on_the_way = await work.scalar(
            select(offer.c.id).where(offer.c.incident_id == about.id, offer.c.state == OfferState.ACCEPTED.value).limit(1)
        )
        patience = timedelta(minutes=self.world.scenario.dispatchers.gives_up_min)
        if on_the_way is None and work.now - about.first_report_at > patience:
            return Outcome.UNABLE.value
        return None

    async def _decide(self, taken: Task, outcome: Outcome, work: Transaction) -> None:
        about = await work.get(Incident, incident.c.id == taken.incident_id, lock=True)
        assert about is not None  # as a task has one
        await decide_incident(work, self.world.parts.hotline, about, outcome, self.person, taken.fence)

    async def _renew(self) -> None:
        """The open pages give a sign of life."""
        if (self.world.timeline.now - self.renewed_at).total_seconds() < RENEWS_S:
            return
        self.renewed_at = self.world.timeline.now
        for taken in list(self.asked.values()):
            try:
                async with self.world.parts.database.transaction() as work:
                    await renew_task(work, self.world.parts.hotline.queue, taken.id, taken.fence, self.person.id)
            except LostClaim:
                self.asked.pop(taken.incident_id)

    async def _run(self, step: Callable[[Transaction], Awaitable[Result]]) -> Result | None:
        """One act of theirs; what the hotline refuses is told in the score card."""
        try:
            async with self.world.parts.database.transaction() as work:
                return await step(work)
        except VigiaError as refused:
            self.world.refused.append(refused.code)
            return None


async def people_of(work: Transaction, role: str) -> list[Volunteer]:
    """Everybody on the roster with a role, by alias."""
    return await work.find(Volunteer, select(volunteer).where(volunteer.c.roles.contains([role])).order_by(volunteer.c.alias))


def _pattern(template: str) -> re.Pattern[str]:
    """What a text looks like whose blanks were filled. The code is told."""
    parts = re.split(r"(\{\w+\})", template.translate(PLAINER))
    said = [
        r"(?P<code>\S+)" if part == "{code}" else ".+?" if part.startswith("{") else re.escape(part) for part in parts if part
    ]
    return re.compile("".join(said), re.DOTALL)
