"""The HTTP client under the official `twilio` package: one pool, a time limit, one address for everything.

The package's own asynchronous client ignores the time limit that it is given, signs in by a way that aiohttp deprecates, and drops the
Retry-After of a 429.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote_plus, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

TWILIO_API: Final = "https://api.twilio.com"
REQUEST_SECONDS: Final = 10.0
"""Past this a send's outcome is unknown. Twilio usually answers in well under a second."""

CONNECTIONS: Final = 200

LARGEST_FILE: Final = 16 * 1024 * 1024
"""Bytes of a file that are taken. Twilio's own limits: 5 MB for MMS, 16 MB for WhatsApp and RCS (twilio.com, "Accepted content types for
media")."""

FILE_SECONDS: Final = 60.0

MOST_REDIRECTS: Final = 3
REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)

FILE_HOSTS: Final = (".twilio.com", ".twiliocdn.com", "s3-external-1.amazonaws.com")
"""Where Twilio may send us on to for a file (help.twilio.com, "Prevent unauthorized access to your media": a short-lived CDN address; S3 is
where older ones led). Anywhere else is not followed, so that nobody can have us fetch from inside our own network."""


class TooLarge(Exception):
    """A file of more than LARGEST_FILE bytes; the rest of it was not read."""


class Elsewhere(aiohttp.ClientError):
    """We were sent on to an address where no file of Twilio's lies."""


class TooManyRequests(Exception):
    """A 429: not carried out, and to be tried again after `retry_after` seconds (None where Twilio did not say)."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("too many requests")
        self.retry_after = retry_after


class TooLate(Exception):
    """It was not sent: when its first byte could have gone, it was ours to send no longer."""


@contextmanager
def sent_only_while(still: Callable[[], bool]) -> Iterator[None]:
    """What is posted inside is sent if `still` holds right before its bytes go to the network; else TooLate is raised and none has gone."""
    before = _still.set(still)
    try:
        yield
    finally:
        _still.reset(before)


class PooledHttp(AsyncHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Sends what the package asks for over one session, at `address` instead of Twilio's where that is given."""

    def __init__(
        self, address: str | None = None, seconds: float = REQUEST_SECONDS, file_hosts: tuple[str, ...] = FILE_HOSTS
    ) -> None:
        super().__init__(None, True, None)
        self._seconds = seconds
        self._file_hosts = file_hosts
        self._address = (address or TWILIO_API).rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the package's signature
        allow_redirects: bool = False,
    ) -> Response:
        """One request. Raises TooManyRequests, TooLate, and aiohttp's errors or TimeoutError when its outcome is unknown."""
        signed = dict(headers or {}) | _credentials(auth)
        # Written out here: aiohttp asks a dozen kinds of payload whether they are meant before it takes a dict for a form.
        form = _form(data) if isinstance(data, dict) else data
        still = _still.get()
        if still is not None and isinstance(form, bytes):
            form = _Perishable(form, still)
        try:
            async with self.session().request(
                method, self.here(url), params=params, data=form, headers=signed, allow_redirects=allow_redirects
            ) as answer:
                if answer.status == 429:
                    wait = answer.headers.get("Retry-After", "")
                    raise TooManyRequests(float(wait) if wait.isdecimal() else None)
                return Response(answer.status, await answer.text(), answer.headers)
        except aiohttp.ClientConnectionError as error:
            if isinstance(error.__cause__, TooLate):
                raise error.__cause__ from None
            raise

    async def fetch(self, url: str, auth: tuple[str, str]) -> tuple[bytes, str]:
        """The bytes at a URL of Twilio's and their content type. A redirect is followed to Twilio's hosts alone, and our credentials are
        shown to the first address alone. Raises TooLarge, and aiohttp's errors or TimeoutError."""
        at, headers = self.here(url), {"Accept-Encoding": "identity"} | _credentials(auth)
        for _ in range(MOST_REDIRECTS + 1):
            timeout = aiohttp.ClientTimeout(total=FILE_SECONDS)
            async with self.session().get(at, headers=headers, allow_redirects=False, timeout=timeout) as answer:
                if answer.status in REDIRECTS:
                    onward = urljoin(at, answer.headers.get("Location", ""))
                    if _origin(onward) != _origin(at):
                        self._check_host(onward)
                        headers.pop("Authorization", None)
                    at = onward
                    continue
                answer.raise_for_status()
                return await _read_all(answer), answer.content_type
        raise Elsewhere("sent on too often")

    def here(self, url: str) -> str:
        """The URL at our address."""
        return self._address + url.removeprefix(TWILIO_API) if url.startswith(TWILIO_API) else url

    def session(self) -> aiohttp.ClientSession:
        """The one session, made in the loop that first needs it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._seconds), connector=aiohttp.TCPConnector(limit=CONNECTIONS)
            )
        return self._session

    def _check_host(self, url: str) -> None:
        """Raises Elsewhere unless a file may be fetched there."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        secure = parts.scheme == "https" or not self._address.startswith("https:")
        if not secure or not any(
            host == known or (known.startswith(".") and host.endswith(known)) for known in self._file_hosts
        ):
            raise Elsewhere(f"sent on to {parts.scheme}://{host}")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


_still: ContextVar[Callable[[], bool] | None] = ContextVar("still", default=None)


class _Perishable(aiohttp.BytesPayload):
    """A form that is looked at once more when everything else is done: there is a connection, and the header waits to go with it in one
    write. Nothing is awaited between the look and that write."""

    def __init__(self, form: bytes, still: Callable[[], bool]) -> None:
        super().__init__(form)
        self._still = still

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        if not self._still():
            raise TooLate
        await super().write_with_length(writer, content_length)


def _form(data: Mapping[str, Any]) -> bytes:
    """A form as it is posted; a list is a field that comes several times."""
    fields = ((name, one) for name, value in data.items() for one in (value if isinstance(value, list | tuple) else (value,)))
    return "&".join(f"{name}={(_words if name == 'Body' else quote_plus)(str(value))}" for name, value in fields).encode()


@lru_cache(maxsize=4)
def _words(body: str) -> str:
    """A message's words as they stand in a form: thousands get the same, one after another."""
    return quote_plus(body)


def _credentials(auth: tuple[str, str] | None) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth is not None else {}


async def _read_all(answer: aiohttp.ClientResponse) -> bytes:
    """The body, as it arrives and no further than the limit: what a header says of its length is not believed."""
    body = bytearray()
    async for part in answer.content.iter_chunked(64 * 1024):
        body += part
        if len(body) > LARGEST_FILE:
            raise TooLarge
    return bytes(body)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
