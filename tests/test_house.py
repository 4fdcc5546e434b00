"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from app.console.audit_phrases import FACT_WORDS, UNSHOWN
from app.packs.texts import Texts
from app.rights.topics import Rights
from app.settings import Settings, env_example, environment_name, settings_page
from app.telephony.segments import size_of

ROOT = Path(__file__).parents[1]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
MAY_BE_LONGER = ("alembic/versions/",)


def test_no_file_of_code_is_much_longer_than_four_hundred_lines() -> None:
    long = {
        name: lines
        for name in TRACKED
        if name.endswith(".py") and not name.startswith(MAY_BE_LONGER) and (ROOT / name).exists()
        if (lines := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > 420
    }

    assert long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [n for n in TRACKED if re.search(r"(^|/)(utils?|helpers?|manager|misc|common|service)\.py$", n)] == []


def test_every_fact_that_an_event_can_have_has_words_on_the_audit_page() -> None:
    """They stand in `app/console/audit_phrases.py`."""
    known = FACT_WORDS["fact"].keys() | UNSHOWN | {"actor_id", "county"}
    written = [
        (name, node.lineno, word.arg)
        for name in TRACKED
        if name.startswith("app/") and name.endswith(".py") and (ROOT / name).exists()
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"record", "record_later"}
        for word in node.keywords
    ]

    assert [found for found in written if found[2] is not None and found[2] not in known] == []


def test_generated_files_are_what_the_code_says() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example(), "run `make fix`"
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page(), "run `make fix`"


def test_every_setting_has_a_sentence_of_help() -> None:
    assert [n for n, f in Settings.model_fields.items() if not (f.description or "").endswith(".")] == []
    assert all(environment_name(name).startswith(("VIGIA_", "TWILIO_")) for name in Settings.model_fields)


@pytest.mark.parametrize(
    "unsafe",
    [
        {"public_url": "http://hotline.example.org"},
        {"public_url": "hotline.example.org"},
        {"account_sid": "ACsimulator0000000000000000000000a"},
        {"account_sid": "AC00000000000000000000000000000001", "demo": True},
        {"account_sid": "AC00000000000000000000000000000001", "api_url": "http://localhost:1"},
        {"keys": "same", "hash_key": "same"},
        {"segments_per_second": 0},
    ],
)
def test_unsafe_settings_are_refused(unsafe: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Settings(_env_file=None, **unsafe)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_text_costs_the_segments_it_should(language: str) -> None:
    """One segment; two for an alert, for the rules that a verifier is sent with, and once for who gives a ZIP code as they join."""
    texts, rights = Texts.from_pack("us_nc", "Vigia"), Rights.from_pack("us_nc")
    county = {"en": "Rutherford County", "es": "condado de Rutherford"}[language]
    blanks = {
        "county": county, "place": "Walmart, N Roxboro St, Durham", "time": "10:40 PM", "until": "12:40 AM", "code": "KD4821",
        "codes": "KD4821",
        "options": "Vance / Henderson", "kind": texts.say("kinds.detention", language), "zone": "near Winston-Salem",
        "seen": texts.say("seen.reports", language, count=12), "outcome": texts.say("outcomes.confirm", language),
        "correction": texts.say("alert.corrected_police", language), "rights": rights.line(language), "count": 12,
        "counties": "Rutherford, Durham, Wake, Orange, Johnston", "what": county, "topic": texts.say("topics.rights", language),
        "word": texts.say("topic_words.rights", language), "day": {"en": "September 30", "es": "30 de septiembre"}[language],
        "more": texts.say("subscribe.hours_any", language), "minutes": 180, "hours": texts.say("subscribe.hours_any", language),
        "zip": "27701", "begins": "22:00", "ends": "17:00", "who": "Guadalupe", "words": "How many are there?", "number": 1234,
        "when": {"en": "Wed Nov 25, 18:00-22:00", "es": "mié 25 nov, 18:00-22:00"}[language],
        "shifts": {"en": "Wed Nov 25, 18:00-22:00", "es": "mié 25 nov, 18:00-22:00"}[language] + "; Sat Nov 28, 18:00-22:00",
        "link": "https://hotline.example.org/console/field/AAAAAAAAAAAAAAAAAAAAAA",
    }  # fmt: skip
    most = dict.fromkeys(("alert.alert", "offer.details", "subscribe.joined_near", "subscribe.joined_near_day"), 2)
    costly = {
        key: size.segments
        for key in texts.by_language[language]
        if not key.startswith("voice.")
        if (size := size_of(texts.say(key, language, **blanks))).segments > most.get(key, 1)
    }

    assert costly == {}


def test_only_fictional_numbers_stand_in_the_project() -> None:
    pattern = re.compile(r"\+1[2-9]\d{2}(?!555)[2-9]\d{6}\b")
    allowed = {"+14158675309", "+18005551212"}  # the twilio package's own golden vectors
    found = {
        name: hits
        for name in TRACKED
        if name.endswith((".py", ".toml", ".md", ".html", ".js", ".jsonl", ".json")) and (ROOT / name).exists()
        if (hits := set(pattern.findall((ROOT / name).read_text(encoding="utf-8"))) - allowed)
    }

    assert found == {}
