"""Posting to the hotline as Twilio posts: signed, within time limits, tried again as the address asks.

An address may carry overrides in its fragment, which is neither sent nor signed
(https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, Protocol
from urllib.parse import parse_qsl, urldefrag, urlencode

import aiohttp
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator
from yarl import URL

Failure = Literal["connect", "timeout", "4xx", "5xx", "redirect", "cut"]
Form = list[tuple[str, str]]

MOST_AT_ONCE: Final = 64
"""Requests to one path at the same time. The others wait before their time limits begin, as the hotline isn't slow then."""

RETRY_PAUSE_S: Final = 0.1
"""Between two tries. Twilio doesn't publish its pause; a short one keeps rehearsals quick."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Limits of one delivery: milliseconds to connect (`ct`), to read (`rt`) and in all (`tt`); retries (`rc`) on what (`rp`)."""

    connect_ms: int = 5000
    read_ms: int = 15000
    total_ms: int = 15000
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    def wants_retry(self, failure: Failure) -> bool:
        """Whether this kind of failure is to be tried again."""
        if "all" in self.policy:
            return failure != "redirect"
        word = {"connect": "ct", "timeout": "rt", "cut": "rt"}.get(failure, failure)
        return word in self.policy


_BOUNDS: Final = {"ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000), "rc": (0, 5)}
_POLICIES: Final = frozenset({"4xx", "5xx", "ct", "rt", "all"})


@lru_cache(maxsize=1000)
def read_overrides(fragment: str) -> Overrides:
    """The overrides in a fragment such as `rc=3&rp=5xx,ct`. Raises ValueError, with the reason, on anything that Twilio doesn't know."""
    numbers: dict[str, int] = {}
    policy = frozenset({"ct"})
    for name, value in parse_qsl(fragment, keep_blank_values=True):
        if name in _BOUNDS:
            low, high = _BOUNDS[name]
            if not value.isdecimal() or not low <= int(value) <= high:
                message = f"{name}={value} is not between {low} and {high}"
                raise ValueError(message)
            numbers[name] = int(value)
        elif name == "rp":
            policy = frozenset(value.split(","))
            if not policy <= _POLICIES:
                message = f"rp={value} holds a policy that doesn't exist"
                raise ValueError(message)
        elif name != "e":
            message = f"{name}={value} is not a connection override"
            raise ValueError(message)
    return Overrides(
        connect_ms=numbers.get("ct", 5000),
        read_ms=numbers.get("rt", 15000),
        total_ms=numbers.get("tt", 15000),
        retries=numbers.get("rc", 1),
        policy=policy,
    )


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a delivery ended: the last answer, or why there is none."""

    status: int | None
    body: bytes
    content_type: str
    failure: Failure | None
    attempts: int
    duration_ms: int

    @property
    def ending(self) -> str:
        """In a word: the status of the last answer, or what stood in its way."""
        return str(self.status) if self.status is not None else str(self.failure)

    @property
    def error_code(self) -> int | None:
        """Twilio's code for the failure: 11205 where no connection came about, 11200 for anything else."""
        if self.failure is None:
            return None
        return 11205 if self.failure == "connect" else 11200


class Post(Protocol):
    """Posts a signed form to `url` (with its fragment) and tells how it ended; never raises for what the other side does."""

    async def __call__(self, url: str, form: Form, *, token: str) -> Delivered: ...


class Courier:
    """The `Post` over real HTTP. Open before use, close after."""

    def __init__(self, auth_token: str, *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._validator = RequestValidator(auth_token)
        self._stopwatch = stopwatch
        self._session: aiohttp.ClientSession | None = None
        self._lanes: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MOST_AT_ONCE))

    async def open(self) -> None:
        """Make the connection pool; needs the running loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "TwilioProxy/1.1"},
        )

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __call__(self, url: str, form: Form, *, token: str) -> Delivered:
        address, fragment = urldefrag(url)
        try:
            overrides = read_overrides(fragment)
        except ValueError:
            overrides = Overrides()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": self.sign(address, form),
            "I-Twilio-Idempotency-Token": token,
            "Accept": "*/*",
        }
        async with self._lanes[address.partition("?")[0]]:
            return await self._within_limits(address, urlencode(form).encode(), headers, overrides)

    def sign(self, address: str, form: Form) -> str:
        """X-Twilio-Signature over the exact address and the form."""
        return str(self._validator.compute_signature(address, ImmutableMultiDict(form)))

    async def _within_limits(self, address: str, body: bytes, headers: dict[str, str], overrides: Overrides) -> Delivered:
        started = self._stopwatch()
        attempts = 0
        while True:
            attempts += 1
            spent_ms = (self._stopwatch() - started) * 1000
            last = await self._once(address, body, headers, overrides, max(overrides.total_ms - spent_ms, 1))
            spent_ms = (self._stopwatch() - started) * 1000
            ended = last.failure is None or not overrides.wants_retry(last.failure) or attempts > overrides.retries
            if ended or spent_ms + RETRY_PAUSE_S * 1000 >= overrides.total_ms:
                return Delivered(last.status, last.body, last.content_type, last.failure, attempts, round(spent_ms))
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _once(
        self, address: str, body: bytes, headers: dict[str, str], overrides: Overrides, left_ms: float
    ) -> Delivered:
        assert self._session is not None, "the courier was not opened"
        timeout = aiohttp.ClientTimeout(
            total=left_ms / 1000, sock_connect=overrides.connect_ms / 1000, sock_read=overrides.read_ms / 1000
        )

        def failed(failure: Failure) -> Delivered:
            return Delivered(None, b"", "", failure, 1, 0)

        try:
            async with self._session.post(
                URL(address, encoded=True), data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await answer.read()
                return Delivered(
                    answer.status, content, answer.headers.get("Content-Type", ""), _failure_of(answer.status), 1, 0
                )
        except aiohttp.ConnectionTimeoutError:
            return failed("connect")
        except (aiohttp.ServerTimeoutError, TimeoutError):
            return failed("timeout")
        except aiohttp.ClientConnectorError:
            return failed("connect")
        except (aiohttp.ClientError, OSError, ValueError):
            return failed("cut")


def _failure_of(status: int) -> Failure | None:
    if status < 300:
        return None
    if status < 400:
        return "redirect"
    return "4xx" if status < 500 else "5xx"
