"""Every state that a record can be in and every way out of it: one table, checked here and by CHECK constraints in PostgreSQL."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from app.core.errors import VigiaError


class ReportState(StrEnum):
    """One person's account."""

    ASKING = "asking"  # the sender was asked where it is
    JOINED = "joined"  # part of an incident
    DISMISSED = "dismissed"  # a dispatcher took it out: spam, a prank, a mistake


class IncidentState(StrEnum):
    """The event that reports describe, and what became known of it."""

    OPEN = "open"
    VERIFYING = "verifying"
    CONFIRMED = "confirmed"
    POLICE = "police"
    NOTHING = "nothing"
    GONE = "gone"
    UNABLE = "unable"
    DISMISSED = "dismissed"


class TaskState(StrEnum):
    """Work in a volunteer queue."""

    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"


class OfferState(StrEnum):
    """A request to a field verifier."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    STOOD_DOWN = "stood_down"
    ANSWERED = "answered"


class SwapState(StrEnum):
    """Somebody asked whether another takes their shift."""

    OPEN = "open"
    PROPOSED = "proposed"  # somebody would take it who does not cover all of it: a lead decides
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class AlertState(StrEnum):
    """A message to a county."""

    PROPOSED = "proposed"
    RETURNED = "returned"
    APPROVED = "approved"
    EXPIRED = "expired"


class BroadcastState(StrEnum):
    """An organizers' message that is not about an incident, or a series of rights texts."""

    DRAFT = "draft"
    PROPOSED = "proposed"  # waits for a second person
    RETURNED = "returned"
    SCHEDULED = "scheduled"  # may go out: at its time, or it is on its way now
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class DeliveryState(StrEnum):
    """One text to one person. `unknown`: sent, perhaps; its callback or Twilio's log will tell."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


class RingState(StrEnum):
    """A call to somebody of the hotline. `unknown`: placed, perhaps; its webhooks or Twilio's log will tell."""

    WAITING = "waiting"
    CALLING = "calling"
    UNKNOWN = "unknown"
    PLACED = "placed"
    ACKNOWLEDGED = "acknowledged"  # they pressed 1
    OVER = "over"  # it ended without that
    FAILED = "failed"
    SKIPPED = "skipped"


class PhotoState(StrEnum):
    """Something that came with a text. What can't be shown lies at Twilio until it is forgotten here and there."""

    WAITING = "waiting"
    KEPT = "kept"
    OTHER_KIND = "other_kind"  # a video, a sound, a contact card: nothing that we can strip and show
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"  # it says that it is a picture, and can't be opened as one
    UNAVAILABLE = "unavailable"  # it could not be fetched for a whole day
    FORGOTTEN = "forgotten"


DECIDED: Final = (
    IncidentState.CONFIRMED,
    IncidentState.POLICE,
    IncidentState.NOTHING,
    IncidentState.GONE,
    IncidentState.UNABLE,
)
"""The outcomes of an incident; each is told to everyone who reported it."""

_UNDECIDED: Final = (IncidentState.OPEN, IncidentState.VERIFYING)

