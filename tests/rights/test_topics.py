"""The rights texts of the pack: complete in both languages, short enough, sourced, and saying nothing that harms."""

from __future__ import annotations

import itertools
import re

import pytest

from app.core.languages import TEXT_LANGUAGES
from app.rights.topics import DRAFT_LANGUAGES, LINE, STALE, UNREVIEWED, Rights, State
from app.telephony.segments import size_of, spelled_to_fit

RIGHTS = Rights.from_pack("us_nc")
SITUATIONS = {
    "door", "car", "street", "work", "court", "jail", "checkpoint", "school", "checkin", "impersonator", "family", "observer",
    "warrants", "hold",
}  # fmt: skip
EVERY = list(itertools.product(RIGHTS.topics, TEXT_LANGUAGES))
HARM = re.compile(
    r"\b(hide|escape|flee|evade|avoid the|run away|get away|drive off|turn around|destroy|block them|delete|esc[oó]nda|"
    r"escape|huya|evite|destruya|bloqu[eé]elos|v[aá]yase r[aá]pido|d[eé] la vuelta)",
    re.IGNORECASE,
)
STATUS = re.compile(
    r"(are you (a citizen|documented|undocumented|legal)|your status|su estatus|es usted ciudadan|"
    r"tiene papeles\?|indocumentad|illegal|ilegal)",
    re.IGNORECASE,
)


def test_every_situation_has_a_text() -> None:
    assert {name for name, topic in RIGHTS.topics.items() if topic.number} == SITUATIONS


def test_the_numbers_of_the_menu_leave_no_gap() -> None:
    assert [topic.number for topic in RIGHTS.topics.values() if topic.number] == list(range(1, len(SITUATIONS) + 1))


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_text_fits_its_form_says_no_harm_and_names_its_source(name: str, language: str) -> None:
    topic, wording = RIGHTS.topics[name], RIGHTS.topics[name].wordings[language]
    short, long = size_of(spelled_to_fit(wording.short)), size_of(RIGHTS.answer(name, language))

    assert (short.encoding, short.segments) == ("GSM-7", 1)
    assert long.encoding == "GSM-7" and long.segments <= 3
    assert topic.source and topic.as_of.year >= 2026
    for words in (wording.short, wording.long, wording.voice):
        assert not HARM.search(words)
        assert not STATUS.search(words)
    assert "must be released" not in wording.long
    assert not re.search(r"[/()]|\b911\b", wording.voice)


@pytest.mark.parametrize("language", TEXT_LANGUAGES)
def test_the_menu_fits_three_segments_and_each_of_its_words_is_understood(language: str) -> None:
    menu = RIGHTS.menu(language)
    offered = re.findall(r"(\d+) ([^,.]+)", menu)

    assert size_of(menu).segments <= 3
    assert len(offered) == len(SITUATIONS)
    for number, word in offered:
        assert RIGHTS.choice(number) == RIGHTS.choice(word) is not None


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("2", "car"), ("2.", "car"), ("en el carro", "car"), ("in my car please", "car"), ("En la cárcel", "jail"),
        ("mi hijo", "family"), ("check-in", "checkin"), ("la de la escuela", "school"), ("14", "hold"), ("15", None), ("0", None),
        ("ICE is at my door", None), ("la migra esta en mi puerta", None), ("they took my son in Durham", None), ("", None),
    ],
)  # fmt: skip
def test_a_choice_names_a_topic_and_says_nothing_else(said: str, topic: str | None) -> None:
    assert RIGHTS.choice(said) == topic


@pytest.mark.parametrize("language", TEXT_LANGUAGES)
def test_a_text_is_marked_until_it_is_approved_and_is_not_sent_when_its_approval_ran_out(language: str) -> None:
    def rights(state: State) -> Rights:
        return Rights({name: topic.model_copy(update={"states": {language: state}}) for name, topic in RIGHTS.topics.items()})

    mark = UNREVIEWED[language]
    assert RIGHTS.spoken("door", language).endswith(mark)
    assert UNREVIEWED[language] not in rights(State.APPROVED).spoken("door", language)
    assert rights(State.STALE).spoken("door", language) == STALE[language]
    assert rights(State.STALE).line(language) == RIGHTS.topics[LINE].wordings[language].short


@pytest.mark.parametrize("language", TEXT_LANGUAGES)
def test_the_sentence_for_a_text_that_ran_out_fits_one_segment(language: str) -> None:
    assert size_of(spelled_to_fit(STALE[language])).segments == 1


@pytest.mark.parametrize(
    ("language", "both"), [("en", ("North Carolina law", "federal rule")), ("es", ("ley del estado", "regla federal"))]
)
def test_a_hold_is_told_with_the_rule_of_the_state_and_the_federal_one(language: str, both: tuple[str, str]) -> None:
    text = RIGHTS.topics["hold"].text(language)
    assert all(rule in text for rule in both) and text.count("48") == 2


@pytest.mark.parametrize("language", DRAFT_LANGUAGES)
def test_a_draft_is_sent_to_nobody_until_it_is_approved(language: str) -> None:
    door = RIGHTS.topics["door"]
    assert RIGHTS.answer("door", language) == RIGHTS.answer("door", "en")
    approved = Rights({**RIGHTS.topics, "door": door.model_copy(update={"states": {language: State.APPROVED}})})
    assert approved.answer("door", language) == spelled_to_fit(door.wordings[language].long)


DRAFTS = list(itertools.product(RIGHTS.topics, DRAFT_LANGUAGES))


@pytest.mark.parametrize(("name", "language"), DRAFTS)
def test_every_topic_has_a_draft_that_is_counted_as_carriers_count_and_can_be_read_aloud(name: str, language: str) -> None:
    wording = RIGHTS.topics[name].wordings[language]
    short, long = size_of(spelled_to_fit(wording.short)), size_of(spelled_to_fit(wording.long))

    assert short.segments <= 3 and long.segments <= 6
    assert len(wording.short) <= 160 and len(wording.long) <= 320
    assert not re.search(r"[/()]|\b911\b", wording.voice)
    assert not RIGHTS.topics[name].is_reviewed(language)
    assert RIGHTS.answer(name, language) == RIGHTS.answer(name, "en")


@pytest.mark.parametrize("language", DRAFT_LANGUAGES)
def test_a_draft_of_the_hold_tells_both_rules(language: str) -> None:
    assert RIGHTS.topics["hold"].wordings[language].long.count("48") == 2


@pytest.mark.parametrize("language", ["vi", "zh", "ar"])
def test_drafts_in_other_letters_cost_ucs_2_segments(language: str) -> None:
    assert {size_of(topic.wordings[language].short).encoding for topic in RIGHTS.topics.values()} == {"UCS-2"}
