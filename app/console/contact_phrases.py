"""Words of calls that join a dispatcher with somebody. `phrases.py` holds them with the others."""

from __future__ import annotations

from typing import Final

from app.console.marking import mark

CONTACT_WORDS: Final[dict[str, dict[str, str]]] = {
    "my_call": {
        "waiting": mark("Your phone rings in a moment."),
        "placing": mark("Your phone rings in a moment."),
        "ringing": mark("Your phone rings."),
        "joined": mark("You are on the phone with %(them)s."),
        "over": mark("Your call is over."),
        "failed": mark("Your call could not be placed."),
        "completed": mark("You called %(them)s, and they answered."),
        "no-answer": mark("You called %(them)s, and they did not answer."),
        "busy": mark("You called %(them)s, and the line was busy."),
        "canceled": mark("You called %(them)s, and hung up before they answered."),
    },
    "their_call": {
        "waiting": mark("%(who)s is about to call %(them)s."),
        "placing": mark("%(who)s is about to call %(them)s."),
        "ringing": mark("%(who)s is about to call %(them)s."),
        "joined": mark("%(who)s is on the phone with %(them)s."),
        "over": mark("The call of %(who)s with %(them)s is over."),
        "failed": mark("%(who)s wanted to call %(them)s, but the call could not be placed."),
        "completed": mark("%(who)s called %(them)s, and they answered."),
        "no-answer": mark("%(who)s called %(them)s, and they did not answer."),
        "busy": mark("%(who)s called %(them)s, and the line was busy."),
        "canceled": mark("%(who)s called %(them)s, and hung up before they answered."),
    },
}
"""A call, to whoever asked for it and to everybody else. Blanks: `who` asked for it, `them` is the person who is called."""

CONTACT_EVENTS: Final[dict[str, str]] = {
    "contact.called": mark("Somebody called a person through the hotline"),
    "contact.joined": mark("A call was joined"),
}
