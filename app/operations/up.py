"""`vigia up`: the hotline on one real machine, with real Twilio, kept running by one command."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack

from app.assembly import build_carrier
from app.operations.machine import keys_of, servers
from app.operations.supervise import Process, Supervisor, wait_until_ready
from app.settings import Settings, environment_name


async def run_up(settings: Settings, port: int) -> int:
    """Run web and worker until interrupted. Raises NotConfigured when something that sending needs is missing."""
    await build_carrier(settings).close()  # says at once what is missing
    secrets = {} if settings.keys.get_secret_value() else keys_of(settings.data)
    async with AsyncExitStack() as stack:
        environment = stack.enter_context(servers(settings)) | secrets
        supervisor = Supervisor(processes(environment, port))
        supervisor.start()
        stack.push_async_callback(supervisor.stop)
        await wait_until_ready(f"http://127.0.0.1:{port}/health/ready")
        public = settings.public_url
        sys.stdout.write(
            f"\n  Vigía is up on port {port}.\n\n  console  {public}/console/\n\n  In Twilio, for each number, set\n"
            f"    a message comes in  {public}/twilio/messages#rc=5&rp=all\n"
            f"    a call comes in     {public}/twilio/calls#rc=2&rp=all\n"
            f"    call status         {public}/twilio/calls/status#rc=5&rp=all\n\n"
            "  The first administrator: vigia invite NAME\n\n"
        )
        sys.stdout.flush()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    return 0


def processes(environment: Mapping[str, str], port: int) -> list[Process]:
    """Web and worker; the key that can send goes to the worker alone."""
    without_key = dict(environment) | {environment_name("api_key_secret"): ""}
    return [Process("web", ["web", "--port", str(port)], without_key), Process("worker", ["worker"], environment)]
