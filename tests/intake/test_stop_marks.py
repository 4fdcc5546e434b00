"""Which of the requests that go to the disk mark their sender, so that no other machine texts them meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.api.kept import put_on_disk
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.core.keys import Keys
from app.intake.spool import Request, Spooled, name_of, spooled
from app.intake.spool_folder import Spool
from app.pipeline import Hotline
from app.pipeline_late import marks_of, who_stops
from app.subscribers.waiting_stops import LINGERS, WaitingStops
from tests.conftest import NOON

ROSA = "+19195550110"


def text(words: str, **more: str) -> Spooled:
    form = {"MessageSid": f"SM{1:032}", "From": f"whatsapp:{ROSA}", "To": "+19195550100", "Body": words, **more}
    return spooled(Request.TEXT, form.items(), NOON, new_id())


@pytest.mark.parametrize("words", ["STOP", "ya no me manden más mensajes", "BORRAR", "DELETE", "LEAVE Durham", "PAUSE"])
def test_whoever_asks_for_less_is_marked(hotline: Hotline, words: str) -> None:
    assert who_stops(hotline, text(words)) == ROSA


@pytest.mark.parametrize("words", ["JOIN Durham", "START", "están parando carros en Durham", "ICE stopped a car", "", "ok"])
def test_whoever_does_not_is_not(hotline: Hotline, words: str) -> None:
    assert who_stops(hotline, text(words)) is None


def test_what_twilio_took_for_a_stop_marks_whatever_its_words_are(hotline: Hotline) -> None:
    assert who_stops(hotline, text("fin", OptOutType="STOP")) == ROSA


def test_what_can_not_be_read_marks_nobody(hotline: Hotline) -> None:
    assert who_stops(hotline, spooled(Request.TEXT, {"Body": "STOP"}.items(), NOON, new_id())) is None
    assert who_stops(hotline, spooled(Request.CALL, {"From": ROSA, "SpeechResult": "stop"}.items(), NOON, new_id())) is None


async def test_the_mark_of_a_stop_that_was_taken_in_before_it_was_marked_ends_by_itself_in_seconds(
    hotline: Hotline, redis: Redis, keys: Keys, clock: ManualClock, tmp_path: Path
) -> None:
    class QuickReplay(Spool):
        """Another process takes everything in at once."""

        def keep(self, name: str, entry: Spooled) -> Spooled:
            kept = super().keep(name, entry)
            self.remove(name)
            return kept

    entry = text("STOP")
    name = name_of(keys, Request.TEXT, "SM1")
    await put_on_disk(QuickReplay(tmp_path, keys), name, entry, marks_of(hotline, WaitingStops(redis, keys)))

    [mark] = await redis.keys()
    assert 0 <= await redis.ttl(mark) <= LINGERS.total_seconds()
