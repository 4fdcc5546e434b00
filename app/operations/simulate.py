"""`vigia simulator`: the Twilio double as a process of its own, beside the hotline or alone for anybody's Twilio code.

Beside the hotline, `vigia demo` tells it by its environment where things are; alone, the command line does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import VigiaError
from app.core.logs import set_up_logging
from app.settings import Settings
from app.simulator.account import SIMULATED_ACCOUNT_SID, SimulatedLine, UnsafeSimulator
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.server import loopback_socket
from app.simulator.server import run as serve
from app.simulator.staging import Mode, Tell
from app.simulator.story import tell_story

DELIVERY_STEP_SECONDS = 0.15
"""Between two statuses of a text, so that a viewer sees it go out."""

FIRST_LINE = "+19195550100"
A_PHONE = "+19195550123"


class SimulatorRefused(VigiaError):
    """The simulator was asked to stand beside something real."""


@dataclass(frozen=True, slots=True)
class Alone:
    """What the command line says; empty where the environment or a default decides."""

    port: int
    account: str = ""
    token: str = ""
    sms_url: str = ""
    voice_url: str = ""
    seed: int | None = None


def run_simulator(asked: Alone) -> None:
    """Serve the simulator on loopback until stopped. Raises SimulatorRefused beside a real account."""
    settings = Settings()
    set_up_logging("simulator", as_json=settings.log_json, level=settings.log_level)
    config = configured(asked, settings, os.environ)
    try:
        application = create_simulator(config)
        listener = loopback_socket(asked.port)
    except UnsafeSimulator as error:
        raise SimulatorRefused(str(error)) from error
    except OSError as error:
        message = f"port {asked.port} can't be listened on: {error.strerror}"
        raise SimulatorRefused(message) from error
    if not config.story:
        print(introduction(config), flush=True)  # noqa: T201 - the command's own output
    serve(application, listener)


def configured(asked: Alone, settings: Settings, environment: Mapping[str, str]) -> SimulatorConfig:
    """The simulator that the command line, the settings and the environment describe. Raises SimulatorRefused beside a real account."""
    if settings.account_sid and not settings.account_sid.startswith("ACsimulat"):
        message = "the simulator refuses to start beside a real Twilio account: unset TWILIO_ACCOUNT_SID"
        raise SimulatorRefused(message)
    address = f"http://localhost:{asked.port}"
    links = json.loads(environment.get("VIGIA_SIMULATOR_LINKS", "{}"))
    played = int(environment.get("VIGIA_SIMULATOR_PLAYED", "0"))

    async def play(mode: Mode, _exchange: Exchange, console: str, links: Mapping[str, str], tell: Tell) -> None:
        await tell_story(mode, address, console, links, tell, played)

    sms_url = asked.sms_url or environment.get("VIGIA_SIMULATOR_SMS_URL", "http://localhost:8000/twilio/messages")
    voice_url = asked.voice_url or environment.get("VIGIA_SIMULATOR_VOICE_URL", "http://localhost:8000/twilio/calls")
    ended_url = environment.get("VIGIA_SIMULATOR_CALL_STATUS_URL", "" if asked.voice_url else f"{voice_url}/status")
    return SimulatorConfig(
        account_sid=asked.account or settings.account_sid or SIMULATED_ACCOUNT_SID,
        auth_token=asked.token or settings.auth_token.get_secret_value() or "simulator",
        api_key_sid=settings.api_key_sid,
        api_key_secret=settings.api_key_secret.get_secret_value(),
        lines=[
            SimulatedLine(number, sms_url, voice_url, ended_url, settings.hotline_name)
            for number in settings.lines or (FIRST_LINE,)
        ],
        public_url=address,
        step_s=DELIVERY_STEP_SECONDS,
        seed=asked.seed,
        story=play if links else None,
        console_url=environment.get("VIGIA_SIMULATOR_CONSOLE", ""),
        sign_in_links=links,
    )


def introduction(config: SimulatorConfig) -> str:
    """What is printed at the start: where things are, and how to send the first text with curl and with Python."""
    line = config.lines[0]
    return f"""
  A Twilio on this machine.

  phones   {config.public_url}/simulator/
  faults   {config.public_url}/simulator/faults
  REST     {config.public_url}/2010-04-01/Accounts/{config.account_sid}/
  texts to {line.number} are posted to {line.sms_url}
  calls to {line.number} are posted to {line.voice_url}

  Send a text with curl:

    curl -u '{config.account_sid}:{config.auth_token}' \\
      {config.public_url}/2010-04-01/Accounts/{config.account_sid}/Messages.json \\
      --data-urlencode To={A_PHONE} --data-urlencode From={line.number} --data-urlencode 'Body=Hello'

  or with Python:

    from twilio.rest import Client
    client = Client({config.account_sid!r}, {config.auth_token!r})
    client.api.base_url = client.messaging.base_url = client.lookups.base_url = {config.public_url!r}
    client.messages.create(to={A_PHONE!r}, from_={line.number!r}, body="Hello")

  Text the line from a phone:

    curl {config.public_url}/simulator/api/phones/{A_PHONE}/texts -H 'Content-Type: application/json' -d '{{"body": "Hello"}}'
"""
