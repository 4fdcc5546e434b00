"""The words of those who go and look: what they choose from on their page, and why they are asked in which order."""

from __future__ import annotations

from typing import Final

from app.console.marking import mark

FIELD_WORDS: Final[dict[str, dict[str, str]]] = {
    "band": {
        "known": mark("knows the place"),
        "near": mark("within 5 km"),
        "town": mark("within 15 km"),
        "county": mark("within 40 km or of the county"),
        "far": mark("farther away"),
        "unknown": mark("distance not known"),
    },
    "field_outcome": {
        "confirm": mark("Yes: immigration agents"),
        "police": mark("Local police, not immigration"),
        "nothing": mark("Nothing is there"),
        "gone": mark("They were here and left"),
        "unable": mark("I could not look"),
    },
    "size": {
        "one": mark("1 or 2 people"),
        "few": mark("3 to 5"),
        "many": mark("6 to 10"),
        "crowd": mark("More than 10"),
        "none": mark("Nobody"),
    },
    "activity": {
        "standing": mark("They stand or wait"),
        "stopping": mark("They stop people or cars"),
        "door": mark("They are at a door"),
        "taking": mark("They take people away"),
        "leaving": mark("They are leaving"),
    },
    "location": {
        "there": mark("At the place we named"),
        "near": mark("Close to it"),
        "moving": mark("They move around"),
        "elsewhere": mark("Somewhere else: write it below"),
    },
    "uniform": {
        "ice": mark("ICE, HSI or ERO on it"),
        "only_police": mark("Only POLICE on it"),
        "local": mark("Sheriff or city police"),
        "plain": mark("Plain clothes"),
        "unseen": mark("I can't see it"),
    },
    "time": {
        "now": mark("Right now"),
        "quarter": mark("In the last 15 minutes"),
        "hour": mark("In the last hour"),
        "earlier": mark("Longer ago"),
    },
    "equipment": {
        "none": mark("No vehicle"),
        "plain": mark("Cars without signs"),
        "marked": mark("Cars with signs"),
        "vans": mark("Vans or a bus"),
    },
}
"""Words by group and value; a part of `phrases.WORDS`."""
