"""Phones for tests that follow the whole line: what a person does with a phone, and what must arrive on it.

    rosa = devices("+19195550123", name="Rosa")
    await rosa.texts("ICE at the Food Lion on Roxboro")
    await rosa.expects("Durham")
    await devices.check(captured_log, logged_errors)

Nothing is polled: each expectation is one request that the simulator answers when the text arrives or the deadline passes.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import httpx2

DEADLINE_S: Final = 30.0
"""How long a text may take to arrive."""

QUIET_S: Final = 0.3
"""How long a phone must stay quiet to count as having got nothing more; `check` looks once more at the end of the test."""


class Unexpected(AssertionError):
    """A phone got what it should not have, or did not get what it should."""


@dataclass
class Line:
    """A call that is going on, as the caller knows it."""

    device: Device
    sid: str
    state: dict[str, Any]
    heard: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.state["status"] not in {"ringing", "in-progress"}

    def said(self) -> str:
        """What the line has said since the caller last listened."""
        new = self.state["heard"][self.heard :]
        return " ".join(part["text"] for part in new if part["kind"] in {"say", "error"})

    def hears(self, *words: str) -> str:
        """Each of `words` was said since the caller last listened, in any case; returns all that was said."""
        said = self.said()
        for word in words:
            if word.casefold() not in said.casefold():
                raise Unexpected(f"{self.device} should hear {word!r} but heard {said!r}")
        self.heard = len(self.state["heard"])
        return said

    async def presses(self, keys: str) -> Self:
        """Press `keys`, then wait for the line."""
        return await self._do("keys", keys=keys)

    async def says(self, words: str) -> Self:
        """Say `words`."""
        return await self._do("speech", words=words)

    async def stays_silent(self) -> Self:
        """Do nothing until the line gives up waiting."""
        return await self._do("silence")

    async def leaves_message(self, seconds: int = 5, *, hanging_up: bool = False) -> Self:
        """Speak for `seconds` after the beep, then press # or hang up."""
        return await self._do("recording", seconds=seconds, hang_up=hanging_up)

    async def hangs_up(self) -> Self:
        """Hang up."""
        return await self._do("hangup")

    async def _do(self, act: str, **given: Any) -> Self:
        self.state = await self.device.registry.post(f"calls/{self.sid}/{act}", given)
        return self


@dataclass
class Device:
    """One phone. `read` counts the texts that the test has looked at."""

    registry: Devices
    number: str
    about: dict[str, str] = field(default_factory=dict)
    read: int = 0
    made: bool = False
    ignores: bool = False

    def __str__(self) -> str:
        return f"{self.about.get('name') or 'the phone'} …{self.number[-4:]}"

    async def texts(
        self,
        body: str,
        line: str | None = None,
        *,
        files: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = (),
        whatsapp: bool = False,
    ) -> dict[str, Any]:
        """Text the hotline; returns how the webhook ended: sid, twiml, replies, status, attempts, error_code, error.

        `files` are contents with their types (`{"image/jpeg": …}`, or pairs); with `whatsapp` it goes by WhatsApp.
        """
        await self.exists()
        pairs = files.items() if isinstance(files, Mapping) else files
        given = {
            "body": body,
            "line": line,
            "channel": "whatsapp" if whatsapp else "sms",
            "media": [{"content_type": kind, "content": b64encode(content).decode()} for kind, content in pairs],
        }
        handed: dict[str, Any] = await self.registry.post(f"phones/{self.number}/texts", given)
        return handed

    async def expects(self, *words: str, within_s: float = DEADLINE_S) -> str:
        """The next text holds each of `words`, in any case; returns its body."""
        body = await self.next_text(within_s=within_s)
        for word in words:
            if word.casefold() not in body.casefold():
                raise Unexpected(f"{self} should get a text with {word!r} but got {body!r}")
        return body

    async def next_text(self, *, within_s: float = DEADLINE_S) -> str:
        """The body of the next text, whatever it says."""
        await self.exists()
        answer = await self._arrivals(within_s)
        if not answer:
            raise Unexpected(f"{self} got no text within {within_s:g} s")
        self.read += 1
        return str(answer[0]["body"])

    async def expects_nothing_more(self, within_s: float = QUIET_S) -> None:
        """No further text arrives within `within_s`."""
        await self.exists()
        answer = await self._arrivals(within_s)
        if answer:
            raise Unexpected(f"{self} should get nothing more but got {[text['body'] for text in answer]}")

    def ignores_the_rest(self) -> None:
        """Whatever still arrives here is no matter of this test."""
        self.ignores = True

    async def calls(self, line: str | None = None) -> Line:
        """Call the hotline; returns once the line waits for the caller or the call is over."""
        await self.exists()
        state = await self.registry.post(f"phones/{self.number}/calls", {"line": line})
        return Line(self, state["sid"], state)

    async def answers(self, within_s: float = DEADLINE_S) -> Line:
        """Answer the phone when it rings; returns once the line waits for the person or the call is over."""
        return await self._decides("answer", within_s)

    async def declines(self, within_s: float = DEADLINE_S) -> Line:
        """Decline the call when the phone rings."""
        return await self._decides("decline", within_s)

    async def is_in_trouble(self, code: int | None) -> None:
        """From now on texts to this phone end with Twilio's error `code`; None mends it."""
        await self.exists()
        await self.registry.post(f"phones/{self.number}/trouble", {"code": code})

    async def exists(self) -> None:
        """Make the phone at the simulator, once."""
        if not self.made:
            await self.registry.post("phones", {"number": self.number, **self.about})
            self.made = True

    async def _decides(self, act: str, within_s: float) -> Line:
        await self.exists()
        ringing = await self.registry.get(f"phones/{self.number}/ringing", wait=within_s)
        line = Line(self, ringing["sid"], ringing)
        line.state = await self.registry.post(f"calls/{line.sid}/{act}", {})
        return line

    async def _arrivals(self, within_s: float) -> list[dict[str, Any]]:
        answer = await self.registry.get(f"phones/{self.number}/messages", after=self.read, wait=within_s)
        messages: list[dict[str, Any]] = answer["messages"]
        return messages


