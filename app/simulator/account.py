"""The simulated account: its credentials and its lines, and the proof that it can't be a real one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag

from app.simulator.courier import read_overrides
from app.simulator.messages import may_be_called
from app.simulator.phones import E164, is_simulated

SIMULATED_ACCOUNT_SID: Final = "ACsimulator0000000000000000000000a"
"""An account SID that Twilio can't issue, as theirs are AC and 32 hexadecimal digits."""

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class UnsafeSimulator(ValueError):
    """The simulator was given something that belongs to a real account or leads off this machine."""


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """One number of the hotline and where its texts, calls and ends of calls are posted (with connection overrides, if any).

    A fallback is asked where the address itself fails or answers with TwiML that can't be run.
    """

    number: str
    sms_url: str
    voice_url: str = ""
    voice_status_url: str = ""
    name: str = ""
    sms_fallback_url: str = ""
    voice_fallback_url: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everywhere that it posts to; empty where there is none."""
        return (self.sms_url, self.voice_url, self.voice_status_url, self.sms_fallback_url, self.voice_fallback_url)


@dataclass(frozen=True, slots=True)
class Account:
    """Who may use the REST, and the lines that belong to it. `hosts` are the host names that may be posted to."""

    sid: str
    auth_token: str
    key_sid: str
    key_secret: str
    lines: dict[str, SimulatedLine]
    services: frozenset[str]
    hosts: frozenset[str] = LOOPBACK_HOSTS

    def admits(self, user: str, password: str) -> bool:
        """Whether these basic credentials are the account's token or its API key."""
        pairs = ((self.sid, self.auth_token), (self.key_sid, self.key_secret))
        return any(
            bool(known_user and known_password) and _same(user, known_user) and _same(password, known_password)
            for known_user, known_password in pairs
        )


def checked_account(account: Account, *, allow_real: bool, any_number: bool) -> Account:
    """The account, if nothing about it could be real. Raises `UnsafeSimulator` with what to mend."""
    if not allow_real and not (account.sid.startswith("ACsimulat") and len(account.sid) == 34):
        message = "the simulator only stands in for an account SID of 34 characters that starts with ACsimulat, never beside a real one"
        raise UnsafeSimulator(message)
    if not account.lines:
        message = "the simulator needs at least one line"
        raise UnsafeSimulator(message)
    for line in account.lines.values():
        if not E164.fullmatch(line.number) or not (any_number or is_simulated(line.number)):
            message = "a simulated line needs a fictional number: 555-0100 to 555-0199 of any area code"
            raise UnsafeSimulator(message)
        check_addresses(line, account.hosts)
    return account


def check_addresses(line: SimulatedLine, hosts: frozenset[str]) -> None:
    """Raises `UnsafeSimulator` where a line would post off this machine, or with connection overrides that Twilio doesn't know."""
    for url in filter(None, line.addresses):
        address, fragment = urldefrag(url)
        if not may_be_called(address, hosts):
            message = f"the simulator only posts to {', '.join(sorted(hosts))}"
            raise UnsafeSimulator(message)
        try:
            read_overrides(fragment)
        except ValueError as error:
            raise UnsafeSimulator(str(error)) from error


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
