"""Words of calls that join a dispatcher with somebody. `phrases.py` holds them with the others."""

from __future__ import annotations

from typing import Final

from app.console.marking import mark

CONTACT_WORDS: Final[dict[str, dict[str, str]]] = {
    "masked_call": {
        "waiting": mark("your phone rings in a moment"),
        "placing": mark("your phone rings in a moment"),
        "ringing": mark("your phone rings"),
        "joined": mark("you were joined"),
        "over": mark("the call is over"),
        "failed": mark("the call could not be placed"),
        "completed": mark("they answered"),
        "no-answer": mark("they did not answer"),
        "busy": mark("their line was busy"),
    },
}

CONTACT_EVENTS: Final[dict[str, str]] = {
    "contact.called": mark("Somebody called a person through the hotline"),
    "contact.joined": mark("A call was joined"),
}
