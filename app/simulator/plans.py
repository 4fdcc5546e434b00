"""Plans of faults that have names: what to set when a whole kind of bad day is wanted."""

from __future__ import annotations

from typing import Final

from app.simulator.faults import Fault, Kind, Plan, Point

_SENDING: Final = {"method": "POST"}


def _always(point: Point, kind: Kind, probability: float = 1.0, **more: object) -> Fault:
    return Fault.model_validate({"point": point, "kind": kind, "times": None, "probability": probability, **more})


_REQUESTS: Final = (
    _always(Point.ACCEPT, Kind.REFUSE, 0.03, status=429, retry_after=1, only=_SENDING),
    _always(Point.ACCEPT, Kind.REFUSE, 0.01, status=503),
    _always(Point.ACCEPT, Kind.RESET, 0.01),
    _always(Point.ACCEPT, Kind.TIMEOUT, 0.001, seconds=12, only=_SENDING),
    _always(Point.ACCEPT, Kind.DELAY, 0.02, spread=1.0),
)
_ANSWERS: Final = (
    _always(Point.ANSWER, Kind.RESET, 0.02, only=_SENDING),
    _always(Point.ANSWER, Kind.TIMEOUT, 0.001, seconds=12, only=_SENDING),
    _always(Point.ANSWER, Kind.REFUSE, 0.01, status=500, only=_SENDING),
    _always(Point.ANSWER, Kind.EARLY, 0.05, seconds=5, only=_SENDING),
    _always(Point.ANSWER, Kind.DELAY, 0.02, spread=1.0),
)
_CALLBACKS: Final = (
    _always(Point.CALLBACK, Kind.DROP, 0.05),
    _always(Point.CALLBACK, Kind.DUPLICATE, 0.05, spread=2.0),
    _always(Point.CALLBACK, Kind.REORDER, 0.05),
    _always(Point.CALLBACK, Kind.DELAY, 0.05, spread=5.0),
)
_WEBHOOKS: Final = (
    _always(Point.WEBHOOK, Kind.DROP, 0.02),
    _always(Point.WEBHOOK, Kind.DUPLICATE, 0.05, spread=2.0),
    _always(Point.WEBHOOK, Kind.REORDER, 0.03, seconds=2.0),
    _always(Point.WEBHOOK, Kind.DELAY, 0.05, spread=3.0),
)
_CARRIERS: Final = (
    _always(Point.DELIVERY, Kind.FAIL, 0.02, code=30007),
    _always(Point.DELIVERY, Kind.FAIL, 0.01, code=30003),
    _always(Point.DELIVERY, Kind.FAIL, 0.005, code=30005),
    _always(Point.DELIVERY, Kind.FAIL, 0.005, code=30006),
    _always(Point.DELIVERY, Kind.FAIL, 0.005, code=30008),
    _always(Point.DELIVERY, Kind.DROP, 0.005),
    _always(Point.DELIVERY, Kind.DELAY, 0.02, spread=3.0),
)

PLANS: Final[dict[str, Plan]] = {
    "everything": Plan(faults=(*_REQUESTS, *_ANSWERS, *_CALLBACKS, *_WEBHOOKS, *_CARRIERS)),
    "lost-answers": Plan(faults=_ANSWERS),
    "callbacks": Plan(faults=_CALLBACKS),
    "webhooks": Plan(faults=_WEBHOOKS),
    "webhooks-lost": Plan(faults=(_always(Point.WEBHOOK, Kind.DROP),)),
    "carriers": Plan(faults=_CARRIERS),
    "too-many-requests": Plan(faults=(_always(Point.ACCEPT, Kind.REFUSE, 0.5, status=429, retry_after=1, only=_SENDING),)),
    "away": Plan(faults=(_always(Point.ACCEPT, Kind.REFUSE, status=503), _always(Point.WEBHOOK, Kind.DROP))),
}
"""Shares are of what happens at that point. In `everything` no kind is so common that it hides the others."""
