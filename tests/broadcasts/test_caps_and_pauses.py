"""Whatever organizers send and people wish, in whatever order: nobody gets more than a week's worth, nobody who pauses gets any, and
nothing goes of what is held."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.broadcasts.audience import MOST_A_WEEK, WEEK
from app.delivery import outbox
from app.pipeline_broadcasts import cancel, pause, resume
from app.records.broadcasts import broadcast, broadcast_run
from app.records.deliveries import delivery, outgoing_message
from app.subscribers.choices import PAUSE
from tests.broadcasts.office import Office
from tests.subscribers.phones import Phone

LISTENERS = 3
_sids = count(1)

who = st.integers(0, LISTENERS - 1)
acts = st.one_of(
    st.tuples(st.just("send"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("go"), st.just(0)),
    st.tuples(st.sampled_from(("PAUSE", "START", "STOP", "LEAVE EVENTS", "JOIN EVENTS Durham")), who),
    st.tuples(st.sampled_from(("hold", "let go", "cancel")), st.integers(0, 9)),
)


@dataclass
class Wished:
    """What one phone wants, as anyone would tell it from its texts."""

    listens: bool = True
    quiet_until: datetime | None = None
    had: bool = True

    def hear(self, words: str, now: datetime) -> None:
        match words:
            case "PAUSE" if self.listens:
                self.quiet_until = now + PAUSE
            case "STOP":
                self.had, self.listens, self.quiet_until = self.listens or self.had, False, None
            case "LEAVE EVENTS":
                self.listens = self.had = False
            case "START":
                self.listens, self.quiet_until = self.listens or self.had, None
            case "JOIN EVENTS Durham":
                self.listens, self.had, self.quiet_until = True, True, None

    def wants(self, now: datetime) -> bool:
        return self.listens and (self.quiet_until is None or self.quiet_until <= now)


@dataclass
class Season:
    """Some weeks of an office."""

    office: Office
    phones: dict[UUID, Phone] = field(default_factory=dict)
    wishes: dict[UUID, Wished] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)

    async def begin(self) -> Season:
        async with self.office.database.transaction() as work:  # an example knows nothing of the one before
            await work.execute(text("TRUNCATE subscription, broadcast, delivery, outgoing_text, outgoing_message CASCADE"))
        for phone in await self.office.phones(LISTENERS):
            known = await phone.contact_id()
            assert known is not None
            self.phones[known], self.wishes[known] = phone, Wished()
        return self

    async def act(self, what: str, which: int) -> None:
        if what == "send":
            self.codes.append(await self.office.send())
        elif what == "wait":
            self.office.clock.advance(timedelta(hours=which))
        elif what == "go":
            await self.go()
        elif what in {"hold", "let go", "cancel"}:
            await self.steer(what, which)
        else:
            known = list(self.phones)[which]
            await self.phones[known].texts(what)
            self.wishes[known].hear(what, self.office.clock())

    async def steer(self, what: str, which: int) -> None:
        code = self.codes[which] if which < len(self.codes) else None
        if code is None or code in self.over or (what != "cancel" and (what == "hold") is (code in self.held)):
            return
        async with self.office.database.transaction() as work:
            await {"hold": pause, "let go": resume, "cancel": cancel}[what](
                work, self.office.hotline, code, self.office.people["Olga"]
            )
        self.held = self.held | {code} if what == "hold" else self.held - {code}
        self.over |= {code} if what == "cancel" else set()

    async def go(self) -> None:
        """A worker sends what may go now; each text of it must be one that may."""
        async with self.office.database.transaction() as work:
            await outbox.release(work)
            claimed = await outbox.claim(work, 100)
            await outbox.record_sent(work, [(one, f"SM{next(_sids):032d}") for one in claimed])
            about = {row.id: row.code for row in await work.all(CODES)}
        for one in claimed:
            assert self.wishes[one.contact_id].wants(self.office.clock())
            assert about[one.message_id] not in self.held | self.over

    async def check(self) -> None:
        async with self.office.database.transaction() as work:
            rows = await work.all(select(delivery.c.contact_id, delivery.c.created_at).where(delivery.c.state != "skipped"))
        had = defaultdict(list)
        for row in rows:
            had[row.contact_id].append(row.created_at)
        for times in had.values():
            times.sort()
            weeks = zip(times, times[MOST_A_WEEK:], strict=False)
            assert all(later - first >= WEEK for first, later in weeks), "more than a week's worth in some seven days"


CODES = (
    select(outgoing_message.c.id, broadcast.c.code)
    .join(broadcast_run, broadcast_run.c.id == outgoing_message.c.about_id)
    .join(broadcast, broadcast.c.id == broadcast_run.c.broadcast_id)
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(acts, min_size=4, max_size=18))
async def test_nobody_gets_more_than_a_weeks_worth_and_nobody_who_pauses_any(
    office: Office, told: list[tuple[str, int]]
) -> None:
    season = await Season(office).begin()
    for what, which in told:
        await season.act(what, which)
        await season.check()
    await season.act("go", 0)
    for phone in season.phones.values():
        await phone.texts("STOP")
