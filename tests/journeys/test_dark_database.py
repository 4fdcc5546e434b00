"""PostgreSQL stalls, dies, restarts and fills up while people write and call: each is answered in time, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

from app.api.kept import BUDGET_SECONDS
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to
from app.delivery.sender import Sender
from app.records.contacts import contact
from app.records.deliveries import Lane
from app.settings import Settings
from app.telephony.rest import LoggedText
from tests.conftest import LogBook
from tests.journeys.dark import Cluster, Web, web_of

ROSA, KEN, LUIS = "+19195550110", "+19195550111", "+19195550112"
SAVED = {"es": "ya guardamos su mensaje", "en": "we got your message"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="vigia-dark-") as folder:
        made = Cluster(Path(folder) / "postgres")
        yield made
        made.server.stop()


@pytest.fixture
async def web(settings: Settings, cluster: Cluster, log_book: LogBook) -> AsyncIterator[Web]:
    """The web before the cluster of this file; at the end no number may stand in the log or on disk."""
    with cluster.fresh() as url:
        async with web_of(settings.model_copy(update={"database_url": url})) as running:
            yield running
    on_disk = b"".join(file.read_bytes() for file in running.parts.spool.folder.rglob("*") if file.is_file())
    assert not re.search(r"\d{3}55501\d\d", log_book.text.getvalue())
    assert b"55501" not in on_disk


@pytest.fixture
async def dark(settings: Settings) -> AsyncIterator[Web]:
    """The web before a PostgreSQL that is not there."""
    nowhere = "postgresql://nobody@127.0.0.1:1/vigia"
    async with web_of(settings.model_copy(update={"database_url": nowhere})) as running:
        yield running


def heard(answer: httpx2.Response) -> str:
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def test_while_postgresql_stalls_each_text_is_answered_in_time_in_its_language_and_its_question_follows(
    web: Web, cluster: Cluster
) -> None:
    await web.text("hola")
    loop = asyncio.get_running_loop()
    with cluster.stalled():
        began = loop.time()
        spanish = await web.text("hay agentes de ICE afuera de mi trabajo", ROSA, sid="SM00000000000000000000000000000001")
        english = await web.text("ICE agents outside the Food Lion on Roxboro in Durham", KEN)
        first, both = spanish.elapsed.total_seconds(), loop.time() - began
        copy = await web.text("hay agentes de ICE afuera de mi trabajo", ROSA, sid="SM00000000000000000000000000000001")
    assert first < BUDGET_SECONDS and both < BUDGET_SECONDS
    assert SAVED["es"] in heard(spanish) and SAVED["en"] in heard(english)
    await web.replayed()
    later = await web.text("hay agentes de ICE afuera de mi trabajo", ROSA, sid="SM00000000000000000000000000000001")

    assert spanish.text == copy.text == later.text
    assert web.rows("SELECT count(*), count(DISTINCT sid) FROM inbound_message") == [(3, 3)]
    assert web.rows("SELECT count(*) FROM report") == [(2,)]
    assert web.rows("SELECT purpose, recipients, count(*) FROM outgoing_message GROUP BY 1, 2") == [("answer", 1, 2)]


async def test_a_crash_loses_no_text_and_who_said_stop_last_is_stopped_and_who_joined_last_is_not(
    web: Web, cluster: Cluster
) -> None:
    for phone in (ROSA, KEN, LUIS):
        await web.text("JOIN Durham", phone)
    cluster.crash()
    told = [
        await web.text("ya no me manden mas mensajes por favor", ROSA),
        await web.text("STOP", KEN),
        await web.text("STOP", LUIS),
        await web.text("JOIN Wake County", LUIS),
        await web.text("ICE agents outside the Food Lion in Durham", KEN),
    ]
    assert web.waiting() == len(told)
    cluster.start()
    await web.replayed()

    assert "no le mandaremos" in heard(told[0]).lower() or "no más" in heard(told[0]).lower()
    assert "<Message>" not in heard(told[1])  # Twilio answers a bare STOP itself
    assert web.rows("SELECT count(*) FROM inbound_message") == [(8,)]
    stopped = web.rows(
        "SELECT (SELECT count(*) FROM subscription s WHERE s.contact_id = c.id AND s.ended_at IS NULL), stopped_at IS NOT NULL "
        "FROM contact c ORDER BY (SELECT min(received_at) FROM inbound_message m WHERE m.contact_id = c.id)"
    )
    assert stopped == [(0, True), (0, True), (1, False)]


async def test_who_says_stop_while_the_database_is_away_gets_nothing_after(web: Web, cluster: Cluster) -> None:
    await web.text("JOIN Durham", KEN)
    carrier = Carrier()
    pacer = Pacer(web.parts.redis, "line", 500)
    sender = Sender(web.parts.database, carrier, pacer, f"{web.address}/status", may_send=web.parts.spool.is_empty)
    async with web.parts.database.transaction() as work:
        ken = await work.scalar(contact.select().with_only_columns(contact.c.id))
        await plan_to(work, Message(Lane.ALERT, "alert", {"en": "an alert", "es": "una alerta"}), [ken])
    cluster.crash()
    await web.text("por favor ya no me manden mensajes", KEN)
    cluster.start()
    before = await sender.send_some()
    await web.replayed()
    await sender.send_some()

    assert (before, carrier.sent) == (0, [])
    assert web.rows("SELECT state, reason FROM delivery") == [("skipped", "stopped")]


async def test_a_hundred_copies_in_the_dark_are_one_file_and_one_answer(web: Web, cluster: Cluster) -> None:
    cluster.crash()
    answers = await asyncio.gather(
        *(web.text("la migra en Durham", sid="SM00000000000000000000000000000009") for _ in range(100))
    )
    assert web.waiting() == 1
    cluster.start()
    await web.replayed()

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert web.rows("SELECT count(*) FROM inbound_message") == [(1,)]


async def test_a_restart_under_load_loses_and_doubles_nothing(web: Web, cluster: Cluster) -> None:
    sids = [f"SM{number:032d}" for number in range(120)]
    ended = asyncio.Event()

    async def write(some: list[str]) -> list[int]:
        return [
            (await web.text("ICE agents in Durham now", f"+1919555{100 + int(sid[-2:]):04d}", sid=sid)).status_code
            for sid in some
        ]

    async def restart() -> None:
        await asyncio.to_thread(cluster.server.restart, crash=True)
        ended.set()

    codes = await asyncio.gather(restart(), *(write(sids[part::6]) for part in range(6)))
    await ended.wait()
    await web.replayed()

    assert {code for some in codes[1:] for code in some or []} == {200}
    assert {row[0] for row in web.rows("SELECT sid FROM inbound_message")} == set(sids)
    assert web.rows("SELECT count(*) FROM inbound_message") == [(len(sids),)]


async def test_a_full_disk_of_the_database_is_no_loss(web: Web) -> None:
    await web.parts.database.run(lambda work: work.query(FULL, {}))
    await web.parts.database.run(lambda work: work.query(FULL_NOW, {}))
    answer = await web.text("la migra esta en la Walmart de Durham", ROSA)
    assert web.waiting() == 1
    await web.parts.database.run(lambda work: work.query("DROP TRIGGER full_now ON inbound_message", {}))
    await web.replayed()

    assert SAVED["es"] in heard(answer)
    assert web.rows("SELECT count(*) FROM report") == [(1,)]


async def test_a_text_that_makes_us_stumble_is_put_aside_and_those_after_it_go_on(web: Web, log_book: LogBook) -> None:
    await web.parts.database.run(lambda work: work.query(STUMBLE, {}))
    await web.parts.database.run(lambda work: work.query(STUMBLE_NOW, {}))
    odd = await web.text("one too many", ROSA, NumMedia="7")
    good = await web.text("ICE agents outside the Food Lion in Durham", KEN)
    await web.replayed()

    assert SAVED["en"] in heard(odd) and heard(good)
    assert len(list((web.parts.spool.folder / "quarantine").iterdir())) == 1
    assert web.rows("SELECT count(*) FROM report") == [(1,)]
    assert any("text_not_understood" in line for line in log_book.errors())


@pytest.mark.parametrize("words", ["ya no me manden mensajes por favor", "BORRAR"])
async def test_one_text_that_never_fits_holds_back_its_sender_alone_and_its_stop_takes_effect_before_it_is_put_aside(
    web: Web, log_book: LogBook, words: str
) -> None:
    await web.text("JOIN Durham", ROSA)
    await web.parts.database.run(lambda work: work.query(FULL, {}))
    await web.parts.database.run(lambda work: work.query(FULL_FOR_ONE, {}))
    await web.text(words, ROSA, NumMedia="7")
    await web.text("ICE agents outside the Food Lion in Durham", KEN)
    await web.replayed()

    assert len(list((web.parts.spool.folder / "quarantine").iterdir())) == 1
    assert web.rows("SELECT count(*) FROM report") == [(1,)]
    assert web.rows("SELECT count(*) FROM contact WHERE stopped_at IS NOT NULL") == [(1,)]
    assert web.rows("SELECT count(*) FROM subscription WHERE ended_at IS NULL") == [(0,)]
    assert any("spool_quarantined" in line for line in log_book.errors())


async def test_a_call_that_makes_us_stumble_is_put_aside_and_its_caller_can_leave_a_message(
    web: Web, log_book: LogBook
) -> None:
    call = {"CallSid": "CA00000000000000000000000000000002", "From": ROSA, "To": "+19195550100"}
    asked = heard(await web.post("/twilio/calls", call | {"CallStatus": "ringing"}))
    step = re.search(r'action="(/twilio/calls/\w+\?n=\d+)', asked)
    assert step is not None
    await web.parts.database.run(lambda work: work.query(STUMBLE, {}))
    await web.parts.database.run(lambda work: work.query(STUMBLE_ON_CALLS, {}))
    said = {"SpeechResult": "hay agentes en la Walmart de Durham", "CallStatus": "in-progress"}
    offered = heard(await web.post(step[1], call | said))
    await web.replayed()

    assert "<Record" in offered
    assert len(list((web.parts.spool.folder / "quarantine").iterdir())) == 1
    assert any("call_not_understood" in line for line in log_book.errors())


async def test_a_caller_in_the_dark_can_leave_a_message_and_it_becomes_a_report(web: Web, cluster: Cluster) -> None:
    call = {"CallSid": "CA00000000000000000000000000000001", "From": ROSA, "To": "+19195550100"}
    asked = heard(await web.post("/twilio/calls", call | {"CallStatus": "ringing"}))
    step = re.search(r'action="(/twilio/calls/\w+\?n=\d+)', asked)
    assert step is not None
    cluster.crash()
    offered = heard(
        await web.post(step[1], call | {"SpeechResult": "hay agentes en la Walmart de Durham", "CallStatus": "in-progress"})
    )
    sound = {"RecordingSid": "RE00000000000000000000000000000001", "RecordingDuration": "9",
             "RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE00000000000000000000000000000001"}  # fmt: skip
    thanked = heard(await web.post("/twilio/calls/kept", call | sound))
    told = await web.post("/twilio/recordings", call | sound | {"RecordingStatus": "completed"})
    over = await web.post("/twilio/calls/status", call | {"CallStatus": "completed"})
    cluster.start()
    await web.replayed()

    assert "<Record" in offered and "/twilio/recordings" in offered and "/twilio/calls/kept" in offered
    assert "<Hangup" in thanked
    assert (told.status_code, over.status_code) == (204, 204)
    assert web.rows("SELECT count(*), min(status) FROM inbound_call") == [(1, "completed")]
    assert web.rows("SELECT count(*) FROM recording WHERE report_id IS NOT NULL") == [(1,)]
    assert web.rows("SELECT count(*) FROM report") == [(1,)]


async def test_when_neither_takes_it_twilio_is_told_to_try_again(dark: Web, tmp_path: Path) -> None:
    folder = dark.parts.spool.folder
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    folder.rmdir()
    folder.write_text("a file where the folder should be", encoding="utf-8")
    text = await dark.text("la migra en Durham")
    call = await dark.post("/twilio/calls", {"CallSid": "CA00000000000000000000000000000002", "From": ROSA, "To": KEN})
    ready = await dark.client.get(f"{dark.address}/health/ready")

    assert (text.status_code, call.status_code) == (503, 503)
    assert ready.json()["spool"] == "not writable"


async def test_what_waits_shows_in_the_metrics_and_in_readiness(dark: Web) -> None:
    for number in range(3):
        await dark.text(f"text {number}")
    ready = await dark.client.get(f"{dark.address}/health/ready")
    metrics = (await dark.client.get(f"{dark.address}/metrics")).text

    assert (ready.status_code, ready.json()["spool"]) == (503, "3 waiting, 0 quarantined")
    assert "vigia_spool_waiting 3.0" in metrics
    assert "vigia_spool_quarantined 0.0" in metrics
    assert "vigia_spool_writable 1.0" in metrics


class Carrier:
    """A phone company that only counts."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        self.sent.append(body)
        return "SM1"

    async def log_of(self, to: str, since: datetime) -> list[LoggedText]:
        return []

    async def status_of(self, sid: str) -> tuple[str, int | None]:
        return "sent", None


FULL = """
    CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
"""
FULL_NOW = "CREATE TRIGGER full_now BEFORE INSERT ON inbound_message FOR EACH ROW EXECUTE FUNCTION disk_is_full()"
FULL_FOR_ONE = """
    CREATE TRIGGER full_for_one BEFORE INSERT ON inbound_message
    FOR EACH ROW WHEN (NEW.media_count = 7) EXECUTE FUNCTION disk_is_full()
"""
STUMBLE = """
    CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'data_exception'; END $$
"""
STUMBLE_NOW = """
    CREATE TRIGGER stumble_now BEFORE INSERT ON inbound_message FOR EACH ROW WHEN (NEW.media_count = 7) EXECUTE FUNCTION stumble()
"""
STUMBLE_ON_CALLS = """
    CREATE TRIGGER stumble_on_calls BEFORE UPDATE ON inbound_call FOR EACH ROW EXECUTE FUNCTION stumble()
"""
