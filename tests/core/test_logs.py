"""The last guard of the log: what is shaped like a phone number does not get through."""

from __future__ import annotations

import pytest
import structlog

from app.core.logs import NUMBER_SHAPED
from tests.conftest import LogBook


@pytest.mark.parametrize(
    "number", ["+19195550110", "9195550110", "(919) 555-0110", "1 919 555 0110", "%2B19195550110", "919.555.0110"]
)
def test_a_number_is_masked_however_it_is_written(number: str, log_book: LogBook) -> None:
    structlog.get_logger("test").warning("something", said=f"from {number} just now")

    assert "555" not in log_book.text.getvalue()
    assert "[number]" in log_book.text.getvalue()


@pytest.mark.parametrize(
    "harmless", ["01a20c83-8cc8-7552-a75e-2a1b508dcb1d", "SM00000000000000000000000000000001", "37063", "2026-03-02T17:00:00"]
)
def test_identifiers_and_times_stay_readable(harmless: str) -> None:
    assert NUMBER_SHAPED.search(harmless) is None
