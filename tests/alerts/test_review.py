"""What is read over in an alert's words: complete, short enough, and about nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.alerts.approval import Draft, what_is_wrong
from app.alerts.compose import Scene, compose_alert, required_of
from app.alerts.review import Required, lacks_of, problems_of
from app.packs.alert_templates import fill_blanks, load_alert_templates, unknown_blanks
from app.packs.counties import load_counties
from app.packs.texts import Texts
from app.rights.topics import Rights

ZONE = "America/New_York"
NOW = datetime(2026, 3, 2, 17, 40, tzinfo=UTC)
TEXTS, RIGHTS = Texts.from_pack("us_nc", "Vigia"), Rights.from_pack("us_nc")
LINES = {language: RIGHTS.line(language) for language in ("en", "es")}
REQUIRED = Required("Vigia", "Durham", "KD4821", {"en": "2:00 PM", "es": "2:00 pm"}, LINES)
WHOLE = f"Vigia ALERT, Durham County: agents near the mall at 12:00 PM. {LINES['en']} Until 2:00 PM. Code KD4821. STOP to end."


def found(text: str, language: str = "en") -> set[str]:
    other = "es" if language == "en" else "en"
    return {p.code for p in problems_of({language: text}, {"KD4821"}, fallbacks={other: language})}


@pytest.mark.parametrize(
    ("cut", "lacks"),
    [
        ("Vigia ALERT", "no_source"),
        ("agents", "no_what"),
        ("Durham County", "no_where"),
        ("12:00 PM", "no_when"),
        ("2:00 PM. Code", "no_until"),
        ("KD4821", "no_code"),
        (LINES["en"], "no_rights"),
        ("STOP", "no_stop"),
    ],
)
def test_each_part_that_an_alert_needs_is_missed_when_it_is_cut(cut: str, lacks: str) -> None:
    assert lacks_of({"en": WHOLE}, REQUIRED) == []
    assert lacks in {p.code for p in lacks_of({"en": WHOLE.replace(cut, "…", 1)}, REQUIRED)}


@pytest.mark.parametrize(
    ("text", "language", "problem"),
    [
        ("Agent Smith is at the mall", "en", "named"),
        ("se llevaron a la señora Lopez", "es", "named"),
        ("they took Maria Hernandez", "en", "named"),
        ("a man named Oscar", "en", "named"),
        ("see his face in the photo", "en", "face"),
        ("hay fotos de su cara", "es", "face"),
        ("they ask for green cards", "en", "status"),
        ("buscan gente sin papeles", "es", "status"),
        ("take another route and avoid Main St", "en", "evasion"),
        ("no salgan de sus casas", "es", "evasion"),
        ("rodéenlos y bloqueen la calle", "es", "evasion"),
        ("license plate on a white van", "en", "plate"),
        ("placa: HJK 2231", "es", "plate"),
    ],
)
def test_what_is_about_a_person_or_advises_to_evade_is_held(text: str, language: str, problem: str) -> None:
    assert problem in found(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "agents stop cars on NC-147 and US-501 near the Martin Luther King exit",
        "agents near Maria Parham Hospital, and at John Umstead Hwy",
        "agents at the courthouse, 510 S Dillard St",
        "two agents talked to officers near the Sheriff's office",
    ],
)
def test_roads_and_places_are_no_plates_and_no_names(text: str) -> None:
    assert found(text) == set()


def test_a_place_that_is_called_like_a_person_may_be_named_where_it_is_the_place() -> None:
    words = {"en": "agents at Jose Fernandez Taqueria", "es": "agentes en Jose Fernandez Taqueria"}
    assert {p.code for p in problems_of(words)} == {"named"}
    assert problems_of(words, own_words=["Jose Fernandez Taqueria"]) == []


def test_a_missing_language_blocks_unless_somebody_chose_what_its_readers_get() -> None:
    until = NOW + timedelta(hours=2)
    alone = Draft("KD4821", {"en": WHOLE, "es": ""}, until, "37063")
    chosen = Draft("KD4821", {"en": WHOLE}, until, "37063", fallbacks={"es": "en"})

    assert [(p.language, p.code) for p in what_is_wrong(alone, REQUIRED)] == [("es", "missing")]
    assert what_is_wrong(chosen, REQUIRED) == []
    assert chosen.texts == {"en": WHOLE, "es": WHOLE}


@pytest.mark.parametrize("template", load_alert_templates("us_nc"), ids=lambda one: one.key)
def test_every_template_of_the_pack_is_complete_and_fits_in_the_county_with_the_longest_name(template: object) -> None:
    counties = load_counties("us_nc")
    longest = max(counties, key=lambda county: len(county.name))
    scene = Scene(longest, "Walmart, N Roxboro St, Durham", NOW, NOW + timedelta(hours=2), "KD4821")
    words = compose_alert(TEXTS, RIGHTS, scene, ZONE, template.words)  # type: ignore[attr-defined]  # parametrized
    draft = Draft("KD4821", words, scene.until, longest.fips)

    assert what_is_wrong(draft, required_of(TEXTS, LINES, scene, ZONE)) == []


def test_words_of_people_are_filled_in_and_never_interpreted() -> None:
    assert fill_blanks("{code} {code.__class__} {0} {{x}}", {"code": "KD4821"}) == "KD4821 {code.__class__} {0} {{x}}"
    assert unknown_blanks({"en": "{code} {street}", "es": "{calle}"}) == {"street", "calle"}
