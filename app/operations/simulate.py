"""`vigia simulator`: the Twilio double as a process of its own, told by its environment where the hotline is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import uvicorn

from app.core.logs import set_up_logging
from app.settings import Settings
from app.simulator.account import SIMULATED_ACCOUNT_SID, SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.staging import Mode, Tell
from app.simulator.story import tell_story

DELIVERY_STEP_SECONDS = 0.15
"""Between two statuses of a text, so that a viewer sees it go out."""


def run_simulator(port: int) -> None:
    """Serve the simulator on loopback until stopped. Raises UnsafeSimulator beside a real account."""
    settings = Settings()
    set_up_logging("simulator", as_json=settings.log_json, level=settings.log_level)
    address = f"http://localhost:{port}"

    async def play(mode: Mode, _exchange: Exchange, console: str, links: Mapping[str, str], tell: Tell) -> None:
        await tell_story(mode, address, console, links, tell, int(os.environ.get("VIGIA_SIMULATOR_PLAYED", "0")))

    links = json.loads(os.environ.get("VIGIA_SIMULATOR_LINKS", "{}"))
    config = SimulatorConfig(
        account_sid=settings.account_sid or SIMULATED_ACCOUNT_SID,
        auth_token=settings.auth_token.get_secret_value() or "simulator",
        api_key_sid=settings.api_key_sid,
        api_key_secret=settings.api_key_secret.get_secret_value(),
        lines=[
            SimulatedLine(
                number,
                os.environ.get("VIGIA_SIMULATOR_SMS_URL", "http://localhost:8000/twilio/messages"),
                os.environ.get("VIGIA_SIMULATOR_VOICE_URL", "http://localhost:8000/twilio/calls"),
                os.environ.get("VIGIA_SIMULATOR_CALL_STATUS_URL", "http://localhost:8000/twilio/calls/status"),
                settings.hotline_name,
            )
            for number in settings.lines or ("+19195550100",)
        ],
        public_url=address,
        step_s=DELIVERY_STEP_SECONDS,
        story=play if links else None,
        console_url=os.environ.get("VIGIA_SIMULATOR_CONSOLE", ""),
        sign_in_links=links,
    )
    uvicorn.run(
        create_simulator(config), host="127.0.0.1", port=port, access_log=False, log_config=None, timeout_graceful_shutdown=2
    )
