"""What a volunteer orders by text about the shifts they plan: SHIFT FRI 18-22, SHIFT DROP FRI, AWAY FRI, SWAP FRI, TAKE 12 and their
Spanish twins. Pure.

Days may be misspelled and hours written as people write them (18-22, 6pm-10pm, 6 a 10 pm). A longer text that merely begins with such a
word is none: volunteers see other things, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from rapidfuzz import fuzz

from app.volunteers.hours import DAY, MINUTES_A_DAY


class Wish(StrEnum):
    """What is wished for."""

    ONCE = "once"  # a shift on one day
    WEEKLY = "weekly"  # one that comes again
    DROP = "drop"  # one that comes again comes no more
    AWAY = "away"
    SWAP = "swap"  # ask others to take mine
    TAKE = "take"  # take another's
    KEEP = "keep"  # mine after all
    APPROVE = "approve"  # a lead lets another have it
    UNCLEAR = "unclear"  # about shifts, but the day or the hours can't be read


@dataclass(frozen=True)
class ShiftOrder:
    """What a text wishes. `days` are one day, or the first and the last of being away; `by_weekday`: the day was named by its weekday, so
    the next one is meant where today's hours are over. `hours` are minutes after midnight, the end up to 1440. `number` is a swap's."""

    wish: Wish
    days: tuple[date, ...] = ()
    hours: tuple[int, int] | None = None
    by_weekday: bool = False
    number: int = 0


FIRST_WORDS: Final[dict[str, Wish]] = {
    "shift": Wish.ONCE, "shifts": Wish.ONCE, "turno": Wish.ONCE, "turnos": Wish.ONCE,
    "away": Wish.AWAY, "ausente": Wish.AWAY, "off": Wish.AWAY, "libre": Wish.AWAY,
    "swap": Wish.SWAP, "cambio": Wish.SWAP, "cambiar": Wish.SWAP,
}  # fmt: skip

NO_SHIFT: Final = re.compile(r"(?:no|sin) (?:shift|turno) ")
"""The same as AWAY."""

ABOUT_A_SWAP: Final = re.compile(
    r"(?:i |yo |lo )?(take|tomo|keep|sigo|approve|apruebo) (?:no |number |numero |el |la )?#?(\d{1,6})"
)
SWAP_WORDS: Final = {
    "take": Wish.TAKE, "tomo": Wish.TAKE, "keep": Wish.KEEP, "sigo": Wish.KEEP, "approve": Wish.APPROVE, "apruebo": Wish.APPROVE
}  # fmt: skip

DROPS: Final = frozenset(
    {"remove", "drop", "delete", "quitar", "quita", "quite", "borrar", "borra", "borre", "eliminar", "elimina", "elimine"}
)
"""A bare "shift remove" ends all texts before it is read here, as REMOVE is a word of those who want no more; DROP and QUITAR are ours."""

SHIFTS: Final = frozenset({"shift", "shifts", "turno", "turnos"})

EVERY: Final = frozenset({"every", "each", "weekly", "cada", "todos", "todas", "semanal", "siempre"})

WEEKDAYS: Final[tuple[tuple[str, ...], ...]] = (
    ("monday", "mon", "mondays", "lunes", "lun"),
    ("tuesday", "tue", "tues", "tuesdays", "martes", "mar"),
    ("wednesday", "wed", "weds", "wednesdays", "miercoles", "mie", "mier"),
    ("thursday", "thu", "thur", "thurs", "thursdays", "jueves", "jue"),
    ("friday", "fri", "fridays", "viernes", "vie"),
    ("saturday", "sat", "saturdays", "sabado", "sabados", "sab"),
    ("sunday", "sun", "sundays", "domingo", "domingos", "dom"),
)
"""From Monday."""

MONTHS: Final = (
    ("jan", "ene"), ("feb",), ("mar",), ("apr", "abr"), ("may",), ("jun",), ("jul",), ("aug", "ago"), ("sep",), ("oct",), ("nov",),
    ("dec", "dic"),
)  # fmt: skip
"""How the months begin, from January."""

TODAY: Final = frozenset({"today", "tonight", "hoy"})
TOMORROW: Final = frozenset({"tomorrow", "tomorow", "tommorow", "tmrw", "manana"})

_SAYS_NOTHING: Final = (
    "a an and at by de del desde el en este esta for from i is la las los me mi my next no on please por porfa favor proximo proxima que"
    " shift the this to turno until hasta y week semana semanas noche night"
)
FILLERS: Final = frozenset(_SAYS_NOTHING.split())
"""Words that say nothing of the day."""

_TIME: Final = r"(\d{1,2})(?:[:h](\d{2})|h)?\s*(am|pm|a|p)?"
_HOURS: Final = re.compile(rf"(?<![\d/]){_TIME}\s*(?:-+|to|a|till|until|hasta|y)\s*{_TIME}(?![\w/])")
_DATE: Final = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})(?!\d)")
_DAY_OF_MONTH: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")

NOON, MIDNIGHT = re.compile(r"\b(?:noon|mediodia)\b"), re.compile(r"\b(?:midnight|medianoche)\b")

LIKE_ENOUGH: Final = 78.0
"""From this likeness (of 100) on a misspelled day is taken for the most like one: "firday", "vierns"."""

MOST_WORDS: Final = 12
MOST_UNCLEAR: Final = 5
"""A text of up to so many words that begins with SHIFT, AWAY or SWAP is about shifts even where it can't be read."""


