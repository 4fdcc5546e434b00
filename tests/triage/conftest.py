"""The North Carolina lexicon, built once for all tests of triage."""

from __future__ import annotations

import pytest

from app.triage.lexicon import Lexicon


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon.from_pack("us_nc")
