"""The path of a call, step by step: what the caller does, and what the line says next."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.languages import TEXT_LANGUAGES
from app.intake.call_flow import MOST_TURNS, CallState, Heard, Step
from app.intake.calls import KeptCall, Prompts, answer_call, reading_of, what_was_told
from app.intake.keep import Kept, Sender
from app.packs.counties import load_counties
from app.packs.texts import Texts
from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.records.contacts import Conversation
from app.records.reading import Assessment, Kind, Location, Reading
from app.rights.topics import Rights
from app.simulator.calls import Gather, Record
from app.simulator.twiml import Verb, read_twiml
from app.triage.assess import assess
from app.triage.lexicon import Lexicon

PROMPTS = Prompts(Texts.from_pack("us_nc", "Vigia"), load_counties("us_nc"), Rights.from_pack("us_nc"))
GAZETTEER = Gazetteer.from_pack("us_nc")
LEXICON = Lexicon.from_pack("us_nc")
DURHAM, VANCE, HENDERSON = "37063", "37181", "37089"
NOBODY = UUID(int=0)


@dataclass
class Caller:
    """Somebody on the phone with the hotline: each act is one step, played by the simulator's strict reading of TwiML."""

    can_be_told: bool = True
    call: CallState | None = None
    document: tuple[Verb, ...] = ()
    answers: list[str] = field(default_factory=list)
    due: bool = False
    stop_words: str | None = None

    def __post_init__(self) -> None:
        self._hear(Heard())

    def does(self, *acts: str) -> Caller:
        """Each act: keys ("1", "27701"), "…" for silence, "●" for a message left, anything else is said."""
        for act in acts:
            digits = act if act.isdecimal() and act.isascii() else ""
            speech = "" if digits or act in {"…", "●"} else act
            where = locate(speech or digits, GAZETTEER, answering=True)
            reading = Reading(assess(speech, LEXICON), locate(speech, GAZETTEER)) if speech else None
            self._hear(Heard(digits, speech, reading, where, PROMPTS.rights.situation(speech), act == "●"))
        return self

    def _hear(self, heard: Heard) -> None:
        sender = Sender(NOBODY, b"", None, language_chosen=False, stopped_at=None)
        kept = KeptCall(Kept(NOBODY, sender, Conversation(contact_id=NOBODY)), self.call, None, None, False, self.can_be_told)
        answer = answer_call(kept, heard, PROMPTS)
        self.call, self.due = answer.call, answer.report_due
        self.stop_words = answer.stop_words
        self.document = read_twiml(answer.twiml.encode(), "text/xml", "voice")
        self.answers.append(answer.twiml)

    @property
    def state(self) -> CallState:
        assert self.call is not None
        return self.call

    @property
    def hears(self) -> str:
        """Everything said in the last answer."""
        verbs = [inner for verb in self.document for inner in (verb, *verb.inside)]
        return " ".join(verb.text for verb in verbs if verb.name == "Say")

    @property
    def waits_for(self) -> Gather | Record | None:
        """What the line waits for now."""
        for verb in self.document:
            if verb.name == "Gather":
                return Gather.of(verb)
            if verb.name == "Record":
                return Record.of(verb)
        return None

    @property
    def hung_up(self) -> bool:
        return self.waits_for is None and self.document[-1].name == "Hangup"


def test_the_greeting_is_in_both_languages_with_one_question() -> None:
    caller = Caller()

    assert "press 1" in caller.hears
    assert "oprima 2" in caller.hears
    [gather] = caller.document
    assert [(say.attributes["language"], say.attributes["voice"]) for say in gather.inside] == [
        ("en-US", "Polly.Joanna-Neural"),
        ("es-US", "Polly.Lupe-Neural"),
    ]
    assert isinstance(caller.waits_for, Gather)
    assert (caller.waits_for.keys, caller.waits_for.speech, caller.waits_for.digits_wanted) == (True, True, 1)