def read_shift_order(text: str, today: date) -> ShiftOrder | None:
    """The order that a text is; None where it is about something else. `today` is the date on the sender's clocks."""
    plain = _plain(text)
    about = ABOUT_A_SWAP.fullmatch(plain)
    if about is not None:
        return ShiftOrder(SWAP_WORDS[about[1]], number=int(about[2]))
    if NO_SHIFT.match(plain):
        plain = f"away {plain.split(' ', 2)[2]}"
    words = plain.split()
    if len(words) <= MOST_WORDS and _drops(words):
        return _read_drop(" ".join(word for word in words if word not in DROPS | SHIFTS), today)
    wish = FIRST_WORDS.get(words[0]) if len(words) > 1 else None
    if wish is None or len(words) > MOST_WORDS:
        return None
    rest = plain.partition(" ")[2]
    unclear = ShiftOrder(Wish.UNCLEAR) if len(words) <= MOST_UNCLEAR and words[0] not in {"off", "libre"} else None
    days, rest, by_weekday = _dates(rest, today)
    hours, rest = read_hours(rest)
    every = bool(EVERY & set(rest.split()))
    named, left = _days(rest, today)
    days, by_weekday = (*days, *named[0]), by_weekday or named[1]
    if left or not days or len(days) > (2 if wish is Wish.AWAY else 1) or (wish is Wish.ONCE and hours is None):
        return unclear
    if hours is not None and hours[0] == hours[1]:
        return unclear
    if len(days) == 2 and days[1] < days[0]:  # "from Saturday to Monday", said on a Sunday
        days = (days[0], days[1] + timedelta(days=7))
    if every and wish is Wish.ONCE:
        wish = Wish.WEEKLY if by_weekday else Wish.UNCLEAR
    elif every:
        return unclear
    return ShiftOrder(wish, days, hours, by_weekday)


def fits_order(order: ShiftOrder, weekday: int, hours: tuple[int, int]) -> bool:
    """Whether an order is about a weekly shift of this weekday and these hours, as far as it says. Pure."""
    return order.hours in {None, hours} and all(day.weekday() == weekday for day in order.days)


def _drops(words: Sequence[str]) -> bool:
    """Whether words are SHIFT DROP or DROP MY SHIFT, and perhaps more."""
    if len(words) < 2:
        return False
    return (words[0] in SHIFTS and words[1] in DROPS) or (words[0] in DROPS and bool(SHIFTS & set(words[1:4])))


def _read_drop(rest: str, today: date) -> ShiftOrder:
    """Which weekly shift is to go: by its weekday and hours, as far as they are named. A date is no weekly shift."""
    dated, rest, _ = _dates(rest, today)
    hours, rest = read_hours(rest)
    (days, by_weekday), left = _days(rest, today)
    if left or dated or len(days) > 1 or (days and not by_weekday):
        return ShiftOrder(Wish.UNCLEAR)
    return ShiftOrder(Wish.DROP, days, hours, by_weekday)


