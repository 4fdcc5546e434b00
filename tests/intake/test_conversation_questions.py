"""One question at a time, at most three: the place, what they see, whether it is still happening. In both languages, one segment each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.intake.follow_up import read_still
from app.pipeline import Hotline
from app.records.deliveries import outgoing_message
from app.records.incidents import Incident, Report, incident, report
from app.records.verification import Outcome
from app.telephony.segments import size_of
from app.verification.decisions import decide
from tests.intake.test_hard_conversations import a_dispatcher, incidents
from tests.intake.test_receive_text import KEN, ROSA, a_text, send


class Talk:
    """One person's side of a conversation; each answer must be one segment."""

    def __init__(self, database: Database, hotline: Hotline, clock: ManualClock, number: str = ROSA) -> None:
        self.database, self.hotline, self.clock, self.number = database, hotline, clock, number
        self.texts = 0

    async def says(self, words: str, after: timedelta = timedelta(seconds=30), segments: int = 1) -> str:
        self.clock.advance(after)
        self.texts += 1
        sid = f"SM{self.number[-4:]}{self.texts:028d}"
        reply = await send(self.database, self.hotline, a_text(words, self.number, sid)) or ""
        assert size_of(reply).segments <= segments, reply
        return reply

    async def reports(self) -> list[Report]:
        async with self.database.transaction() as work:
            return await work.find(Report, select(report).order_by(report.c.received_at))

    async def words(self) -> str:
        [told] = await self.reports()
        async with self.database.transaction() as work:
            return work.unseal(told.text_sealed or b"", "report", "text", told.id)


@pytest.fixture
def rosa(database: Database, hotline: Hotline, clock: ManualClock) -> Talk:
    return Talk(database, hotline, clock)


@pytest.mark.parametrize(
    ("first", "place", "seen", "still", "asks"),
    [
        ("veo a la migra aqui", "Durham", "unos 5 hombres con chalecos", "si", ("Dónde", "Qué ve", "Todavía", "agregamos")),
        ("ICE is here", "27703", "two white vans", "yes", ("Where", "What do you see", "still happening", "added")),
        ("la migra anda por aqui", "en Siler City", "carros negros", "ya no", ("Dónde", "Qué ve", "Todavía", "ya pasó")),
        (
            "ice",
            "durham nc",
            "agents with vests",
            "no they left",
            ("Where", "What do you see", "still happening", "it is over"),
        ),
    ],
)
async def test_the_place_comes_first_then_what_is_seen_then_whether_it_goes_on(
    rosa: Talk, first: str, place: str, seen: str, still: str, asks: tuple[str, ...]
) -> None:
    replies = [await rosa.says(words) for words in (first, place, seen, still)]

    plain = str.maketrans("áíóú", "aiou")
    assert [ask for reply, ask in zip(replies, asks, strict=True) if ask.translate(plain) not in reply.translate(plain)] == []
    assert await rosa.words() == f"{first}\n{place}\n{seen}\n{still}"
    assert "?" not in await rosa.says("gracias")


async def test_never_more_than_three_questions_are_asked_of_one_report(rosa: Talk) -> None:
    replies = [await rosa.says(w) for w in ("hay migra aqui", "no se", "Durham", "no se", "no se", "no se", "no se")]

    assert sum("?" in reply for reply in replies) <= 3


async def test_what_was_said_already_is_not_asked(rosa: Talk) -> None:
    reply = await rosa.says("two white vans and agents in vests outside the Walmart on Roxboro in Durham right now")

    assert "?" not in reply.replace("Danger?", "")
    assert "We will text you what they find" in reply


async def test_who_lost_somebody_is_asked_nothing_more(rosa: Talk) -> None:
    reply = await rosa.says("se llevaron a mi hermano en Durham")

    assert "?" not in reply


async def test_silence_ends_the_conversation_and_loses_nothing(rosa: Talk, database: Database) -> None:
    assert "What do you see" in await rosa.says("ICE agents at the Food Lion in Durham")
    await rosa.says("ICE agents at the Walmart in Charlotte", after=timedelta(hours=1))

    assert {i.county for i in await incidents(database)} == {"37063", "37119"}


async def test_an_answer_from_elsewhere_is_another_report(rosa: Talk, database: Database) -> None:
    await rosa.says("ICE agents at the Food Lion in Durham")
    reply = await rosa.says("and ICE agents are at the Walmart in Charlotte")

    assert "Mecklenburg" in reply
    assert len(await incidents(database)) == 2


async def test_a_question_of_their_own_in_between_does_not_end_the_hotlines(rosa: Talk) -> None:
    await rosa.says("la migra esta en el Food Lion de Durham")
    await rosa.says("DERECHOS", segments=3)  # a rights text is as long as it must be
    await rosa.says("unos cinco con chalecos")

    assert (await rosa.words()).endswith("unos cinco con chalecos")


async def test_a_stop_in_the_middle_is_a_stop(rosa: Talk) -> None:
    await rosa.says("ICE agents at the Food Lion in Durham")
    assert await rosa.says("STOP") == ""
    assert await rosa.says("two vans") == ""


