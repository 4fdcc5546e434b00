"""What people are told about an incident fits one segment and reads well, in both languages."""

from __future__ import annotations

from typing import Any

from app.packs.texts import Texts
from app.pipeline import Hotline
from app.records.incidents import Incident
from app.records.verification import Outcome
from app.telephony.segments import size_of
from app.verification.wording import outcome_words, undone_words
from tests.conftest import NOON


def test_the_words_of_an_undo_are_one_segment_in_both_languages(hotline: Hotline) -> None:
    texts: Texts = hotline.texts
    longest = max(
        (county.fips for county in hotline.counties), key=lambda fips: len(hotline.counties.by_fips(fips).label("es"))
    )
    for language in texts.by_language:
        for part in ("outcome", "rumor"):
            words = texts.say(
                f"{part}.undone", language, county=hotline.counties.by_fips(longest).label(language), time="10:40 PM"
            )
            assert size_of(words).segments == 1, words


def test_what_is_told_of_an_incident_without_a_county_reads_well_in_both_languages(hotline: Hotline) -> None:
    pack = (hotline.texts, hotline.counties)
    facts: dict[str, Any] = {"code": "KD4821", "kind": "report", "first_report_at": NOON, "last_report_at": NOON}
    told: dict[str, list[str]] = {"en": [], "es": []}
    for part in ("outcome", "rumor"):
        said = [undone_words(*pack, Incident(**facts), NOON, hotline.time_zone, part)]
        for outcome in set(Outcome) - {Outcome.CONFIRM}:  # which needs a county
            about = Incident(**facts, state=outcome.value, decided_at=NOON)
            said.append(outcome_words(*pack, about, hotline.time_zone, part))
        for words in said:
            for language, text in words.items():
                told[language].append(text)
    assert all("el lugar reportado" in text and "el el" not in text for text in told["es"]), told["es"]
    assert all("in the reported place" in text for text in told["en"]), told["en"]
    assert all(size_of(text).segments == 1 for text in [*told["en"], *told["es"]])