TRANSITIONS: Final[dict[type[StrEnum], dict[StrEnum, frozenset[StrEnum]]]] = {
    ReportState: {
        ReportState.ASKING: frozenset({ReportState.JOINED, ReportState.DISMISSED}),
        ReportState.JOINED: frozenset({ReportState.DISMISSED}),
        ReportState.DISMISSED: frozenset({ReportState.JOINED}),
    },
    IncidentState: {
        IncidentState.OPEN: frozenset({IncidentState.VERIFYING, IncidentState.DISMISSED, *DECIDED}),
        IncidentState.VERIFYING: frozenset({IncidentState.OPEN, IncidentState.DISMISSED, *DECIDED}),
        IncidentState.DISMISSED: frozenset({IncidentState.OPEN}),
        **{outcome: frozenset({*DECIDED, *_UNDECIDED} - {outcome}) for outcome in DECIDED},  # back where it is undone
    },
    TaskState: {
        TaskState.WAITING: frozenset({TaskState.LEASED, TaskState.DONE}),
        TaskState.LEASED: frozenset({TaskState.WAITING, TaskState.DONE}),
        TaskState.DONE: frozenset({TaskState.WAITING}),
    },
    OfferState: {
        OfferState.OFFERED: frozenset(
            {OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.STOOD_DOWN, OfferState.ANSWERED}
        ),
        OfferState.ACCEPTED: frozenset({OfferState.STOOD_DOWN, OfferState.ANSWERED, OfferState.DECLINED}),
        OfferState.DECLINED: frozenset({OfferState.ACCEPTED, OfferState.ANSWERED}),
        OfferState.EXPIRED: frozenset({OfferState.ANSWERED}),
        OfferState.STOOD_DOWN: frozenset({OfferState.ANSWERED}),
        OfferState.ANSWERED: frozenset({OfferState.ANSWERED}),
    },
    SwapState: {
        SwapState.OPEN: frozenset({SwapState.PROPOSED, SwapState.TAKEN, SwapState.WITHDRAWN, SwapState.EXPIRED}),
        SwapState.PROPOSED: frozenset({SwapState.OPEN, SwapState.TAKEN, SwapState.WITHDRAWN, SwapState.EXPIRED}),
        SwapState.TAKEN: frozenset(),
        SwapState.WITHDRAWN: frozenset(),
        SwapState.EXPIRED: frozenset(),
    },
    AlertState: {
        AlertState.PROPOSED: frozenset({AlertState.RETURNED, AlertState.APPROVED, AlertState.EXPIRED}),
        AlertState.RETURNED: frozenset({AlertState.PROPOSED}),
        AlertState.APPROVED: frozenset({AlertState.EXPIRED}),
        AlertState.EXPIRED: frozenset(),
    },
    BroadcastState: {
        BroadcastState.DRAFT: frozenset({BroadcastState.PROPOSED, BroadcastState.SCHEDULED, BroadcastState.CANCELLED}),
        BroadcastState.PROPOSED: frozenset(
            {BroadcastState.SCHEDULED, BroadcastState.RETURNED, BroadcastState.DRAFT, BroadcastState.CANCELLED}
        ),
        BroadcastState.RETURNED: frozenset({BroadcastState.DRAFT, BroadcastState.CANCELLED}),
        BroadcastState.SCHEDULED: frozenset(  # back to the second person where its audience has grown meanwhile
            {BroadcastState.PAUSED, BroadcastState.PROPOSED, BroadcastState.CANCELLED, BroadcastState.DONE}
        ),
        BroadcastState.PAUSED: frozenset({BroadcastState.SCHEDULED, BroadcastState.CANCELLED}),
        BroadcastState.CANCELLED: frozenset(),
        BroadcastState.DONE: frozenset(),
    },
    DeliveryState: {
        DeliveryState.PENDING: frozenset(  # straight to its end when a callback proves that an earlier try was taken
            {DeliveryState.SENDING, DeliveryState.SKIPPED, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.FAILED}
        ),
        DeliveryState.SENDING: frozenset(set(DeliveryState) - {DeliveryState.SENDING}),
        DeliveryState.UNKNOWN: frozenset(
            {DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.FAILED}
        ),
        DeliveryState.SENT: frozenset(  # back where our line is at fault and the carrier let nothing through
            {DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.PENDING}
        ),
        DeliveryState.DELIVERED: frozenset(),
        DeliveryState.FAILED: frozenset({DeliveryState.DELIVERED}),  # carriers do correct themselves
        DeliveryState.SKIPPED: frozenset(),
    },
    RingState: {
        RingState.WAITING: frozenset({RingState.CALLING, RingState.SKIPPED}),
        RingState.CALLING: frozenset(  # straight on when a webhook is quicker than the answer to our own request
            {
                RingState.WAITING,
                RingState.UNKNOWN,
                RingState.PLACED,
                RingState.ACKNOWLEDGED,
                RingState.OVER,
                RingState.FAILED,
            }
        ),
        RingState.UNKNOWN: frozenset(
            {RingState.WAITING, RingState.PLACED, RingState.ACKNOWLEDGED, RingState.OVER, RingState.FAILED}
        ),
        RingState.PLACED: frozenset({RingState.ACKNOWLEDGED, RingState.OVER}),
        RingState.ACKNOWLEDGED: frozenset(),
        RingState.OVER: frozenset(),
        RingState.FAILED: frozenset(),
        RingState.SKIPPED: frozenset(),
    },
    PhotoState: {
        PhotoState.WAITING: frozenset(set(PhotoState) - {PhotoState.WAITING}),
        **{
            seen: frozenset({PhotoState.FORGOTTEN})
            for seen in PhotoState
            if seen not in {PhotoState.WAITING, PhotoState.FORGOTTEN}
        },
        PhotoState.FORGOTTEN: frozenset(),
    },
}
"""For each kind of record and from each of its states, the states that may follow."""


class IllegalTransition(VigiaError):
    """A step that the table does not have."""

    code = "illegal_transition"
    status = HTTPStatus.CONFLICT


def step(now: StrEnum, then: StrEnum) -> StrEnum:
    """`then`, if the table lets it follow `now`. Raises IllegalTransition."""
    if then not in TRANSITIONS[type(now)][now]:
        raise IllegalTransition(f"{type(now).__name__.removesuffix('State').lower()} can't go from {now.value} to {then.value}")
    return then


def may_precede(then: StrEnum) -> tuple[StrEnum, ...]:
    """The states from which `then` may be reached: the WHERE of an UPDATE that must not be late."""
    return tuple(now for now, following in TRANSITIONS[type(then)].items() if then in following)
