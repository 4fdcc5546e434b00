"""Words for what is known of volunteers, for their shifts, and for what happened to both."""

from __future__ import annotations

from typing import Final

from app.console.marking import mark

PEOPLE_WORDS: Final[dict[str, dict[str, str]]] = {
    "duty": {
        "desk": mark("Dispatchers"),
        "field": mark("Verifiers"),
        "backup": mark("Backup"),
        "lead": mark("Leads"),
    },
    "nearness": {
        "OFF_DUTY": mark("off shift"),
        "AWAY": mark("away, or quiet hours"),
    },
    "vetting": {
        "new": mark("New to us"),
        "known": mark("Vouched for"),
        "vetted": mark("Vetted"),
    },
    "field": {
        "roles": mark("Roles"),
        "languages": mark("Languages"),
        "counties": mark("Counties"),
        "zones": mark("Zones"),
        "skills": mark("Only some of the work"),
        "drives": mark("Drives"),
        "trained": mark("Trained to observe on site"),
        "vetting": mark("How well we know them"),
        "trainee": mark("Trainee"),
    },
}

PEOPLE_EVENTS: Final[dict[str, str]] = {
    "volunteer.changed": mark("A person was changed"),
    "shift.weekly_added": mark("A weekly shift was planned"),
    "shift.weekly_removed": mark("A weekly shift was removed"),
    "shift.extra": mark("An extra shift was planned"),
    "shift.away": mark("Somebody will be away"),
    "swap.opened": mark("Others were asked to take a shift"),
    "swap.proposed": mark("Somebody would take a shift; a lead decides"),
    "swap.taken": mark("A shift was taken over"),
    "swap.turned_down": mark("A lead looks for somebody else for a shift"),
    "swap.withdrawn": mark("A shift was kept after all"),
    "swap.expired": mark("Nobody took a shift"),
    "coverage.gap": mark("Leads were told of a gap"),
    "task.note_left": mark("A note was left for the next"),
}
"""Lines of the event log."""
