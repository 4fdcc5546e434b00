"""The learned weights: read strictly, and never louder than the grammar of stopping."""

from __future__ import annotations

import pytest

from app.records.reading import Kind
from app.triage.assess import assess, marks_of
from app.triage.concepts import understand
from app.triage.lexicon import Lexicon
from app.triage.wording import COLUMNS, Wording, write_weights


def test_weights_written_are_read_back_to_the_nearest_step(lexicon: Lexicon) -> None:
    row = [0.0] * len(COLUMNS)
    row[0] = 1.01
    text = write_weights({"w migra": row, "w nada": [0.001] * len(COLUMNS)})

    assert len(text.splitlines()) == 1
    assert text.startswith("w migra\t")


def test_without_weights_the_rules_speak_alone(lexicon: Lexicon) -> None:
    said = understand("la migra esta en mi puerta", lexicon)

    suggested, _ = Wording({}).suggests(said, marks_of(said))

    assert suggested == (0.0,) * len(COLUMNS)


@pytest.mark.parametrize("text", ["when does it stop", "salir temprano", "stop and frisk", "quit playing"])
def test_wording_alone_never_stops_messages(text: str, lexicon: Lexicon) -> None:
    said = assess(text, lexicon)

    assert said.kind is not Kind.STOP
    assert not said.opt_out
