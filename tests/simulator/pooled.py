"""An HTTP client for the official `twilio` package with a pool, a time limit and one address for everything.

The package's own asynchronous client ignores the time limit that it is given and uses aiohttp's deprecated way to sign in.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

TWILIO: str = "https://api.twilio.com"


class TooManyRequests(Exception):
    """A 429: not carried out, and to be tried again after `retry_after_s` seconds. The package's own exception drops that header."""

    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__("too many requests")
        self.retry_after_s = retry_after_s


class PooledHttp(AsyncHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Sends what the package asks for through `session`, at `address` instead of Twilio's."""

    def __init__(self, session: aiohttp.ClientSession, address: str = TWILIO) -> None:
        super().__init__(None, True, None)
        self._session = session
        self._address = address.rstrip("/")

    async def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the package's signature
        allow_redirects: bool = False,
    ) -> Response:
        """One request. Raises `TooManyRequests`, and aiohttp's errors or TimeoutError when its outcome is unknown."""
        signed = dict(headers or {})
        if auth is not None:
            signed["Authorization"] = aiohttp.encode_basic_auth(*auth)
        limit = aiohttp.ClientTimeout(total=timeout) if timeout is not None else self._session.timeout
        address = self._address + url.removeprefix(TWILIO)
        async with self._session.request(
            method, address, params=params, data=data, headers=signed, timeout=limit, allow_redirects=allow_redirects
        ) as answer:
            if answer.status == 429:
                wait = answer.headers.get("Retry-After", "")
                raise TooManyRequests(float(wait) if wait.isdecimal() else None)
            return Response(answer.status, await answer.text(), answer.headers)
