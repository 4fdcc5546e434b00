"""Sealed values open only where they were sealed, and fingerprints tell nothing."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.keys import KeyProblem, Keys, new_key

RING, HASH = new_key(), new_key()
KEYS = Keys(RING, HASH)


@given(st.text())
def test_what_was_sealed_opens_in_its_own_cell(text: str) -> None:
    row = uuid4()

    assert KEYS.unseal(KEYS.seal(text, "contact", "number", row), "contact", "number", row) == text


@pytest.mark.parametrize(("table", "column"), [("contact", "body"), ("report", "number")])
def test_it_opens_in_no_other_cell(table: str, column: str) -> None:
    row = uuid4()
    sealed = KEYS.seal("+19195550110", "contact", "number", row)

    for cell in ((table, column, row), ("contact", "number", uuid4())):
        with pytest.raises(KeyProblem):
            KEYS.unseal(sealed, *cell)


def test_a_new_key_in_front_seals_while_the_old_one_still_opens() -> None:
    row = uuid4()
    sealed = KEYS.seal("hola", "report", "text", row)
    rotated = Keys(f"{new_key()},{RING}", HASH)

    assert rotated.unseal(sealed, "report", "text", row) == "hola"
    with pytest.raises(KeyProblem, match="not in VIGIA_KEYS"):
        KEYS.unseal(rotated.seal("hola", "report", "text", row), "report", "text", row)


def test_a_number_is_found_again_and_not_read_back() -> None:
    found = KEYS.fingerprint("phone", "+19195550110")

    assert found == KEYS.fingerprint("phone", "+19195550110")
    assert found != KEYS.fingerprint("sid", "+19195550110")
    assert b"555" not in found


@pytest.mark.parametrize("ring", ["", "short", "!!!"])
def test_a_ring_that_can_not_be_used_says_how_to_get_one(ring: str) -> None:
    with pytest.raises(KeyProblem, match="vigia keys new"):
        Keys(ring, HASH)