class Devices:
    """The phones of one test. Call it with a number to get a phone; use it as `async with Devices(simulator_url)`."""

    def __init__(self, simulator_url: str) -> None:
        self.phones: dict[str, Device] = {}
        self._http = httpx2.AsyncClient(base_url=f"{simulator_url.rstrip('/')}/simulator/api/", timeout=60, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def __call__(self, number: str, name: str = "", county: str = "", language: str = "en", role: str = "neighbour") -> Device:
        """The phone with this number; the same one each time."""
        if number not in self.phones:
            about = {"name": name, "county": county, "language": language, "role": role}
            self.phones[number] = Device(self, number, about)
        return self.phones[number]

    async def check(self, log_text: str = "", errors: list[str] | None = None, *, allowed_errors: tuple[str, ...] = ()) -> None:
        """Fail unless every text was read and nothing went wrong unseen. Call it at the end of each test.

        `log_text` is everything that was logged and `errors` the error-level records in it. `allowed_errors` are words of entries
        in the exchange's log that this test causes on purpose. Raises `Unexpected` with everything that is wrong.
        """
        await self.post("settle", {})
        wrong = [f"an error was logged: {error}" for error in errors or []]
        for phone in await self.get("phones"):
            device = self.phones.get(phone["number"])
            unread = phone["arrived"] - (device.read if device else 0)
            if unread > 0 and not (device and device.ignores):
                texts = await self.get(f"phones/{phone['number']}/messages", after=device.read if device else 0)
                bodies = [text["body"] for text in texts["messages"]]
                wrong.append(
                    f"{device or 'a phone of no one …' + phone['number'][-4:]} got texts that no one expected: {bodies}"
                )
        wrong += [
            f"the exchange logged an error: {entry['kind']} {entry['what']} (code {entry['code']})"
            for entry in await self.get("log", level="error")
            if not any(words in entry["what"] for words in allowed_errors)
        ]
        wrong += [
            f"the number of {device} stands in the log" for device in self.phones.values() if stands_in(device.number, log_text)
        ]
        if wrong:
            raise Unexpected("\n".join(wrong))

    async def post(self, path: str, given: dict[str, Any]) -> Any:
        """POST to the control API; AssertionError with its words when it refuses."""
        return self._read(await self._http.post(path, json=given))

    async def get(self, path: str, **query: Any) -> Any:
        """GET from the control API; AssertionError with its words when it refuses."""
        return self._read(await self._http.get(path, params=query))

    def _read(self, answer: httpx2.Response) -> Any:
        if answer.status_code >= 400:
            raise Unexpected(f"the simulator said {answer.status_code}: {answer.text}")
        return answer.json()


def stands_in(number: str, text: str) -> bool:
    """Whether `number` stands in `text`, however it is written: +19195550123, 9195550123, (919) 555-0123, %2B1919…"""
    area, exchange, line = number[-10:-7], number[-7:-4], number[-4:]
    return re.search(rf"{area}[\s.)-]{{0,2}}{exchange}[\s.-]?{line}", text) is not None
