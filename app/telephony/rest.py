"""Twilio's REST interface, as far as the hotline uses it: text, call, look both up in Twilio's log, fetch a voicemail, forget.

Only the worker builds one: the credentials that can send are in no other process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import aiohttp
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from app.telephony.addresses import WHATSAPP_PREFIX, by_whatsapp
from app.telephony.forms import MOST_MEDIA, Attachment, TextForm
from app.telephony.pooled_http import FILE_HOSTS, TWILIO_API, PooledHttp, TooManyRequests

NOT_CONNECTED: Final = 2.0
"""Seconds before a send is tried again for which not even a connection was made."""

LOG_PAGE: Final = 50
MOST_LOGGED: Final = 500
"""Texts to one number that are read at most; nobody gets so many in the minutes that are looked at."""

SERVICE_PREFIX: Final = "MG"
"""How the SID of a Messaging Service begins."""

LARGEST_PAGE: Final = 1000
"""Lines of the log in one request: the most that Twilio gives."""


class Refused(Exception):
    """Twilio said no: `code` is its error code, `status` that of HTTP, `retry_after` the seconds to wait where nothing at all was looked
    at (a 429, or no connection)."""

    def __init__(self, code: int | None, status: int, retry_after: float | None = None) -> None:
        super().__init__(f"refused with {code or status}")
        self.code = code
        self.status = status
        self.retry_after = retry_after


class OutcomeUnknown(Exception):
    """No answer, or one that doesn't tell whether the text was accepted. It may be on its way; it must not be sent again blindly."""


@dataclass(frozen=True)
class LoggedText:
    """A text as Twilio's log has it."""

    sid: str
    to: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime


@dataclass(frozen=True)
class ReceivedText:
    """A text to us as Twilio's log has it."""

    sid: str
    sender: str
    line: str
    body: str
    media_count: int
    received_at: datetime

    def as_form(self, media: Sequence[Attachment]) -> TextForm:
        """As its webhook would have told of it, with the files that came with it."""
        told = TextForm.model_validate(
            {
                "MessageSid": self.sid,
                "From": self.sender,
                "To": self.line,
                "Body": self.body,
                "NumMedia": self.media_count,
            }
        )
        return told.model_copy(update={"media": tuple(media)})


@dataclass(frozen=True)
class ReceivedCall:
    """A call to us as Twilio's log has it."""

    sid: str
    caller: str
    line: str
    status: str
    received_at: datetime


@dataclass(frozen=True)
class Media:
    """Bytes that Twilio kept for us."""

    content: bytes
    content_type: str


class TextCarrier(Protocol):
    """What delivery needs of a phone company."""

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        """Send, from the usual number or that of ours or Messaging Service that `sender` is; return the carrier's id for it. Raises Refused
        or OutcomeUnknown."""
        ...

    async def log_of(self, to: str, since: datetime) -> list[LoggedText]:
        """All texts to one number since an instant, newest first. Raises OutcomeUnknown when the log can't be read that far now."""
        ...

    async def status_of(self, sid: str) -> tuple[str, int | None] | None:
        """How a text stands now: its status and error code; None when the log has it no more. Raises OutcomeUnknown when it can't be read
        now."""
        ...


class CallCarrier(Protocol):
    """What is needed of a phone company to call somebody."""

    async def call(self, to: str, url: str, callback: str, ring_seconds: int) -> str:
        """Ring a number for so long; what the call then says is asked at `url`, its end is told to `callback`. Returns the carrier's id for
        it. Raises Refused or OutcomeUnknown."""
        ...

    async def calls_to(self, to: str, since: datetime) -> list[str]:
        """The ids of our calls to one number since an instant, newest first. Raises OutcomeUnknown when the log can't be read that far."""
        ...

    async def stop_ringing(self, call: str) -> None:
        """End a call that waits or rings; one that was answered goes on. Raises Refused where it does not ring any more, or
        OutcomeUnknown."""
        ...