PATHS: list[tuple[tuple[str, ...], Step, str]] = [
    (("1",), Step.MENU, "To report immigration agents, press 1"),
    (("2",), Step.MENU, "Para reportar agentes de inmigración, oprima 1"),
    (("español",), Step.MENU, "oprima 1"),
    (("English, please",), Step.MENU, "press 1"),
    (("7",), Step.LANGUAGE, "For English, press 1"),
    (("…",), Step.LANGUAGE, "Para español, oprima 2"),
    (("…", "…"), Step.RECORDED, "El mensaje se graba"),
    (("1", "9"), Step.MENU, "press 1"),
    (("1", "…"), Step.MENU, "Sorry"),
    (("1", "…", "…"), Step.RECORDED, "The message is recorded"),
    (("1", "3"), Step.RECORDED, "The message is recorded"),
    (("1", "0"), Step.RECORDED, "The message is recorded"),
    (("1", "I want to leave a message"), Step.RECORDED, "The message is recorded"),
    (("2", "quiero hablar con alguien"), Step.RECORDED, "El mensaje se graba"),
    (("1", "1"), Step.PLACE, "Where is it?"),
    (("1", "report"), Step.PLACE, "Where is it?"),
    (("2", "quiero reportar"), Step.PLACE, "¿Dónde es?"),
    (("1", "1", "27701"), Step.COUNTY, "I heard: Durham County"),
    (("2", "1", "Durham"), Step.COUNTY, "Entendí: condado de Durham"),
    (("1", "1", "asdf"), Step.PLACE, "did not get the place"),
    (("1", "1", "…"), Step.PLACE, "did not get the place"),
    (("1", "1", "277"), Step.PLACE, "did not get the place"),
    (("1", "1", "asdf", "qwer"), Step.PLACE, "did not get the place"),
    (("1", "1", "asdf", "qwer", "zxcv"), Step.SEEN, "A volunteer will work out the place."),
    (("1", "1", "Henderson"), Step.COUNTY, "For Vance County, press 1. For Henderson County, press 2. For another place, press 9."),
    (("1", "1", "Henderson", "2"), Step.SEEN, "What do you see?"),
    (("1", "1", "Henderson", "Vance"), Step.SEEN, "What do you see?"),
    (("1", "1", "Henderson", "the first one"), Step.SEEN, "What do you see?"),
    (("1", "1", "Henderson", "9"), Step.PLACE, "did not get the place"),
    (("1", "1", "Henderson", "Raleigh"), Step.COUNTY, "I heard: Wake County"),
    (("1", "1", "Henderson", "7"), Step.COUNTY, "Which county is it?"),
    (("1", "1", "Henderson", "7", "…"), Step.SEEN, "A volunteer will work out the place."),
    (("1", "1", "Durham", "1"), Step.SEEN, "What do you see?"),
    (("1", "1", "Durham", "yes it is"), Step.SEEN, "What do you see?"),
    (("2", "1", "Durham", "sí"), Step.SEEN, "¿Qué ve?"),
    (("1", "1", "Durham", "that's not right"), Step.PLACE, "did not get the place"),
    (("1", "1", "Durham", "no, Raleigh"), Step.COUNTY, "I heard: Wake County"),
    (("1", "1", "Durham", "2", "Raleigh"), Step.COUNTY, "I heard: Wake County"),
    (("1", "1", "Durham", "…"), Step.COUNTY, "I heard: Durham County"),
    (("1", "1", "Durham", "…", "…"), Step.SEEN, "What do you see?"),
    (("1", "1", "Durham", "1", "7"), Step.SEEN, "Sorry"),
    (("1", "1", "…", "…", "…", "…", "…"), Step.RECORDED, "The message is recorded"),
    (("1", "2"), Step.RIGHTS, "In your car: press 2. On the street: press 3. At work: press 4. At a checkpoint: press 5."),
    (("1", "2", "1"), Step.RIGHTS, "you need not open"),
    (("2", "2", "carro"), Step.RIGHTS, "Quien maneja muestra licencia"),
    (("1", "what are my rights at my door"), Step.RIGHTS, "you need not open"),
    (("1", "2", "9"), Step.MENU, "To report immigration agents"),
    (("1", "2", "8"), Step.RIGHTS, "online detainee locator"),
    (("1", "2", "0"), Step.RIGHTS, "Sorry"),
    (("1", "ICE vans outside the Food Lion in Durham"), Step.COUNTY, "I heard: Durham County"),
    (("ICE vans outside the Food Lion in Durham",), Step.COUNTY, "I heard: Durham County"),
    (("2", "hay una redada"), Step.PLACE, "¿Dónde es?"),
    (("2", "hay una redada", "Durham"), Step.COUNTY, "condado de Durham"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("acts", "step", "words"), PATHS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_each_answer_leads_where_it_should(acts: tuple[str, ...], step: Step, words: str) -> None:
    caller = Caller().does(*acts)

    assert caller.state.at is step
    assert words in caller.hears
    assert not caller.hung_up
    assert not caller.due


ENDS: list[tuple[tuple[str, ...], str, str, bool]] = [
    (("1", "1", "27701", "1", "1"), "Thank you", "27701\nPeople are being taken", True),
    (("1", "1", "27701", "1", "two"), "Thank you", "27701\nAgents are at a door", True),
    (("2", "1", "Durham", "1", "3"), "Gracias", "Durham\nSe vieron agentes o sus vehículos", True),
    (("1", "1", "Durham", "1", "two agents with a van"), "Thank you", "Durham\ntwo agents with a van", True),
    (("1", "1", "Durham", "2", "Raleigh", "1", "3"), "Thank you", "Raleigh\nAgents or their vehicles were seen", True),
    (("1", "1", "Durham", "1", "…", "…"), "Thank you", "Durham", True),
    (("1", "1", "asdf", "qwer", "zxcv", "3"), "Thank you", "asdf\nqwer\nzxcv\nAgents or their vehicles were seen", True),
    (("1", "ICE vans outside the Food Lion in Durham", "1"), "Thank you", "ICE vans outside the Food Lion in Durham", True),
    (("1", "3", "●"), "A volunteer will listen", "", True),
    (("…", "…", "●"), "Un voluntario lo va a escuchar", "", True),
    (("1", "2", "…", "…"), "Goodbye", "", False),
    (("1", "3", "…"), "Goodbye", "", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("acts", "words", "told", "due"), ENDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_each_call_ends_with_what_was_told(acts: tuple[str, ...], words: str, told: str, due: bool) -> None:
    caller = Caller().does(*acts)

    assert words in caller.hears
    assert caller.hung_up
    assert caller.due is due
    assert what_was_told(caller.call, PROMPTS).words == told


def test_a_caller_who_agreed_to_a_county_is_held_to_it() -> None:
    caller = Caller().does("1", "1", "Henderson", "1")

    assert caller.state.county == VANCE


@pytest.mark.parametrize("words", ["stop texting me", "ya no me manden más mensajes"])
def test_stop_means_stop_by_voice_too(words: str) -> None:
    caller = Caller().does("1", words)

    assert caller.stop_words == words
    assert "no more texts" in caller.hears
    assert caller.hung_up


def test_no_text_is_promised_to_a_phone_that_can_not_be_texted() -> None:
    told = Caller(can_be_told=False).does("1", "1", "Durham", "1", "3")

    assert "Volunteers will check" in told.hears
    assert "text" not in told.hears


def test_the_line_never_asks_who_is_calling_or_for_their_status() -> None:
    for texts in PROMPTS.texts.by_language.values():
        spoken = " ".join(words for key, words in texts.items() if key.startswith("voice.")).casefold()
        for word in ("your name is", "what is your name", "cómo se llama", "citizen", "ciudadan", "legal", "papers", "papeles"):
            assert word not in spoken


def test_only_a_message_is_recorded_and_only_after_saying_so() -> None:
    for acts, _, _ in PATHS:
        caller = Caller().does(*acts)
        if isinstance(caller.waits_for, Record):
            assert "recorded" in caller.hears or "se graba" in caller.hears
            assert caller.waits_for.longest_s == 120
            assert caller.waits_for.callback.startswith("/twilio/recordings")
        assert "record" not in {name for verb in caller.document if verb.name != "Record" for name in verb.attributes}


def test_a_replay_is_known_by_the_number_of_its_question() -> None:
    kept = KeptCall(
        Kept(NOBODY, Sender(NOBODY, b"", None, language_chosen=False, stopped_at=None), Conversation(contact_id=NOBODY)),
        CallState(turn=3),
        "<the last answer/>",
        None,
        False,
        True,
    )

    assert kept.answer_to(3) is None
    assert kept.answer_to(2) == "<the last answer/>"


def test_a_report_by_keys_is_a_report_in_the_county_agreed_to() -> None:
    told = what_was_told(Caller().does("2", "1", "Henderson", "2", "1").call, PROMPTS)
    reading = reading_of(
        told, assess(told.words, LEXICON), locate(told.place, GAZETTEER, home_counties=[HENDERSON], answering=True)
    )

    assert (reading.assessment.kind, reading.location.county, reading.assessment.urgent) == (Kind.REPORT, HENDERSON, True)


def test_a_county_that_was_denied_is_not_where_it_is() -> None:
    told = what_was_told(Caller().does("1", "ICE vans outside the Food Lion in Durham", "2").call, PROMPTS)
    reading = reading_of(told, Assessment(Kind.REPORT, "en"), Location(counties=(DURHAM,), label="Food Lion, Durham"))

    assert (reading.location.county, reading.location.label) == (None, None)


def test_a_message_without_a_word_has_the_language_that_was_chosen_or_none() -> None:
    for acts, language in ((("2", "3", "●"), "es"), (("…", "…", "●"), "und")):
        told = what_was_told(Caller().does(*acts).call, PROMPTS)
        assert reading_of(told, Assessment(Kind.OTHER, "en"), Location()).assessment.language == language


ANSWERS = st.one_of(
    st.sampled_from("0123456789"),
    st.from_regex(r"[0-9]{1,5}", fullmatch=True),
    st.sampled_from(["…", "●", "Durham", "Henderson", "High Point", "yes", "no", "sí", "report", "derechos", "mensaje", "the second one",
                     "hay agentes en la puerta", "ICE vans in Raleigh", "otra vez", "español", "door", "28202", "no sé"]),
    st.text(max_size=40),
)  # fmt: skip


@given(st.lists(ANSWERS, max_size=MOST_TURNS + 5))
@settings(max_examples=150, deadline=None)
def test_any_keys_and_words_are_answered_with_a_document_that_plays(acts: list[str]) -> None:
    """The strict reading of each answer is in `Caller`; here, that a call always either waits or ends, and says something."""
    caller = Caller()
    for act in acts:
        if caller.state.over:
            break
        caller.does(act)
        assert caller.hears
        assert caller.hung_up or caller.waits_for is not None
        assert what_was_told(caller.call, PROMPTS) is not None
    assert caller.state.turn <= MOST_TURNS + 1


@given(ANSWERS)
@settings(max_examples=60, deadline=None)
def test_a_call_ends_whatever_is_answered_again_and_again(act: str) -> None:
    caller = Caller()
    for _ in range(MOST_TURNS + 1):
        if caller.state.over:
            break
        caller.does(act)

    assert caller.state.over
    assert caller.hung_up


@given(st.lists(ANSWERS, max_size=8))
@settings(max_examples=100, deadline=None)
def test_nothing_that_was_told_is_lost_on_the_way(acts: list[str]) -> None:
    """What a caller chose or said of what they see stays in what they told, whatever comes after."""
    caller = Caller()
    seen: tuple[str, ...] = ()
    for act in acts:
        if caller.state.over:
            break
        caller.does(act)
        assert caller.state.seen[: len(seen)] == seen
        seen = caller.state.seen


@pytest.mark.parametrize("language", TEXT_LANGUAGES)
def test_every_prompt_is_short_enough_to_be_listened_to(language: str) -> None:
    """Some 15 characters are spoken a second; nobody in a hurry hears out more than a quarter of a minute of menu."""
    texts = PROMPTS.texts.by_language[language]
    for key, words in texts.items():
        if key.startswith("voice."):
            assert len(words) <= 240, key
