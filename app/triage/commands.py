"""A whole message that is an order, such as `JOIN durham`, `DERECHOS` or `CHECK 4821`; anything longer is read as a sentence."""

from __future__ import annotations

import re

from app.records.reading import Command
from app.triage.concepts import Understood, Word
from app.triage.lexicon import Lexicon

LONGEST_ARGUMENT = {
    Command.JOIN: 5,
    Command.CHECK: 2,
    Command.RIGHTS: 3,
    Command.LANGUAGE: 1,
    Command.REPORT: 200,
    Command.RUMOR: 200,
}
"""The most words that may follow an order; the orders not named here stand alone."""


def read_command(said: Understood, lexicon: Lexicon) -> tuple[Command, str] | None:
    """The order that `said` is and its argument as written (`""` where there is none), or None where the text is no order."""
    words = said.spoken
    if not words:
        return (Command.HELP, "") if said.text.strip() in {"?", "??", "???"} else None
    for size in (3, 2, 1):
        command = lexicon.commands.get(tuple(word.sense.word for word in words[:size]))
        if command is None or len(words) < size:
            continue
        rest = words[size:]
        if all(word.sense.word in lexicon.classes["COURTESY"] for word in rest) and not (command is Command.JOIN and rest):
            return command, ""
        if len(rest) <= LONGEST_ARGUMENT.get(command, 0) and _fits(command, rest, lexicon):
            return command, said.text[rest[0].start :].strip(" \t\r\n.,;:!¡")
    return None


def _fits(command: Command, rest: list[Word], lexicon: Lexicon) -> bool:
    """Whether the words after an order can be its argument, so that "join me in prayer" stays a sentence."""
    if command is Command.CHECK:
        return any(_CODE.match(word.sense.word) for word in rest)
    if command is Command.JOIN:
        between = lexicon.classes["PLACE_LINK"] | lexicon.classes["COURTESY"]
        names = [word for word in rest if word.sense.word not in between]
        return bool(names) and all(map(_may_name_a_place, names))
    if command is Command.LANGUAGE:
        return bool(rest[0].sense.languages)
    return True


def _may_name_a_place(word: Word) -> bool:
    languages = word.sense.languages
    return not languages or "neutral" in languages or word.sense.word.isdigit() or not word.sense.sure


_CODE = re.compile(r"^(?=.*\d)[a-z0-9]{3,10}$")
