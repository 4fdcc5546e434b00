"""The words for who is held back from an alert, why a text of one was not sent, and what to do about texts that failed."""

from __future__ import annotations

from typing import Final

from app.console.marking import mark

ALERT_WORDS: Final[dict[str, dict[str, str]]] = {
    "held": {
        "stopped": mark("said stop"),
        "paused": mark("asked for a week of quiet"),
        "unreachable": mark("their number does not work"),
        "erased": mark("had themselves erased"),
        "unconsented": mark("signed up on the web and have not confirmed by text"),
        "quiet_hours": mark("want no texts at night, and it would be over by morning"),
        "told": mark("got another alert about this incident that still holds"),
        "no_practice": mark("are volunteers who asked for no practice"),
    },
    "not_sent": {
        "stopped": mark("They said stop before it was sent."),
        "expired": mark("It was over before it could be sent. Fewer segments or more numbers are quicker."),
        "withdrawn": mark("It was stopped or taken back before it was sent."),
        "erased": mark("They had themselves erased."),
        "unreachable": mark("Their number does not work."),
        "left": mark("They left the county before it was sent."),
        "paused": mark("They asked for a week of quiet."),
        "revoked": mark("Everyone's consent was revoked."),
        "quiet_hours": mark("They want no texts at night, and it would be over by morning."),
        "capped": mark("They had as many as one person gets in a week."),
    },
    "what_to_do": {
        "retry_later": mark("Nothing: Twilio was busy. Tell an administrator if it goes on."),
        "opted_out": mark("Nothing: they are opted out here, too."),
        "bad_number": mark("Nothing: they get no more texts until they write to us or subscribe again."),
        "unreachable": mark("Nothing: after three times the number rests for a day."),
        "blocked": mark("Nothing can be done from here. They may write to their carrier."),
        "content": mark("Write it in other words."),
        "filtered": mark("Pause it. Write plainer words without links, and tell an administrator before more go out."),
        "credentials": mark("Tell an administrator now: our account is refused."),
        "registration": mark("Tell an administrator now: our number is not registered as it must be."),
        "capacity": mark("More numbers would be quicker. Ask an administrator for `vigia plan`."),
        "daily_cap": mark("The carrier takes no more from us today. Ask an administrator for `vigia plan`."),
        "expired": mark("It took too long. Fewer segments or more numbers are quicker."),
        "channel": mark("Nothing: WhatsApp did not take it."),
        "policy": mark("Tell an administrator: it is against a rule of Twilio's."),
        "ours": mark("Tell an administrator: it is a fault of ours."),
        "webhook": mark("Tell an administrator: Twilio can't reach us."),
        "unknown": mark("Nobody knows why. Tell an administrator if there are many."),
    },
}
"""Words by group and value; `phrases.WORDS` has them with the others."""
