"""Stages 2 and 3 together: what a text says and where it is. Pure, and light to load for `vigia triage`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.records.reading import Assessment, Command, Kind, Location, Reading
from app.triage.assess import assess
from app.triage.commands import split_topic
from app.triage.lexicon import Lexicon


def read(
    lexicon: Lexicon, gazetteer: Gazetteer, words: str, *, remembered: str | None = None, home: Sequence[str] = ()
) -> Reading:
    """What a text says and where it is. Pure: the same for `vigia triage` as for a text that came in. `remembered` is the language that
    the person wrote in before or chose, `home` the counties they named before."""
    said = assess(words, lexicon, remembered_language=remembered)
    if said.command in {Command.JOIN, Command.LEAVE}:
        return read_order(said, lexicon, gazetteer)
    return Reading(said, locate(words, gazetteer, home_counties=home))


def read_order(said: Assessment, lexicon: Lexicon, gazetteer: Gazetteer) -> Reading:
    """JOIN UNION, LEAVE WAKE, SALIR DE WAKE: what follows the order is a place and is read as one. Where LEAVE names neither a county nor
    a topic and its words ask for no more texts, it is a stop after all."""
    topic, rest = split_topic(said.argument, lexicon)
    where = locate(rest, gazetteer, answering=True) if rest else Location()
    if said.command is Command.LEAVE and said.opt_out and topic is None and not where.counties:
        return Reading(replace(said, kind=Kind.STOP, command=None, argument=""), where)
    return Reading(replace(said, opt_out=False), where)
