"""Whatever a person texts in whatever order: who said stop gets nothing but answers, and who wants a county gets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from tests.subscribers.phones import Phone, tell

COUNTIES = {"Durham": "37063", "Wake": "37183", "Orange": "37135"}
STOPS = ("STOP", "ya no me manden mensajes", "alto", "take me off your list")
OTHERS = (
    "la migra esta en el Food Lion de Durham ahorita", "ICE van outside the Walmart in Wake County", "RIGHTS", "AYUDA", "English",
    "MY COUNTIES", "gracias", "están parando carros en la 70", "ANYTIME", "DE DIA", "JOIN",
)  # fmt: skip
numbers = count()

texts = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(sorted(COUNTIES))),
    st.tuples(st.just("leave"), st.sampled_from(sorted(COUNTIES))),
    st.tuples(st.just("stop"), st.sampled_from(STOPS)),
    st.tuples(st.just("start"), st.sampled_from(("START", "EMPEZAR"))),
    st.tuples(st.just("pause"), st.just("PAUSA")),
    st.tuples(st.just("other"), st.sampled_from(OTHERS)),
)


@dataclass
class Wanted:
    """What a person wants, as anyone would tell it from their texts."""

    counties: set[str] = field(default_factory=set)
    before_stop: set[str] = field(default_factory=set)
    stopped: bool = False
    paused: bool = False

    def hear(self, what: str, words: str) -> None:
        match what:
            case "join":
                if self.stopped:
                    self.before_stop = set()
                self.counties.add(words)
                self.stopped = self.paused = False
            case "leave":
                self.counties.discard(words)
            case "stop" if not self.stopped:
                self.before_stop, self.counties, self.stopped, self.paused = self.counties, set(), True, False
            case "start":
                if self.stopped:
                    self.counties = self.before_stop
                self.stopped = self.paused = False
            case "pause":
                self.paused = bool(self.counties)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(texts, min_size=1, max_size=12))
async def test_texts_reach_exactly_who_wants_them_at_that_moment(
    database: Database, hotline: Hotline, clock: ManualClock, told: list[tuple[str, str]]
) -> None:
    number = next(numbers)
    phone, wanted = Phone(database, hotline, f"+1{910 + number // 100}55501{number % 100:02d}"), Wanted()
    for what, words in told:
        clock.advance(timedelta(hours=3))
        await phone.texts({"join": f"JOIN {words}", "leave": f"LEAVE {words}"}.get(what, words))
        wanted.hear(what, words)
        reached = {name for name, fips in COUNTIES.items() if (await tell(database, fips)).recipients}
        assert reached == (set() if wanted.paused else wanted.counties), (told, what, words)
    await phone.texts("STOP")
