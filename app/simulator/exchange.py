"""The phone company: what it remembers, and what may be asked of it. It keeps everything in memory.

A client's text goes `accept` → `outbound.carry` → a phone. A phone's text goes `text` → `inbound.hand_over` → the hotline's
webhook → replies. A phone's call goes `voice.call` and on. Time, chance and the way to post are passed in.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import structlog

from app.simulator import dialing, inbound, outbound
from app.simulator.account import Account, SimulatedLine, check_addresses
from app.simulator.calls import Call, Recording
from app.simulator.courier import Delivered, Post
from app.simulator.failures import can_end_with
from app.simulator.faults import Faults, Plan
from app.simulator.feed import KEPT_ENTRIES, Entry, Feed, Level
from app.simulator.inbound import Handed
from app.simulator.media import Attachment, Media, type_of_address
from app.simulator.messages import Channel, Direction, Message, MessageRequest, Status, digest_of, split_address
from app.simulator.phones import Phone, is_simulated, next_free_number
from app.simulator.refusals import Refusal
from app.simulator.segments import count_segments
from app.simulator.services import Service
from app.simulator.terms import SenderQueue, Terms
from app.simulator.twiml import Verb

Found = TypeVar("Found")

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two statuses of a text. Zero in tests; a fraction of a second lets a person watch."""

    step_s: float = 0.0


class UnknownPhone(LookupError):
    """No phone has this number, or the number may not exist here."""


