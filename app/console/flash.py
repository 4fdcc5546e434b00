"""One short word after an action ("Offered to Ana"), shown on the next page and then gone. The cookie holds a code and its blanks, no text
of its own, so that a forged one can say nothing that we would not."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Final

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app.console.phrases import mark

COOKIE: Final = "vigia_flash"
LASTS_SECONDS: Final = 60
PATH: Final = "/console"

FLASHES: Final = {
    "written": mark("Your text is on its way. The answer appears here."),
    "called": mark("Your phone rings in a moment. Press 1, and theirs rings."),
    "talk_ended": mark("The talk is over."),
    "nothing_waits": mark("Nothing waits for you right now."),
    "claimed": mark("%(code)s is yours for five minutes; it stays yours while this page is open."),
    "released": mark("%(code)s is back in its old place in the queue."),
    "skipped": mark("%(code)s goes to others, and you won't be shown it again. That is fine."),
    "transferred": mark("%(code)s is in the hands of %(who)s now."),
    "broken": mark("%(code)s waits in the queue again."),
    "renewed": mark("Your claim goes on."),
    "offered": mark("We asked %(who)s by text. The answer appears here."),
    "asked_nearest": mark(
        "We asked %(people)s people by text, and ask the next ones every 90 seconds until somebody says yes."
    ),
    "decided": mark("Decided: %(outcome)s. Everyone who reported it is being told."),
    "decision_undone": mark("Undone. It waits in the queue again. Told by text that it was wrong: %(people)s."),
    "decision_undone_yours": mark("Undone. It is yours again. Told by text that it was wrong: %(people)s."),
    "decision_before": mark("Undone. What was decided before holds again. Told so by text: %(people)s."),
    "merged": mark("Merged. %(code)s holds the reports of both now."),
    "split": mark("The reports you chose are %(code)s now, and wait in the queue."),
    "corrected": mark("Corrected. What follows from it has followed."),
    "undone": mark("Undone. Both incidents are as they were."),
    "located": mark("The county is set: %(county)s."),
    "proposed": mark("The alert waits for another organizer's approval."),
    "approved": mark("Approved. %(people)s people are being told."),
    "practice_on": mark("You get practice alerts from now on. They begin with EXERCISE."),
    "practice_off": mark("You get no practice alerts any more."),
    "template_saved": mark("Saved. It can be chosen for an alert from now on."),
    "template_removed": mark("It is offered no longer. Its versions are kept."),
    "sent_alone": mark("Sent alone. Every administrator and organizer is being texted."),
    "let_end": mark("It ends by itself. Nobody asks about it any more."),
    "alone_allowed": mark("One person may send alone to this county, until it ends by itself."),
    "alone_ended": mark("Two people again."),
    "alone_reviewed": mark("Thank you. The banner is gone."),
    "paused": mark("Paused. What is with the phone company already can't be called back."),
    "goes_on": mark("It goes on, in its old order."),
    "cancelled": mark("Stopped for good. %(people)s people did not get it."),
    "returned": mark("The alert went back to its author."),
    "broadcast_proposed": mark("It waits for another organizer's approval."),
    "broadcast_goes": mark("It goes out at its time. You can pause or cancel it."),
    "broadcast_returned": mark("It went back to its author."),
    "broadcast_paused": mark("Paused. %(people)s texts are held back."),
    "broadcast_resumed": mark("It goes on. %(people)s texts that were held go out."),
    "broadcast_cancelled": mark("Cancelled. %(people)s texts will not be sent."),
    "host_allowed": mark("Links may lead to %(place)s now."),
    "host_forbidden": mark("Links to %(place)s hold a broadcast from now on."),
    "suspended": mark("%(who)s is suspended and signed out everywhere."),
    "person_changed": mark("%(who)s is saved."),
    "restored": mark("%(who)s may act again. They need a new link to sign in."),
    "landmark_added": mark("Texts that name %(place)s are understood from now on."),
    "landmark_changed": mark("%(place)s is changed. You can undo that."),
    "landmark_removed": mark("%(place)s is removed. You can undo that."),
    "landmark_restored": mark("%(place)s is as it was before."),
    "policy_written": mark("%(place)s: recorded under your name. The earlier record is kept."),
    "rights_half_approved": mark("Thank you. Another person must approve it, too."),
    "rights_approved": mark("Approved by two people. It is sent without the mark now."),
    "rights_withdrawn": mark("It is not sent any more. People who ask get a sentence that says so."),
    "resumed": mark("Texts go out again."),
    "zone": mark("You start from %(place)s. We ask first who is near."),
    "zone_off": mark("We forgot where you start from."),
    "shift_on": mark("Your shift began."),
    "shift_off": mark("Your shift ended. Thank you."),
    "shift_planned": mark("The shift is planned."),
    "shift_dropped": mark("The shift comes no more."),
    "shift_away": mark("Noted. Thank you for telling us."),
    "swap_asked": mark("We asked %(people)s people by text. The shift stays yours until somebody takes it."),
    "swap_nobody": mark("Nobody could take it, so we told the leads. The shift stays yours until you hear from them."),
    "swap_yours": mark("The shift is yours. Thank you!"),
    "swap_waits": mark("Thank you! A lead decides, and we text you."),
    "swap_kept": mark("You keep the shift. Thank you!"),
    "swap_assigned": mark("%(who)s has the shift now. Everybody concerned is told."),
    "swap_refused": mark("The shift looks for somebody else again."),
    "note_left": mark("The next person reads your note. Thank you."),
    "language": mark("The console is in English now."),
    "welcome": mark("Welcome, %(who)s."),
    "signed_out": mark("You are signed out."),
}
"""What can be said, by code."""


def go(path: str, flash: str | None = None, /, **blanks: str) -> Response:
    """A redirect after a form (303), with a word for the page that follows."""
    response = RedirectResponse(path, 303)
    if flash is not None:
        said = base64.urlsafe_b64encode(json.dumps([flash, blanks]).encode()).decode()
        response.set_cookie(COOKIE, said, max_age=LASTS_SECONDS, path=PATH, httponly=True, samesite="lax")
    return response


def read_flash(request: Request) -> tuple[str, dict[str, str]] | None:
    """The code and the blanks of the word that waits, or None."""
    try:
        code, blanks = json.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        known = code in FLASHES and set(blanks) == {name for name in _BLANKS if f"%({name})s" in FLASHES[code]}
    except (binascii.Error, ValueError, TypeError):
        return None
    return (code, {name: str(value)[:80] for name, value in blanks.items()}) if known else None


def forget_flash(response: Response) -> None:
    """The word was shown."""
    response.delete_cookie(COOKIE, path=PATH)


_BLANKS: Final = ("code", "who", "outcome", "county", "people", "place")
