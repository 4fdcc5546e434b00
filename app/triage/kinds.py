"""What a text is for and whether it is urgent: a sum of log-odds over the concepts it names, each with the words that named it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from app.records.reading import Evidence, Kind
from app.triage.concepts import Understood
from app.triage.lexicon import Lexicon, WeighedRule

CAN_BE_URGENT = frozenset({Kind.REPORT, Kind.DETENTION})
"""The kinds where people may be at risk now; a question about a rumor or about rights can wait a minute."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The kind that fits best, whether it is urgent, and what spoke for both."""

    kind: Kind
    urgent: bool
    evidence: tuple[Evidence, ...]


def weigh(said: Understood, marks: frozenset[str], lexicon: Lexicon) -> Weighed:
    """Weigh the rules of the lexicon over what was said. `marks` are concepts that stand in no word (a question mark, a link)."""
    concepts = said.concepts | marks
    scores = dict(lexicon.rules.bias)
    applied: defaultdict[Kind, list[WeighedRule]] = defaultdict(list)
    for kind, rule in lexicon.kind_rules:
        if rule.applies(concepts):
            applied[kind].append(rule)
            scores[kind] = scores.get(kind, 0.0) + rule.weight
    best = max(scores, key=lambda kind: (scores[kind], -_ORDER[kind]))
    evidence = [_evidence(rule, said, concepts, lexicon, "") for rule in applied[best]]
    if best not in CAN_BE_URGENT:
        return Weighed(best, False, tuple(evidence))
    concepts |= {f"KIND_{best.name}"}
    pressing = [rule for rule in lexicon.urgency_rules if rule.applies(concepts)]
    urgency = lexicon.rules.urgent_bias + sum(rule.weight for rule in pressing)
    evidence += [_evidence(rule, said, concepts, lexicon, "urgent: ") for rule in pressing]
    return Weighed(best, urgency > 0, tuple(evidence))


def _evidence(rule: WeighedRule, said: Understood, concepts: frozenset[str], lexicon: Lexicon, prefix: str) -> Evidence:
    named = [next(name for name in sorted(group) if name in concepts) for group in rule.every]
    words = [words for name in named if (words := said.words_of(name))]
    return Evidence(
        words=" … ".join(dict.fromkeys(words)),
        says=prefix + ", ".join(lexicon.rules.says[name] for name in named),
        weight=rule.weight,
    )


_ORDER = {kind: order for order, kind in enumerate(Kind)}
