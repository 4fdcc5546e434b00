"""A whole message that is an order, such as `JOIN durham`, `DERECHOS` or `CHECK 4821`; anything longer is read as a sentence."""

from __future__ import annotations

import re

from app.records.reading import Command
from app.triage.concepts import Understood, Word, understand
from app.triage.lexicon import Lexicon

LONGEST_ARGUMENT = {
    Command.JOIN: 5,
    Command.LEAVE: 5,
    Command.CHECK: 2,
    Command.RIGHTS: 3,
    Command.LANGUAGE: 1,
    Command.REPORT: 200,
    Command.RUMOR: 200,
}
"""The most words that may follow an order; the orders not named here stand alone."""


TOPIC_CLASSES = ("TOPIC_RIGHTS", "TOPIC_EVENTS")
"""Classes of words that name what else one can subscribe to; alerts are meant where no topic is named."""


def read_command(said: Understood, lexicon: Lexicon) -> tuple[Command, str] | None:
    """The order that `said` is and its argument as written (`""` where there is none), or None where the text is no order."""
    words = said.spoken
    if not words:
        return (Command.HELP, "") if said.text.strip() in {"?", "??", "???"} else None
    for size in (4, 3, 2, 1):
        command = lexicon.commands.get(tuple(word.sense.word for word in words[:size]))
        if command is None or len(words) < size:
            continue
        rest = words[size:]
        if all(word.sense.word in lexicon.classes["COURTESY"] for word in rest) and not (command in _OF_A_COUNTY and rest):
            return command, ""
        if len(rest) <= LONGEST_ARGUMENT.get(command, 0) and _fits(command, rest, lexicon):
            return command, said.text[rest[0].start :].strip(" \t\r\n.,;:!¡")
    return None


def split_topic(argument: str, lexicon: Lexicon) -> tuple[str | None, str]:
    """The topic that the argument of JOIN or LEAVE names (rights, events), or None, and what is left of it to name a place."""
    topic, left = None, argument
    for word in reversed(understand(argument, lexicon).spoken):
        for name in TOPIC_CLASSES:
            if word.sense.word in lexicon.classes[name]:
                topic = name.removeprefix("TOPIC_").lower()
                left = left[: word.start] + left[word.end :]
    return topic, left.strip()


def _fits(command: Command, rest: list[Word], lexicon: Lexicon) -> bool:
    """Whether the words after an order can be its argument, so that "join me in prayer" stays a sentence."""
    if command is Command.CHECK:
        return any(_CODE.match(word.sense.word) for word in rest)
    if command in _OF_A_COUNTY:
        between = lexicon.classes["PLACE_LINK"] | lexicon.classes["COURTESY"]
        names = [word for word in rest if word.sense.word not in between]
        fitting = lexicon.classes["COUNTY_WORD"].union(*(lexicon.classes[name] for name in TOPIC_CLASSES))
        return bool(names) and all(word.sense.word in fitting or _may_name_a_place(word) for word in names)
    if command is Command.LANGUAGE:
        return bool(rest[0].sense.languages)
    return True


def _may_name_a_place(word: Word) -> bool:
    languages = word.sense.languages
    return not languages or "neutral" in languages or word.sense.word.isdigit() or not word.sense.sure


_OF_A_COUNTY = frozenset({Command.JOIN, Command.LEAVE})
_CODE = re.compile(r"^(?=.*\d)[a-z0-9]{3,10}$")
