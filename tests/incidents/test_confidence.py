"""How sure we may be, and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.incidents.confidence import Certainty, EvidenceKind, confidence, evidence_kind
from tests.incidents.accounts import told


def test_nothing_told_is_the_prior() -> None:
    assert confidence([], 0).probability == 0.001


def test_two_eyewitnesses_come_nowhere_near_certainty() -> None:
    sure = confidence(
        [
            (told("agents at the door", 0, source="a"), EvidenceKind.AGENTS),
            (told("veo agentes con chalecos", 3, source="b"), EvidenceKind.AGENTS),
        ],
        5,
    )

    assert 0.001 < sure.probability < 0.1
    assert sure.certainty is Certainty.POSSIBLE


def test_however_many_report_it_stays_below_likely_without_a_verifier() -> None:
    many = [
        (told(f"agents {'abcdefghijklmnopqrstuvwxyz'[n % 26] * 9} vests", n * 2.0, source=str(n)), EvidenceKind.PICTURE)
        for n in range(60)
    ]

    assert confidence(many, 120).certainty is Certainty.POSSIBLE


def test_a_verifier_on_the_spot_makes_it_observed_until_it_is_old() -> None:
    seen = [(told("agents"), EvidenceKind.AGENTS), (told("confirmed", 10), EvidenceKind.CONFIRMED)]

    assert confidence(seen, 20).certainty is Certainty.OBSERVED
    assert confidence(seen, 20).probability > 0.9
    assert confidence(seen, 600).certainty is not Certainty.OBSERVED


def test_a_denial_makes_it_unlikely() -> None:
    assert (
        confidence([(told("agents"), EvidenceKind.AGENTS), (told("nothing", 10), EvidenceKind.DENIED)], 12).certainty
        is Certainty.UNLIKELY
    )


def test_the_same_number_the_same_text_and_the_same_wave_count_less() -> None:
    text = "ICE agents outside the Food Lion in Durham"
    alone = confidence([(told(text, 0, source="a"), EvidenceKind.AGENTS)], 0).probability
    independent = confidence(
        [
            (told(text, 0, source="a"), EvidenceKind.AGENTS),
            (told("dos hombres con chalecos", 9, source="b"), EvidenceKind.AGENTS),
        ],
        9,
    )
    same_number = confidence(
        [
            (told(text, 0, source="a"), EvidenceKind.AGENTS),
            (told("dos hombres con chalecos", 9, source="a"), EvidenceKind.AGENTS),
        ],
        9,
    )
    same_text = confidence(
        [(told(text, 0, source="a"), EvidenceKind.AGENTS), (told(text, 9, source="b"), EvidenceKind.AGENTS)], 9
    )

    assert alone < same_number.probability == same_text.probability < independent.probability
    assert [reason.repeats for reason in same_text.reasons] == [0, 1]


def test_what_a_report_rests_on_is_read_from_its_words() -> None:
    assert evidence_kind(told("agentes con chalecos")) is EvidenceKind.AGENTS
    assert evidence_kind(told("una camioneta blanca")) is EvidenceKind.VEHICLE
    assert evidence_kind(told("hay migra")) is EvidenceKind.HEARD
    assert evidence_kind(told("se llevaron a uno", kind="rumor")) is EvidenceKind.HEARD
    assert evidence_kind(told("hay migra"), has_picture=True) is EvidenceKind.PICTURE
    assert evidence_kind(told("hay migra"), is_partner=True) is EvidenceKind.PARTNER


@given(st.lists(st.tuples(st.floats(0, 1e5), st.sampled_from(EvidenceKind)), max_size=20), st.floats(0, 1e5))
def test_confidence_is_always_a_probability_with_a_reason_each(told_at: list[tuple[float, EvidenceKind]], now: float) -> None:
    sure = confidence([(told("agents", minute), kind) for minute, kind in told_at], now)

    assert 0.0 <= sure.probability <= 1.0
    assert len(sure.reasons) == len(told_at)
