"""Playing a story on the phones: which one plays, its steps as they are told, and how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import structlog

from app.simulator.exchange import Exchange

Mode = Literal["reports", "everything"]
StepState = Literal["doing", "done", "failed"]

log = structlog.stdlib.get_logger(__name__)


class Tell(Protocol):
    """Tells the watchers of a step; told again with the same words, the step's state and detail change."""

    def __call__(self, step: str, state: StepState = "done", detail: str = "") -> None: ...


Story = Callable[[Mode, Exchange, str, Mapping[str, str], Tell], Awaitable[None]]
"""Plays a story: mode, exchange, address of the console, sign-in links by role, and how to tell of steps."""


@dataclass(slots=True)
class Step:
    """One step of the story and when it was last told of."""

    words: str
    state: StepState
    detail: str
    at: datetime


class StoryPlaying(RuntimeError):
    """A story is already being played."""


class Stage:
    """Where stories are played, one at a time."""

    def __init__(self, exchange: Exchange, story: Story | None, console_url: str, sign_in_links: Mapping[str, str]) -> None:
        self.story = story
        self.mode: Mode | None = None
        self.state: Literal["idle", "playing", "done", "failed"] = "idle"
        self.steps: list[Step] = []
        self._exchange = exchange
        self._console_url = console_url
        self._sign_in_links = sign_in_links

    def begin(self, mode: Mode) -> None:
        """Start playing. Raises `StoryPlaying` while one plays, LookupError where there is none."""
        if self.story is None:
            message = "this simulator was started without a story"
            raise LookupError(message)
        if self.state == "playing":
            message = "a story is being played"
            raise StoryPlaying(message)
        self.mode, self.state, self.steps = mode, "playing", []
        self._exchange.feed.publish("story", state=self.state)
        self._exchange.spawn(self._play(self.story, mode))

    def tell(self, step: str, state: StepState = "done", detail: str = "") -> None:
        """Note a step, or what has become of it."""
        now = self._exchange.now()
        for known in self.steps:
            if known.words == step:
                known.state, known.detail, known.at = state, detail or known.detail, now
                break
        else:
            self.steps.append(Step(step, state, detail, now))
        self._exchange.feed.publish("story", state=self.state)

    async def _play(self, story: Story, mode: Mode) -> None:
        try:
            await story(mode, self._exchange, self._console_url, self._sign_in_links, self.tell)
        except Exception as error:
            log.warning("story_failed", mode=mode, error=type(error).__name__, exc_info=True)
            for step in self.steps:
                if step.state == "doing":
                    step.state = "failed"
            self.tell(f"{type(error).__name__}: {error}", "failed")
            self.state = "failed"
        else:
            self.state = "failed" if any(step.state == "failed" for step in self.steps) else "done"
        self._exchange.feed.publish("story", state=self.state)