async def test_whether_it_goes_on_is_shown_to_the_dispatcher(rosa: Talk) -> None:
    await rosa.says("vi camionetas blancas de la migra en el Food Lion de Durham")
    await rosa.says("ya se fueron")
    [told] = await rosa.reports()
    async with rosa.database.transaction() as work:
        reading = work.unseal(told.reading_sealed or b"", "report", "reading", told.id)
    assert "paso" in reading or "pas\\u00f3" in reading


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("si", True), ("sí sigue", True), ("Sí, ahí están", True), ("yes they are still here", True), ("no han salido", True),
        ("ya no", False), ("ya se fueron", False), ("no", False), ("they left already", False), ("No, no one is left, gone", False),
        ("no sé", None), ("not sure", None), ("dos carros", None), ("creo que sí", None), ("", None),
    ],
)  # fmt: skip
def test_a_yes_or_a_no_is_understood_as_the_answer(words: str, means: bool | None) -> None:
    assert read_still(words) is means


@pytest.mark.parametrize("words", ["están tocando mi puerta la migra en Durham", "ICE is knocking on my door in Durham"])
async def test_who_has_them_at_the_door_gets_their_rights_once(rosa: Talk, words: str) -> None:
    await rosa.says(words)
    await rosa.says(words + "!!")
    async with rosa.database.transaction() as work:
        sent = select(func.count()).select_from(outgoing_message).where(outgoing_message.c.purpose == "rights")
        assert await work.scalar(sent) == 1


async def ask(database: Database, hotline: Hotline, clock: ManualClock, words: str) -> str:
    return await Talk(database, hotline, clock, KEN).says(words)


async def test_who_asks_about_a_rumor_hears_what_is_known_of_that_place(
    rosa: Talk, database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    assert "know nothing of that in Durham County" in await ask(
        database, hotline, clock, "is it true that ICE is at the Walmart on Roxboro in Durham?"
    )
    reply = await rosa.says("es cierto que la migra anda en la Walmart de la Roxboro en Durham?")
    assert "nadie lo ha confirmado" in reply


async def test_a_question_about_a_whole_town_is_answered_by_what_was_confirmed_there(
    rosa: Talk, database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await rosa.says("ICE agents with vests outside the Walmart on Roxboro in Durham right now")
    async with database.transaction() as work:
        [about] = await work.find(Incident, select(incident))
        await work.execute(incident.update().values(state="confirmed", decided_at=work.now))
    reply = await ask(database, hotline, clock, "is it true that ICE is in Durham?")

    assert "yes, our observers confirmed" in reply
    assert "Walmart" in reply
    async with database.transaction() as work:
        assert await work.scalar(select(func.count()).where(report.c.incident_id == about.id)) == 2
        locked = await work.get(Incident, incident.c.id == about.id, lock=True)
        assert locked is not None
        await decide(work, locked, Outcome.GONE, await a_dispatcher(work))


async def test_what_is_written_while_the_place_is_asked_is_kept_and_costs_no_question(rosa: Talk) -> None:
    first = await rosa.says("hay 3 carros de la migra")
    second = await rosa.says("tienen chalecos verdes")
    third = await rosa.says("y estan en la puerta de un vecino")
    assert "¿Donde es?" in first
    assert "lo agregamos. ¿Donde es?" in second
    assert "lo agregamos. ¿Donde es?" in third
    assert "condado de Durham" in await rosa.says("en Durham por la Roxboro")
    [told] = await rosa.reports()
    assert told.county == "37063"


@pytest.mark.parametrize("pieces", [("la migra", "en el walmart", "en Durham"), ("migra", "ahora", "en Durham")])
async def test_a_report_in_pieces_that_mean_nothing_alone_is_a_report(rosa: Talk, pieces: tuple[str, ...]) -> None:
    for piece in pieces:
        await rosa.says(piece, after=timedelta(seconds=15))
    [told] = await rosa.reports()
    assert told.county == "37063"
    assert (await rosa.words()).split("\n") == list(pieces)


@pytest.mark.parametrize("words", ["gracias", "ok thanks", "Muchas gracias!", "👍"])
async def test_thanks_are_no_report_and_no_answer(rosa: Talk, words: str) -> None:
    await rosa.says("ICE agents at the Food Lion in Durham")
    assert "?" not in await rosa.says(words)
    assert "still happening" in await rosa.says("two white vans")
    assert await rosa.words() == "ICE agents at the Food Lion in Durham\ntwo white vans"


@pytest.mark.parametrize(
    "words", ["perdon, me equivoque", "no era la migra, era policia", "it was not ICE, just police", "false alarm"]
)
async def test_who_takes_it_back_is_asked_nothing_more(rosa: Talk, words: str) -> None:
    await rosa.says("ICE agents at the Food Lion in Durham")
    assert "?" not in await rosa.says(words)
    assert words in await rosa.words()
