"""The HTTP client under the official `twilio` package: one pool, a time limit, one address for everything.

The package's own asynchronous client ignores the time limit that it is given, signs in by a way that aiohttp deprecates, and drops the
Retry-After of a 429.
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

TWILIO_API: Final = "https://api.twilio.com"
REQUEST_SECONDS: Final = 10.0
"""Past this a send's outcome is unknown. Twilio usually answers in well under a second."""

CONNECTIONS: Final = 200


class TooManyRequests(Exception):
    """A 429: not carried out, and to be tried again after `retry_after` seconds (None where Twilio did not say)."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("too many requests")
        self.retry_after = retry_after


class PooledHttp(AsyncHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Sends what the package asks for over one session, at `address` instead of Twilio's where that is given."""

    def __init__(self, address: str | None = None, seconds: float = REQUEST_SECONDS) -> None:
        super().__init__(None, True, None)
        self._seconds = seconds
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
        """One request. Raises TooManyRequests, and aiohttp's errors or TimeoutError when its outcome is unknown."""
        signed = dict(headers or {}) | _credentials(auth)
        async with self.session().request(
            method, self.here(url), params=params, data=data, headers=signed, allow_redirects=allow_redirects
        ) as answer:
            if answer.status == 429:
                wait = answer.headers.get("Retry-After", "")
                raise TooManyRequests(float(wait) if wait.isdecimal() else None)
            return Response(answer.status, await answer.text(), answer.headers)

    async def fetch(self, url: str, auth: tuple[str, str]) -> tuple[bytes, str]:
        """The bytes at a URL of Twilio's and their content type. Raises aiohttp's errors or TimeoutError."""
        async with self.session().get(self.here(url), headers=_credentials(auth)) as answer:
            answer.raise_for_status()
            return await answer.read(), answer.content_type

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

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _credentials(auth: tuple[str, str] | None) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth is not None else {}
