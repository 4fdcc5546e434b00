"""States: every step is in the table, and PostgreSQL knows the same states."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint

from app.operations.schema import METADATA
from app.records.states import TRANSITIONS, DeliveryState, IllegalTransition, IncidentState, may_precede, step


@pytest.mark.parametrize("machine", list(TRANSITIONS))
def test_every_state_has_its_row_and_leads_only_to_states_of_its_kind(machine: type[StrEnum]) -> None:
    assert set(TRANSITIONS[machine]) == set(machine)
    assert all(isinstance(then, machine) for following in TRANSITIONS[machine].values() for then in following)


@pytest.mark.parametrize("machine", list(TRANSITIONS))
def test_the_database_checks_the_same_states(machine: type[StrEnum]) -> None:
    checks = [
        set(str(check.sqltext).split("'")[1::2])
        for table in METADATA.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint) and str(check.name).endswith(f"{table.name}_state")
    ]

    assert {state.value for state in machine} in checks


@given(st.sampled_from(DeliveryState), st.sampled_from(DeliveryState))
def test_a_step_that_the_table_lacks_is_refused(now: DeliveryState, then: DeliveryState) -> None:
    if then in TRANSITIONS[DeliveryState][now]:
        assert step(now, then) is then
        assert now in may_precede(then)
    else:
        with pytest.raises(IllegalTransition):
            step(now, then)


def test_a_delivered_text_stays_delivered() -> None:
    assert TRANSITIONS[DeliveryState][DeliveryState.DELIVERED] == frozenset()


def test_an_incident_can_always_be_decided_differently() -> None:
    assert IncidentState.NOTHING in TRANSITIONS[IncidentState][IncidentState.CONFIRMED]
