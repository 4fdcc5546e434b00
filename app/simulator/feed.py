"""What happened, in order: the exchange's log for people, and the feed that browsers and tests wait on."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

KEPT_EVENTS: Final = 2000
KEPT_ENTRIES: Final = 1000

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something changed. `kind` is message, status, phone, call, log, story or reset; `facts` say which."""

    sequence: int
    kind: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: a request to the hotline or from it. `code` is Twilio's error code, `duration_ms` the time that it took."""

    at: datetime
    level: Level
    kind: str
    what: str
    sid: str = ""
    status: int | None = None
    code: int | None = None
    attempts: int = 1
    duration_ms: int = 0


class Feed:
    """Events with a running number; anyone may wait for the next one without polling."""

    def __init__(self) -> None:
        self.sequence = 0
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._changed: asyncio.Event | None = None

    def publish(self, kind: str, **facts: Any) -> None:
        """Tell everyone who waits."""
        self.sequence += 1
        self._events.append(Event(self.sequence, kind, facts))
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set()

    def after(self, sequence: int) -> list[Event]:
        """The kept events that are newer than `sequence`."""
        newer: list[Event] = []
        for event in reversed(self._events):
            if event.sequence <= sequence:
                break
            newer.append(event)
        return newer[::-1]

    async def wait(self) -> None:
        """Return once something has been published after this call."""
        if self._changed is None:
            self._changed = asyncio.Event()
        await self._changed.wait()
