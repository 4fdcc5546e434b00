"""`vigia demo`: everything on this machine by one command, against the simulator, with people to play."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx2
from sqlalchemy import func, select

from app.assembly import open_parts
from app.operations.machine import keys_of, servers
from app.operations.people_of_the_demo import LINE, NEIGHBOURS, SUBSCRIBERS, VOLUNTEERS, DemoPhone
from app.operations.seed import seed_demo
from app.operations.supervise import Process, Supervisor, wait_until_ready
from app.packs.counties import load_counties
from app.records.alerts import alert
from app.settings import Settings
from app.simulator.account import SIMULATED_ACCOUNT_SID
from app.simulator.story import StoryFailed, tell_story

WEBHOOK_OVERRIDES: Final = "#ct=2000&rt=10000&rc=5&rp=all"
"""What we ask of Twilio for our webhooks: try five times, whatever went wrong (twilio.com, "Webhook connection overrides")."""

DEMO_RATE: Final = 10.0
"""Segments a second in the demo, so that forty texts take a few seconds and the pace can still be seen."""


async def run_demo(*, port: int, data: Path, headless: bool, play: bool, unknown_grace: int = 20) -> int:
    """Run the demo until it is interrupted, or, with `play`, until its story has been told. Returns the exit status."""
    simulator_port = _free_port(port + 1)
    if not _is_free(port):
        sys.stderr.write(f"Port {port} is taken. Choose another with --port.\n")
        return 2
    web, simulator = f"http://localhost:{port}", f"http://localhost:{simulator_port}"
    base = Settings(data=data, _env_file=None)
    secrets = keys_of(data) | _credentials(data)
    async with AsyncExitStack() as stack:
        environment = (
            stack.enter_context(servers(base))
            | secrets
            | _environment(web, simulator, unknown_grace)
            | {"VIGIA_DATA": str(Path.cwd() / data)}
        )
        settings = Settings.model_validate({**_fields(environment)})
        async with open_parts(settings) as parts:
            links = await seed_demo(parts.database, with_shifts=True)
            async with parts.database.transaction() as work:
                played = int(await work.scalar(select(func.count()).select_from(alert)))
        supervisor = Supervisor(_processes(environment, port, simulator_port, web, simulator, links, played))
        supervisor.start()
        stack.push_async_callback(supervisor.stop)
        await wait_until_ready(f"{simulator}/simulator/api/phones")
        await _put_phones_on_the_table(simulator)
        await wait_until_ready(f"{web}/health/ready")
        _print_addresses(web, simulator, links)
        if play:
            return await _play(web, simulator, links, played)
        if not headless:
            webbrowser.open(f"{web}{links['Ana']}")
        await _until_interrupted()
    return 0


def _processes(
    environment: Mapping[str, str],
    port: int,
    simulator_port: int,
    web: str,
    simulator: str,
    links: Mapping[str, str],
    played: int,
) -> list[Process]:
    """The simulator, the web and the worker; the key that can send goes to the simulator, which checks it, and to the worker alone."""
    whole_links = {alias: f"{web}{path}" for alias, path in links.items()}
    without_key = dict(environment) | {"TWILIO_API_KEY_SECRET": "", "VIGIA_DEMO_LINKS": json.dumps(doors(links))}
    playing = dict(environment) | {
        "VIGIA_SIMULATOR_SMS_URL": f"{web}/twilio/messages{WEBHOOK_OVERRIDES}",
        "VIGIA_SIMULATOR_VOICE_URL": f"{web}/twilio/calls{WEBHOOK_OVERRIDES}",
        "VIGIA_SIMULATOR_CALL_STATUS_URL": f"{web}/twilio/calls/status{WEBHOOK_OVERRIDES}",
        "VIGIA_SIMULATOR_CONSOLE": web,
        "VIGIA_SIMULATOR_PLAYED": str(played),
        "VIGIA_SIMULATOR_LINKS": json.dumps(whole_links),
    }
    return [
        Process("simulator", ["simulator", "--port", str(simulator_port)], playing),
        Process("web", ["web", "--port", str(port)], without_key),
        Process("worker", ["worker"], environment),
    ]


def doors(links: Mapping[str, str]) -> list[dict[str, str]]:
    """How a newcomer comes in, as the console shows it: for each volunteer with a link its path, their alias and their first role."""
    return [
        {"alias": person.alias, "role": person.roles[0], "path": links[person.alias]}
        for person in VOLUNTEERS
        if person.alias in links
    ]


def _credentials(data: Path) -> dict[str, str]:
    """Credentials of the simulated account, made once and kept beside the keys."""
    made = keys_of(data / "simulator")
    return {
        "TWILIO_AUTH_TOKEN": made["VIGIA_KEYS"],
        "TWILIO_API_KEY_SID": "SKsimulator0000000000000000000000a",
        "TWILIO_API_KEY_SECRET": made["VIGIA_HASH_KEY"],
    }


def _environment(web: str, simulator: str, unknown_grace: int) -> dict[str, str]:
    return {
        "VIGIA_DEMO": "true",
        "VIGIA_PUBLIC_URL": web,
        "VIGIA_SIMULATOR_URL": simulator,
        "VIGIA_LINES": LINE,
        "VIGIA_WHATSAPP_LINE": LINE,
        "VIGIA_SEGMENTS_PER_SECOND": str(DEMO_RATE),
        "VIGIA_UNKNOWN_GRACE": f"PT{unknown_grace}S",
        "VIGIA_RECOVER_EVERY": "PT3S",
        "VIGIA_FEEDS_DELAY": "PT0S",
        "VIGIA_RECOVER_GRACE": "PT3S",
        "VIGIA_LOG_LEVEL": "WARNING",
        "TWILIO_ACCOUNT_SID": SIMULATED_ACCOUNT_SID,
        "TWILIO_API_URL": simulator,
    }


def _fields(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings by field name out of an environment that is not ours but our children's."""
    return {
        name.removeprefix("VIGIA_").lower() if name.startswith("VIGIA_") else name: value for name, value in environment.items()
    }