def read_hours(text: str) -> tuple[tuple[int, int] | None, str]:
    """The first hours in a plain text as minutes after midnight, and what is left of the text. None where there are none, or such as no
    clock has."""
    text = MIDNIGHT.sub("0:00", NOON.sub("12:00", text))
    found = _HOURS.search(text)
    if found is None:
        return None, text
    begins, ends = _ways(found[1], found[2], found[3]), _ways(found[4], found[5], found[6])
    if found[3] is None and found[6] is None:  # on a clock of 24 hours
        begins, ends = begins[:1], ends[:1]
    both = [(begin % MINUTES_A_DAY, end or MINUTES_A_DAY) for begin in begins for end in ends]
    left = text[: found.start()] + " " + text[found.end() :]
    return (min(both, key=lambda pair: (pair[1] - pair[0] - 1) % MINUTES_A_DAY) if both else None), left


def _ways(hour: str, minute: str | None, half: str | None) -> list[int]:
    """What a time may mean, in minutes after midnight: two things where it may be before or after noon."""
    hours, minutes = int(hour), int(minute or 0)
    if minutes > 59 or hours > 24 or (hours == 24 and minutes):
        return []
    if half is not None:
        return [(hours % 12 + (12 if half[0] == "p" else 0)) * 60 + minutes] if 1 <= hours <= 12 else []
    on_the_clock = hours * 60 + minutes
    return [on_the_clock, (on_the_clock + MINUTES_A_DAY // 2) % MINUTES_A_DAY] if 1 <= hours <= 12 else [on_the_clock]


def _dates(text: str, today: date) -> tuple[tuple[date, ...], str, bool]:
    """The dates like 11/27 in a text, and the text without them."""
    found: list[date] = []
    for one in _DATE.finditer(text):
        month, day = int(one[1]), int(one[2])
        when = _next_date(*((day, month) if month > 12 else (month, day)), today)
        if when is None:
            return (), text, False
        found.append(when)
    return tuple(found), _DATE.sub(" ", text), False


def _days(text: str, today: date) -> tuple[tuple[tuple[date, ...], bool], list[str]]:
    """The days that the words of a text name, whether by their weekday, and the words that say nothing to us."""
    words = [word for word in re.split(r"[\s-]+", text) if word]
    days: list[date] = []
    left: list[str] = []
    by_weekday = False
    position = 0
    while position < len(words):
        used, day = _date_of_month(words[position:], today)
        if day is not None:
            days.append(day)
            position += used
            continue
        word = words[position]
        position += 1
        weekday = _weekday(word)
        if word in TODAY:
            days.append(today)
        elif word in TOMORROW:
            days.append(today + DAY)
        elif word in FILLERS or word in EVERY:
            continue
        elif weekday is not None:
            days.append(today + DAY * ((weekday - today.weekday()) % 7))
            by_weekday = True
        else:
            left.append(word)
    return (tuple(days), by_weekday), left


def _date_of_month(words: Sequence[str], today: date) -> tuple[int, date | None]:
    """A date at the beginning of words: "nov 27", "27 nov", "27 de noviembre"; how many words it takes."""
    for first, second, used in ((0, 1, 2), (0, 2, 3)):
        if len(words) < used or (used == 3 and words[1] != "de"):
            continue
        for month, day in ((words[first], words[second]), (words[second], words[first])):
            number = _DAY_OF_MONTH.fullmatch(day)
            which = next((n for n, begins in enumerate(MONTHS, start=1) if month.isalpha() and month.startswith(begins)), None)
            if number is not None and which is not None and _weekday(month) in {None, 1}:  # "mar" is Tuesday, too
                return used, _next_date(which, int(number[1]), today)
    return 0, None


def _next_date(month: int, day: int, today: date) -> date | None:
    """The next such date, today or later; None where no calendar has it."""
    for year in (today.year, today.year + 1):
        try:
            when = date(year, month, day)
        except ValueError:
            return None
        if when >= today:
            return when
    return None


def _weekday(word: str) -> int | None:
    for weekday, names in enumerate(WEEKDAYS):
        if word in names:
            return weekday
    if len(word) < 4 or not word.isalpha():
        return None
    likeness = sorted(((max(fuzz.ratio(word, name) for name in names), -n) for n, names in enumerate(WEEKDAYS)), reverse=True)
    best, second = likeness[0], likeness[1]
    return -best[1] if best[0] >= LIKE_ENOUGH and best[0] > second[0] else None


def _plain(text: str) -> str:
    """Without case, accents and punctuation that says nothing; "6 p.m." becomes "6 pm"."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    bare = re.sub(r"[–—]", "-", bare)  # dashes that phones write
    bare = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", bare)
    bare = re.sub(r"[^\w\s:/#-]", " ", bare)
    return " ".join(bare.split())
