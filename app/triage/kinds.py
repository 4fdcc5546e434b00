"""What a text is for and whether it is urgent: a sum of log-odds over the concepts it names, each with the words that named it."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from app.records.reading import Evidence, Kind
from app.triage.concepts import Understood
from app.triage.lexicon import Lexicon, WeighedRule
from app.triage.wording import Weights, Wording

NOT_STOP = tuple(kind for kind in Kind if kind is not Kind.STOP)
SHARPNESS = 1.2
"""What log-odds are multiplied by for the confidence, so that nine in ten given at 0.9 are right (docs/reading.md)."""
CAN_BE_URGENT = frozenset({Kind.REPORT, Kind.DETENTION})
"""The kinds where people may be at risk now; a question about a rumor can wait a minute."""
PRESSING = -2.0
"""Log-odds of urgency above which something is urgent: below even, as it is worse to miss one than to look at one too many."""
OVER = frozenset({"GONE", "NOT_THERE", "LOCAL_ONLY", "PAST"})
"""Where one of these is said, doubt speaks against urgency, not for it."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a text says, weighed: log-odds by kind, `concepts` with the marks, the `rules` of kinds that apply to them, and what the wording
    `suggested` by column and `by_word`."""

    kinds: dict[Kind, float]
    concepts: frozenset[str]
    rules: list[tuple[Kind, WeighedRule]]
    suggested: Weights
    by_word: dict[str, Weights]

    def chance(self, kind: Kind, *, among: Collection[Kind] = tuple(Kind), sharpness: float = 1.0) -> float:
        """How likely `kind` is, between 0 and 1, where only those `among` come into question. Measured by `bench.reading`."""
        best = max(self.kinds.get(other, 0.0) for other in among)
        grown = {other: math.exp(sharpness * (self.kinds.get(other, 0.0) - best)) for other in among}
        return grown[kind] / sum(grown.values())


@dataclass(frozen=True, slots=True)
class Weighed:
    """The kind that fits best and how likely it is, whether it is urgent, and what spoke for both."""

    kind: Kind
    confidence: float
    urgent: bool
    evidence: tuple[Evidence, ...]


def score(said: Understood, marks: frozenset[str], lexicon: Lexicon, wording: Wording) -> Scores:
    """Weigh the rules of the lexicon and the wording over what was said. `marks` are concepts that stand in no word (a question mark)."""
    concepts = said.concepts | marks
    suggested, by_word = wording.suggests(said, marks)
    rules = _applying(concepts, lexicon)
    scores = _prior(rules, lexicon)
    for kind, weight in zip(_ORDER, suggested, strict=False):
        scores[kind] = scores.get(kind, 0.0) + weight
    return Scores(scores, concepts, rules, suggested, by_word)


def weigh(said: Understood, scores: Scores, lexicon: Lexicon) -> Weighed:
    """The kind that a text is, other than stop, which `optout` alone decides."""
    best = max(NOT_STOP, key=lambda kind: (scores.kinds.get(kind, 0.0), -_ORDER[kind]))
    confidence = scores.chance(best, among=NOT_STOP, sharpness=SHARPNESS)
    trust, concepts = lexicon.rules.trust, scores.concepts
    evidence = [_evidence(rule, said, concepts, lexicon, trust) for kind, rule in scores.rules if kind is best]
    evidence += _worded(said, best, scores.suggested, scores.by_word)
    if best is not Kind.RIGHTS and best not in CAN_BE_URGENT:
        return Weighed(best, confidence, False, tuple(evidence))
    named, pressing = _pressing(best, concepts, lexicon)
    urgency = _urgency(pressing, lexicon)
    if best is not Kind.RIGHTS:  # what to do while somebody is at the door cannot wait; the wording knows nothing of that
        urgency += scores.suggested[-1]
    urgent_trust = lexicon.rules.urgent_trust
    evidence += [_evidence(rule, said, named, lexicon, urgent_trust, "urgent: ") for rule in pressing]
    needed = PRESSING if concepts.isdisjoint(OVER) else 0.0
    return Weighed(best, confidence, urgency > needed, tuple(evidence))


def prior_of(concepts: frozenset[str], lexicon: Lexicon) -> dict[Kind, float]:
    """What the rules alone say: log-odds by kind."""
    return _prior(_applying(concepts, lexicon), lexicon)


def _prior(rules: list[tuple[Kind, WeighedRule]], lexicon: Lexicon) -> dict[Kind, float]:
    trust = lexicon.rules.trust
    scores = {kind: trust * bias for kind, bias in lexicon.rules.bias.items()}
    for kind, rule in rules:
        scores[kind] = scores.get(kind, 0.0) + trust * rule.weight
    return scores


def _applying(concepts: frozenset[str], lexicon: Lexicon) -> list[tuple[Kind, WeighedRule]]:
    """The rules of kinds that apply, in the order of the pack."""
    places = set().union(*(lexicon.rules_by_concept.get(concept, ()) for concept in concepts))
    return [lexicon.kind_rules[place] for place in sorted(places) if lexicon.kind_rules[place][1].applies(concepts)]


def urgency_of(kind: Kind, concepts: frozenset[str], lexicon: Lexicon) -> float:
    """What the rules alone say of the urgency of a text of `kind`: log-odds."""
    _, pressing = _pressing(kind, concepts, lexicon)
    return _urgency(pressing, lexicon)


def _pressing(kind: Kind, concepts: frozenset[str], lexicon: Lexicon) -> tuple[frozenset[str], list[WeighedRule]]:
    """The concepts with that of the kind, and the rules of urgency that apply to them."""
    named = concepts | {f"KIND_{kind.name}"}
    return named, [rule for rule in lexicon.urgency_rules if rule.applies(named)]


def _urgency(pressing: list[WeighedRule], lexicon: Lexicon) -> float:
    return lexicon.rules.urgent_trust * (lexicon.rules.urgent_bias + sum(rule.weight for rule in pressing))


def _evidence(
    rule: WeighedRule, said: Understood, concepts: frozenset[str], lexicon: Lexicon, trust: float, prefix: str = ""
) -> Evidence:
    named = [next(name for name in _in_order(group) if name in concepts) for group in rule.every]
    words = [words for name in named if (words := said.words_of(name))]
    return Evidence(
        words=" … ".join(dict.fromkeys(words)),
        says=prefix + ", ".join(lexicon.rules.says[name] for name in named),
        weight=trust * rule.weight,
    )


@cache
def _in_order(group: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(group))


def _worded(said: Understood, kind: Kind, suggested: Weights, by_word: dict[str, Weights]) -> list[Evidence]:
    """The words that most made the wording suggest `kind`, as they stand in the text."""
    column = _ORDER[kind]
    if suggested[column] <= 0:
        return []
    telling = sorted((word for word in by_word if by_word[word][column] > 0), key=lambda word: -by_word[word][column])[
        :TELLING_WORDS
    ]
    spoken = [said.text[word.start : word.end] for word in said.words if word.sense.word in telling]
    if not any(spoken):
        return []
    return [Evidence(" … ".join(filter(None, dict.fromkeys(spoken))), f"worded like a {kind.value}", suggested[column])]


TELLING_WORDS = 4
_ORDER = {kind: order for order, kind in enumerate(Kind)}