async def _put_phones_on_the_table(simulator: str) -> None:
    """Tell the simulator of the demo's phones; those it knows stay as they are."""
    counties = load_counties("us_nc")
    phones: list[tuple[DemoPhone, str]] = [
        *((DemoPhone(v.number, v.alias, None, v.languages[-1]), v.roles[0]) for v in VOLUNTEERS),
        *((phone, "neighbour") for phone in NEIGHBOURS),
        *((phone, "subscriber") for phone in SUBSCRIBERS),
    ]
    async with httpx2.AsyncClient(base_url=f"{simulator}/simulator/api/", trust_env=False) as client:
        for phone, role in phones:
            county = counties.by_fips(phone.county).name if phone.county else ""
            answer = await client.post(
                "phones",
                json={"number": phone.number, "name": phone.name, "county": county, "language": phone.language, "role": role},
            )
            answer.raise_for_status()


async def _play(web: str, simulator: str, links: Mapping[str, str], played: int) -> int:
    def tell(step: str, state: str = "done", detail: str = "") -> None:
        if state != "doing":
            sys.stdout.write(f"{'ok  ' if state == 'done' else 'FAIL'} {step}{f'  ({detail})' if detail else ''}\n")
            sys.stdout.flush()

    try:
        whole_links = {alias: f"{web}{path}" for alias, path in links.items()}
        await tell_story("everything", simulator, web, whole_links, tell, played)
    except StoryFailed as failure:
        sys.stdout.write(f"\nThe story did not end right: {failure}\n")
        return 1
    sys.stdout.write("\nThe story ended right.\n")
    return 0


def _print_addresses(web: str, simulator: str, links: Mapping[str, str]) -> None:
    lines = [f"\n  Vigía is ready.\n\n  console     {web}/console/", f"  phones      {simulator}/simulator/", "\n  Sign in as"]
    lines += [f"    {person.page:<17} {person.alias:<6} {web}{links[person.alias]}" for person in VOLUNTEERS if person.page]
    sys.stdout.write("\n".join([*lines, "\n  Ctrl-C stops everything.\n\n"]))
    sys.stdout.flush()


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    sys.stdout.write("\n  Stopping.\n")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(first: int) -> int:
    return next(port for port in range(first, first + 100) if _is_free(port))
