"""A written word stands for the word that was meant, and a word that some language has is never changed into another."""

from __future__ import annotations

import pytest

from app.triage.lexicon import Lexicon
from app.triage.tokens import tokenise


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("camiometa", ["camioneta"]), ("neighbour", ["neighbour"]), ("yegaron", ["llegaron"]), ("heeeelp", ["help"]),

        ("m1gra", ["migra"]), ("lamigra", ["la", "migra"]), ("hayuna", ["hay", "una"]), ("kiero", ["quiero"]),
        ("mira", ["mira"]), ("Wake", ["wake"]), ("ride", ["ride"]), ("retener", ["retener"]), ("friday", ["friday"]),
    ],
)  # fmt: skip
def test_a_word_is_read_as_it_was_meant(written: str, meant: list[str], lexicon: Lexicon) -> None:
    [token] = tokenise(written)

    assert [sense.word for sense in lexicon.senses(token.word)] == meant


@pytest.mark.parametrize("written", ["I.C.E.", "i c e", "ＩＣＥ", "іcе", "I\u200bC\u200bE", "𝐈𝐂𝐄"])
def test_letters_in_disguise_are_read_as_plain_ones(written: str) -> None:
    assert [token.word for token in tokenise(written)] == ["ice"]
