"""The words for the states of broadcasts and of their texts, and for what happens to them."""

from __future__ import annotations

from typing import Final

from app.console.marking import mark

BROADCAST_WORDS: Final[dict[str, dict[str, str]]] = {
    "broadcast": {
        "draft": mark("Draft"),
        "proposed": mark("Waits for approval"),
        "returned": mark("Returned"),
        "scheduled": mark("Goes out"),
        "paused": mark("Paused"),
        "cancelled": mark("Cancelled"),
        "done": mark("Done"),
    },
    "skipped": {
        "stopped": mark("said stop"),
        "expired": mark("too late"),
        "withdrawn": mark("cancelled before it went"),
        "erased": mark("had themselves erased"),
        "unreachable": mark("can't be reached"),
        "left": mark("left the topic or the county"),
        "paused": mark("asked for a pause"),
        "revoked": mark("every subscription was ended"),
        "quiet_hours": mark("night"),
        "capped": mark("had enough broadcasts this week"),
    },
    "broadcast_kind": {
        "announcement": mark("Announcement"),
        "series": mark("Rights, one a week"),
    },
    "import": {
        "subscribed": mark("subscribed, and told so by one text"),
        "asked": mark("asked by text: only YES subscribes them"),
        "already": mark("subscribed already"),
        "stopped": mark("left out: they once said stop"),
        "left": mark("left out: they left this county or topic"),
        "full": mark("left out: five counties already"),
        "twice": mark("left out: it stands there twice"),
        "wrong": mark("left out: the line is wrong"),
    },
    "repeats": {
        "once": mark("Once"),
        "weekly": mark("Every week"),
        "monthly": mark("Every month"),
    },
    "subscription": {
        "alerts": mark("Alerts"),
        "rights": mark("Rights"),
        "events": mark("Events"),
    },
}
"""Words by group and value."""

BROADCAST_EVENTS: Final = {
    "broadcast.written": mark("A broadcast was written"),
    "broadcast.rewritten": mark("A broadcast was changed"),
    "broadcast.proposed": mark("A broadcast was proposed"),
    "broadcast.approved": mark("A broadcast was approved"),
    "broadcast.returned": mark("A broadcast was returned"),
    "broadcast.taken_back": mark("A broadcast was taken back by its author"),
    "broadcast.planned": mark("The texts of a broadcast were planned"),
    "broadcast.held": mark("A broadcast waits for a second person, as its audience grew"),
    "broadcast.missed": mark("A broadcast was not sent, as it was too late"),
    "broadcast.paused": mark("A broadcast was paused"),
    "broadcast.resumed": mark("A broadcast goes on"),
    "broadcast.cancelled": mark("A broadcast was cancelled"),
    "broadcast.done": mark("A broadcast is over"),
    "subscribers.imported": mark("A list of subscribers was brought in"),
    "subscribers.exported": mark("The list of subscribers was given out, sealed"),
    "host.allowed": mark("A host was put on the list for links"),
    "host.forbidden": mark("A host was taken off the list for links"),
}
"""Words for the lines of the audit trail."""