class TwilioRest:
    """The real thing, or a simulator with the same interface at `api_url`."""

    def __init__(
        self,
        account_sid: str,
        key_sid: str,
        key_secret: str,
        sender: str,
        *,
        whatsapp: str = "",
        several: bool = False,
        api_url: str | None = None,
        file_hosts: tuple[str, ...] = FILE_HOSTS,
    ) -> None:
        """`sender` is the number that texts go out from unless told otherwise (`several`: there are others), `whatsapp` the one of our
        WhatsApp sender, empty where there is none."""
        self.sender = sender
        self._whatsapp = whatsapp
        self._several = several
        self._account_sid = account_sid
        self._http = PooledHttp(api_url, file_hosts=file_hosts)
        # An empty environment, so that a TWILIO_EDGE set for something else does not change where we send.
        self._client = Client(key_sid, key_secret, account_sid=account_sid, http_client=self._http, environment={"_": ""})

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        """See TextCarrier.send. `callback` is told every later status; the text is dropped by Twilio after `validity_seconds`. What is
        addressed to WhatsApp goes by SMS where we have no sender there."""
        from_ = sender or self.sender
        if to.startswith(WHATSAPP_PREFIX):
            to, from_ = (to, by_whatsapp(self._whatsapp)) if self._whatsapp else (to.removeprefix(WHATSAPP_PREFIX), from_)
        which = "messaging_service_sid" if from_.startswith(SERVICE_PREFIX) else "from_"
        message = await _answered(
            self._client.messages.create_async(
                to=to, body=body, status_callback=callback, validity_period=validity_seconds, **{which: from_}
            )
        )
        return str(message.sid)

    async def log_of(self, to: str, since: datetime) -> list[LoggedText]:
        """See TextCarrier.log_of. Listed by number alone: Twilio's filter by date leaves out what it has accepted and not sent yet."""
        number = to.removeprefix(WHATSAPP_PREFIX)
        logged = await self._log_of(number, values.unset if self._several else self.sender, since)
        return logged + (await self._log_of(by_whatsapp(number), by_whatsapp(self._whatsapp), since) if self._whatsapp else [])

    async def _log_of(self, to: str, sender: str | object, since: datetime) -> list[LoggedText]:
        logged: list[LoggedText] = []
        try:
            async for m in await self._client.messages.stream_async(to=to, from_=sender, page_size=LOG_PAGE):
                created = m.date_created or datetime.now(UTC)
                if created < since:
                    break
                if len(logged) == MOST_LOGGED:
                    raise OutcomeUnknown("more texts to one number than are read at once")  # so none is proven absent
                logged.append(LoggedText(str(m.sid), str(m.to), str(m.body), str(m.status), m.error_code, created))
        except (TwilioException, TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return logged

    async def status_of(self, sid: str) -> tuple[str, int | None] | None:
        """See TextCarrier.status_of."""
        try:
            message = await self._client.messages(sid).fetch_async()
        except TwilioRestException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise OutcomeUnknown(type(error).__name__) from error
        except (TwilioException, TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return str(message.status), message.error_code

    async def call(self, to: str, url: str, callback: str, ring_seconds: int) -> str:
        """See CallCarrier.call."""
        number = to.removeprefix(WHATSAPP_PREFIX)
        placed = await _answered(
            self._client.calls.create_async(
                to=number, from_=self.sender, url=url, status_callback=callback, timeout=ring_seconds
            )
        )
        return str(placed.sid)

    async def calls_to(self, to: str, since: datetime) -> list[str]:
        """See CallCarrier.calls_to. Listed by number alone, as a filter by start leaves out what has not started."""
        found: list[str] = []
        try:
            async for c in await self._client.calls.stream_async(
                to=to.removeprefix(WHATSAPP_PREFIX), from_=self.sender, page_size=LOG_PAGE
            ):
                if _instant(c.date_created, since) < since:
                    break
                if len(found) == MOST_LOGGED:
                    raise OutcomeUnknown("more calls to one number than are read at once")
                found.append(str(c.sid))
        except (TwilioException, TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return found

    async def stop_ringing(self, call: str) -> None:
        """See CallCarrier.stop_ringing. "canceled" ends what is queued or ringing and leaves a call in progress alone, unlike "completed"
        (https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource)."""
        await _answered(self._client.calls(call).update_async(status="canceled"))

    async def received_since(self, line: str, since: datetime) -> list[ReceivedText]:
        """The texts to one of our lines since an instant, oldest first. Raises OutcomeUnknown when the log can't be read now."""
        try:
            messages = await self._client.messages.list_async(to=line, date_sent_after=since, page_size=LARGEST_PAGE)
        except (TwilioException, TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        texts = [
            ReceivedText(
                str(m.sid), str(m.from_), str(m.to), m.body or "", _whole(m.num_media), _instant(m.date_created, since)
            )
            for m in messages
            if m.direction == "inbound"
        ]
        return sorted(texts, key=lambda text: text.received_at)

    async def calls_since(self, line: str, since: datetime) -> list[ReceivedCall]:
        """The calls to one of our lines since an instant, oldest first. Raises OutcomeUnknown when the log can't be read now."""
        if line.startswith(WHATSAPP_PREFIX):
            return []
        try:
            calls = await self._client.calls.list_async(to=line, start_time_after=since, page_size=LARGEST_PAGE)
        except (TwilioException, TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        received = [
            ReceivedCall(str(c.sid), c._from or "", str(c.to), str(c.status), _instant(c.date_created, since))  # noqa: SLF001  # its only name
            for c in calls
            if c.direction == "inbound"
        ]
        return sorted(received, key=lambda call: call.received_at)

    async def fetch(self, url: str) -> Media:
        """What lies at a recording's URL of Twilio's. Raises TooLarge, or OutcomeUnknown when it can't be had now."""
        try:
            return Media(*await self._http.fetch(url, self._client.auth))
        except aiohttp.ClientResponseError as error:
            raise OutcomeUnknown(f"status {error.status}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error

    async def fetch_media(self, message_sid: str, media_sid: str) -> Media:
        """A file that came with a text. Raises TooLarge, or OutcomeUnknown when it can't be had now."""
        return await self.fetch(
            f"{TWILIO_API}/2010-04-01/Accounts/{self._account_sid}/Messages/{message_sid}/Media/{media_sid}"
        )

    async def media_of(self, message_sid: str) -> tuple[Attachment, ...]:
        """The files that came with a text. Raises OutcomeUnknown when the list can't be had now."""
        try:
            found = await self._client.messages(message_sid).media.list_async(limit=MOST_MEDIA)
        except (TwilioException, TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return tuple(Attachment(sid=str(one.sid), declared_type=str(one.content_type)[:64]) for one in found)

    async def forget_text(self, sid: str) -> None:
        """Have Twilio delete a text. One that is already gone is fine. Raises OutcomeUnknown to try again later."""
        await _forgotten(self._client.messages(sid).delete_async())

    async def forget_media(self, message_sid: str, media_sid: str) -> None:
        """Have Twilio delete a file that came with a text. One that is already gone is fine. Raises OutcomeUnknown to try again later."""
        await _forgotten(self._client.messages(message_sid).media(media_sid).delete_async())

    async def forget_recording(self, sid: str) -> None:
        """Have Twilio delete a recording. One that is already gone is fine. Raises OutcomeUnknown to try again later."""
        await _forgotten(self._client.recordings(sid).delete_async())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


async def _answered(call: Any) -> Any:
    """The call's result. A definite no becomes Refused; everything else that isn't a yes becomes OutcomeUnknown."""
    try:
        return await call
    except TooManyRequests as error:
        raise Refused(20429, 429, retry_after=error.retry_after or 1.0) from error
    except TwilioRestException as error:
        if 400 <= error.status < 500:
            raise Refused(error.code, error.status) from error
        raise OutcomeUnknown(f"status {error.status}") from error
    except aiohttp.ClientConnectorError as error:
        raise Refused(None, 0, retry_after=NOT_CONNECTED) from error  # the connection was never made, so nothing was sent
    except (aiohttp.ClientError, TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError) as error:
        raise OutcomeUnknown(type(error).__name__) from error


async def _forgotten(call: Any) -> None:
    try:
        await call
    except TwilioRestException as error:
        if error.status != 404:
            raise OutcomeUnknown(f"status {error.status}") from error
    except (TooManyRequests, aiohttp.ClientError, TimeoutError) as error:
        raise OutcomeUnknown(type(error).__name__) from error


def _whole(given: object) -> int:
    """A count of the log; what is none counts as none."""
    return int(str(given)) if str(given).isdecimal() else 0


def _instant(given: object, otherwise: datetime) -> datetime:
    """A time of the log, which the package leaves as it was when it is none."""
    return given if isinstance(given, datetime) else otherwise
