"""Why two reports were taken for one event, in the reader's language. The reasons are kept in English, as the machine wrote them down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from app.console.phrases import mark

Gettext = Callable[[str], str]

PHRASES: Final = (
    (r"first report", mark("first report")),
    (r"a person knew the county already", mark("a person knew the county already")),
    (r"asks about all of the county", mark("asks about all of the county")),
    (r"its place became known", mark("its place became known")),
    (r"(?P<n>\d+) min apart", mark("%(n)s min apart")),
    (r"(?P<n>\d+) m apart", mark("%(n)s m apart")),
    (r"(?P<n>[\d.]+) km apart", mark("%(n)s km apart")),
    (r"different counties", mark("different counties")),
    (r"county unknown", mark("county unknown")),
    (r"same road: (?P<what>.+)", mark("same road: %(what)s")),
    (r"same place: (?P<what>.+)", mark("same place: %(what)s")),
    (r"different roads", mark("different roads")),
    (r"different places", mark("different places")),
    (r"a road and a place", mark("one names a road, one a place")),
    (r"same town, one names the place", mark("same town, one names the place")),
    (r"both in (?P<what>.+)", mark("both in %(what)s")),
    (r"same county", mark("same county")),
    (r"both say: (?P<concepts>.+)", mark("both say: %(concepts)s")),
    (r"both name: (?P<what>.+)", mark("both name: %(what)s")),
    (r"nearly the same text", mark("nearly the same text")),
    (r"different colors", mark("different colors")),
    (r"different surroundings", mark("different surroundings")),
    (r"same surroundings", mark("same surroundings")),
    (r"one is about an earlier day", mark("one is about an earlier day")),
    (r"same sender", mark("same sender")),
    (r"others of it name another place", mark("other reports of it name another place")),
    (r"(?P<one>.+) and (?P<two>.+)", mark("two towns: %(one)s, %(two)s")),
)
"""What `app.incidents.likeness` and its neighbours write, and how it is said to people."""

CONCEPTS: Final = {
    "immigration": mark("immigration"), "agents": mark("agents"), "masked": mark("masked"), "vests": mark("vests"),
    "armed": mark("armed"), "van": mark("van"), "suv": mark("SUV"), "truck": mark("pickup truck"), "car": mark("car"),
    "patrol": mark("patrol car"), "bus": mark("bus"), "helicopter": mark("helicopter"), "white": mark("white"),
    "black": mark("black"), "gray": mark("gray"), "blue": mark("blue"), "red": mark("red"), "green": mark("green"),
    "gold": mark("gold or brown"), "tinted": mark("tinted windows"), "unmarked": mark("unmarked"), "lights": mark("lights"),
    "plates": mark("license plates"), "taken": mark("people taken"), "knocking": mark("knocking at a door"),
    "checkpoint": mark("checkpoint"), "stopping": mark("stopping cars"), "raid": mark("raid"), "waiting": mark("parked or waiting"),
    "asking": mark("asking for papers"), "chasing": mark("chasing"), "leaving": mark("leaving"), "apartments": mark("apartments"),
    "trailers": mark("trailer park"), "church": mark("church"), "school": mark("school"), "hospital": mark("hospital or clinic"),
    "court": mark("courthouse"), "jail": mark("jail"), "laundry": mark("laundromat"), "gas": mark("gas station"),
    "construction": mark("construction site"), "factory": mark("factory"), "farm": mark("farm"), "restaurant": mark("restaurant"),
    "market": mark("market"), "bus_stop": mark("bus stop"), "park": mark("park"), "airport": mark("airport"),
    "hotel": mark("hotel"), "dmv": mark("DMV"), "house": mark("home"), "parking": mark("parking lot"),
    "highway": mark("highway"), "man": mark("man"), "woman": mark("woman"), "child": mark("child"), "worker": mark("workers"),
    "family": mark("relatives"), "earlier": mark("an earlier day"),
}  # fmt: skip
"""What two reports may both speak of, by its name in `concepts.toml`."""


def why(kept: str | Sequence[str], say: Gettext) -> str:
    """Reasons, as they were kept, in the language of `say`; words that nobody knows stay as they are."""
    reasons = kept.split("; ") if isinstance(kept, str) else kept
    return "; ".join(_said(reason, say) for reason in reasons if reason)


def _said(reason: str, say: Gettext) -> str:
    for pattern, phrase in PHRASES:
        found = re.fullmatch(pattern, reason)
        if found:
            blanks = found.groupdict()
            if "concepts" in blanks:
                blanks["concepts"] = ", ".join(say(CONCEPTS.get(one, one)) for one in blanks["concepts"].split(", "))
            return say(phrase) % blanks if blanks else say(phrase)
    return reason