class Exchange:
    """The phone company of one account."""

    def __init__(
        self,
        account: Account,
        *,
        now: Callable[[], datetime],
        chance: random.Random,
        post: Post,
        pace: Pace | None = None,
        any_number: bool = False,
        public_url: str = "",
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        terms: Terms | None = None,
    ) -> None:
        self.account = account
        self.now = now
        self.post = post
        self.pace = pace or Pace()
        self.pause = pause
        self.any_number = any_number
        self.public_url = public_url
        self.faults = Faults(chance.getrandbits(32))
        self.feed = Feed()
        self.terms = terms or Terms()
        self.queues: defaultdict[str, SenderQueue] = defaultdict(SenderQueue)
        """What each line has still to send."""
        self.phones: dict[str, Phone] = {}
        self.messages: dict[str, Message] = {}
        self.ledger: dict[str, Message] = {}
        """Every text there ever was, also those that the client has deleted since: what a test counts."""
        self.texts_of: defaultdict[str, list[str]] = defaultdict(list)
        """SIDs of the texts to and from each phone, in order, also of deleted ones."""
        self.services = {sid: Service(sid, "Vigía", now(), now()) for sid in sorted(account.services)}
        for service in list(self.services.values())[:1]:
            service.numbers.update(dict.fromkeys(account.lines, now()))
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, Recording] = {}
        self.blocked: set[tuple[str, str]] = set()
        """(line, phone) pairs in which the person said STOP."""
        self.entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)
        self.carrying: dict[str, asyncio.Task[Any]] = {}
        """The texts that are under way, by SID, and the work that carries each."""
        self.waiting_texts: dict[str, list[asyncio.Event]] = {}
        """By line, what is set when the next inbound text has been handed over: a fault made earlier ones wait for it."""
        self._chance = chance
        self._tasks: set[asyncio.Task[Any]] = set()

    # Phones

    def make_phone(self, number: str, name: str = "", county: str = "", language: str = "en", role: str = "neighbour") -> Phone:
        """Give someone a phone, or say more about one that exists. Raises `UnknownPhone` for a number that isn't fictional."""
        phone = self.phone(number)
        phone.name = name or phone.name
        phone.county, phone.language, phone.role = county or phone.county, language or phone.language, role or phone.role
        self.feed.publish("phone", phone=number)
        return phone

    def phone(self, number: str) -> Phone:
        """The phone with this number; a nameless one appears where none was. Raises `UnknownPhone` for a number that isn't fictional."""
        phone = self.phones.get(number)
        if phone is None:
            if number in self.account.lines or not (self.any_number or is_simulated(number)):
                message = "phones have fictional numbers: 555-0100 to 555-0199 of any area code, none of a line's"
                raise UnknownPhone(message)
            phone = self.phones[number] = Phone(number)
            self.feed.publish("phone", phone=number)
        return phone

    def free_number(self, area: str = "919") -> str:
        """The next number that nobody has. Raises ValueError when the area code is full."""
        return next_free_number(self.phones.keys() | self.account.lines.keys(), area)

    def trouble(self, number: str, code: int | None) -> None:
        """From now on texts to this phone end with Twilio's error `code`; None: it can be reached again."""
        if code is not None and not can_end_with(code):
            message = f"no known trouble has code {code}"
            raise ValueError(message)
        self.phone(number).trouble = code
        self.feed.publish("phone", phone=number)

    def look_at(self, number: str) -> None:
        """The person looked at everything that arrived."""
        phone = self.phone(number)
        if phone.unread:
            phone.seen = len(phone.arrived)
            self.feed.publish("phone", phone=number)

    def line(self, number: str | None = None) -> SimulatedLine:
        """The line with this number, or the first. Raises `UnknownPhone`."""
        if number is None:
            return next(iter(self.account.lines.values()))
        if number not in self.account.lines:
            message = "no line has this number"
            raise UnknownPhone(message)
        return self.account.lines[number]

    def change_line(self, line: SimulatedLine) -> None:
        """Let a known line post elsewhere. Raises `UnknownPhone`, or `UnsafeSimulator` off this machine."""
        self.line(line.number)
        check_addresses(line, self.account.hosts)
        self.account.lines[line.number] = line

    def service_of(self, number: str) -> Service | None:
        """The Messaging Service that this line is in."""
        return next((service for service in self.services.values() if number in service.numbers), None)

    # Texts

    def accept(self, request: MessageRequest) -> Message:
        """Take a checked text from a client and start carrying it.

        Raises `Refusal` 21610 where the person said STOP to that line, and 21611 where the line's queue is full; with a service that
        text is taken and ends with 30001.
        """
        request = self._by_its_service(request)
        sender = request.sender or self._sender_for(request)
        if request.channel is Channel.SMS and (sender, request.to) in self.blocked:
            raise Refusal(21610)
        if request.sender and self.overflows(sender):
            raise Refusal(21611)
        first = Status.QUEUED if request.sender and not request.service_sid else Status.ACCEPTED
        if request.send_at is not None:
            first = Status.SCHEDULED
        return self._start(request, sender, Direction.API, first)

    def reply(
        self,
        line: str,
        to: str,
        body: str,
        media: tuple[str, ...] = (),
        callback: str | None = None,
        *,
        by_twilio: bool = False,
    ) -> Message:
        """Take a text that answers one of the phone's own, and carry it. Raises `Refusal` 21610, except for Twilio's own.

        `line` and `to` are addresses: a number, or one with its channel before it.
        """
        channel, number = split_address(to)
        sender = split_address(line)[1]
        if channel is Channel.SMS and (sender, number) in self.blocked and not by_twilio:
            raise Refusal(21610)
        request = MessageRequest(to=number, body=body, sender=sender, media=media, callback=callback, channel=channel)
        return self._start(request, sender, Direction.REPLY, Status.QUEUED, by_twilio=by_twilio)

    def overflows(self, sender: str) -> bool:
        """Whether more waits for `sender` than the longest queue holds."""
        return self.queues[sender].backlog_s(self.now()) >= self.terms.longest_queue_s

    async def text(
        self,
        number: str,
        body: str,
        line: str | None = None,
        attachments: Sequence[Attachment] = (),
        channel: Channel = Channel.SMS,
    ) -> Handed:
        """A person texts a line (the first one, if none is named): kept in the log, posted to the hotline, replies carried back."""
        message = inbound.take_in(self, number, body, line, attachments, channel)
        return await inbound.hand_over(self, message, self.line(message.to))

    async def hand_over_again(self, sid: str) -> Handed:
        """Post an inbound text's webhook once more, as a duplicate would come. Raises `Refusal` 20404."""
        message = self.message(sid)
        if message.direction is not Direction.INBOUND:
            raise Refusal(20404)
        return await inbound.hand_over(self, message, self.line(message.to), again=True)

    def keep(self, message: Message) -> None:
        """Remember a new text."""
        known = self.texts_of[message.person]
        message.nth, message.digest = len(known), digest_of(message.body)
        known.append(message.sid)
        self.messages[message.sid] = self.ledger[message.sid] = message

    def message(self, sid: str) -> Message:
        """The message with this SID. Raises `Refusal` 20404."""
        if sid not in self.messages:
            raise Refusal(20404)
        return self.messages[sid]

    def redact(self, sid: str) -> Message:
        """Empty a message's body. Raises `Refusal` 20404, or 20009 while it is under way."""
        message = self.message(sid)
        if not message.is_final:
            raise Refusal(20009)
        message.body = ""
        message.updated = self.now()
        self.feed.publish("message", phone=message.person, sid=sid)
        return message

    def delete(self, sid: str) -> None:
        """Forget a message at the exchange; the phone keeps its copy's place in the thread. Raises `Refusal` 20404 or 20009."""
        message = self.message(sid)
        if not message.is_final:
            raise Refusal(20009)
        del self.messages[sid]
        phone = self.phones.get(message.person)
        if phone is not None and sid in phone.thread:
            phone.thread.remove(sid)
        self.feed.publish("message", phone=message.person, sid=sid)

    def arrivals(self, number: str, after: int = 0) -> list[Message]:
        """The texts that reached this phone, oldest first, without the first `after`. Deleted ones are left out."""
        return [self.messages[sid] for sid in self.phone(number).arrived[after:] if sid in self.messages]

    def dial(self, current: Call, verb: Verb) -> None:
        """Ring the phones of a <Dial> while the call waits."""
        self.spawn(dialing.dial(self, current, verb))

    # Doing and waiting

    def new_sid(self, prefix: str) -> str:
        """A SID in Twilio's shape: two letters and 32 hexadecimal digits."""
        return f"{prefix}{self._chance.getrandbits(128):032x}"

    def new_token(self) -> str:
        """A token that marks all tries of one webhook."""
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let `work` go on by itself; `settled` waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def first_of(self, work: Awaitable[object], within_s: float) -> None:
        """Return once `work` is done, or after `within_s` seconds if it isn't. A task goes on then, a coroutine is dropped."""
        limit, awaited = asyncio.ensure_future(self.pause(within_s)), asyncio.ensure_future(work)
        try:
            await asyncio.wait({limit, awaited}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
            if awaited is not work:
                awaited.cancel()

    async def settled(self) -> None:
        """Return once nothing is under way: every text has ended, every callback has been posted."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def until(self, condition: Callable[[], Found | None], within_s: float) -> Found | None:
        """What `condition` returns as soon as it isn't None; None if it stays so for `within_s` seconds. Asked again at each event."""
        try:
            async with asyncio.timeout(within_s):
                while (found := condition()) is None:
                    await self.feed.wait()
                return found
        except TimeoutError:
            return condition()

    def note(
        self,
        kind: str,
        what: str,
        *,
        level: Level = "info",
        sid: str = "",
        code: int | None = None,
        delivered: Delivered | None = None,
    ) -> None:
        """Write a line into the exchange's log: `kind` of event, `what` happened without any number or body, how the delivery ended."""
        status = attempts = duration = None
        if delivered is not None:
            status, attempts, duration = delivered.status, delivered.attempts, delivered.duration_ms
            if delivered.error_code is not None:
                level, code = "error", delivered.error_code
                what = f"{what}: {delivered.failure}"
        self.entries.append(Entry(self.now(), level, kind, what, sid, status, code, attempts or 1, duration or 0))
        if level == "error":
            log.warning("simulator_error", kind=kind, what=what, sid=sid, code=code, status=status)
        self.feed.publish("log", level=level)

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def reset(self) -> None:
        """Forget everything: phones, texts, calls, blocks, faults and the log."""
        await self.stop()
        for memory in (self.phones, self.messages, self.ledger, self.texts_of, self.calls, self.recordings):
            memory.clear()
        self.waiting_texts.clear()
        self.queues.clear()
        self.blocked.clear()
        self.entries.clear()
        self.faults.replace(Plan())
        self.feed.publish("reset")

    def _start(
        self, request: MessageRequest, sender: str, direction: Direction, first: Status, *, by_twilio: bool = False
    ) -> Message:
        now = self.now()
        is_mms = bool(request.media) or request.as_mms
        sid = self.new_sid("MM" if is_mms else "SM")
        message = Message(
            sid=sid,
            direction=direction,
            sender=sender,
            to=request.to,
            body=request.body,
            status=first,
            segments=1 if is_mms or request.channel is Channel.WHATSAPP else count_segments(request.body),
            created=now,
            updated=now,
            service_sid=request.service_sid,
            channel=request.channel,
            media=[Media(self.new_sid("ME"), sid, type_of_address(url), now, source=url) for url in request.media],
            send_at=request.send_at,
            callback=request.callback,
            validity_s=request.validity_s,
            by_twilio=by_twilio,
            statuses=[first],
        )
        self.keep(message)
        self.carrying[message.sid] = self.spawn(outbound.carry(self, message))
        return message

    def _by_its_service(self, request: MessageRequest) -> MessageRequest:
        """The request with what its service says where it says nothing. Raises `Refusal` where that can't send it."""
        if request.service_sid is None:
            return request
        service = self.services[request.service_sid]
        if not service.numbers:
            raise Refusal(21704)
        if request.sender is not None and request.sender not in service.numbers:
            raise Refusal(21711)
        return replace(
            request,
            callback=request.callback or service.status_callback or None,
            validity_s=min(request.validity_s, service.validity_s),
        )

    def _sender_for(self, request: MessageRequest) -> str:
        """The number of the service's pool that the person knows, or else its first."""
        service = self.services[request.service_sid or ""]
        for sid in reversed(self.texts_of.get(request.to, []) if service.sticky_sender else []):
            known = self.ledger[sid]
            line = known.sender if known.sender in self.account.lines else known.to
            if line in service.numbers:
                return line
        return next(iter(service.numbers))
