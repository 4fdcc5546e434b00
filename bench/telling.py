"""A worker's sending as a process: `python -m bench.telling URL RATE` (0: as fast as it goes) says "ready", sends until a line comes in,
and prints the most memory that it took, in megabytes, and the seconds of processor time."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys

from app.core.live import Listener, Topic
from app.core.redis_client import connect_redis
from app.delivery.pacing import Pacer
from app.delivery.sender import Sender
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.rest import TwilioRest
from bench.audience import open_database
from bench.memory import peak_megabytes


async def _tell(url: str, rate: float | None) -> None:
    database, redis = open_database(os.environ), connect_redis(os.environ["VIGIA_REDIS_URL"])
    carrier = TwilioRest("ACsimulator0000000000000000000000a", "SK", "secret", "+19195550100", api_url=url)
    pacer, stops = Pacer(redis, "bench", rate), WaitingStops(redis, database.keys)
    sender = Sender(database, carrier, pacer, "http://localhost/twilio/messages/status", who_waits_to_stop=stops.among)
    listener, stopping = Listener(redis), asyncio.Event()
    listening = asyncio.create_task(listener.run())
    sending = asyncio.create_task(sender.run(stopping, listener.on(Topic.OUTBOX)))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    stopping.set()
    await sending
    listening.cancel()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"megabytes": peak_megabytes(), "processor": used.ru_utime + used.ru_stime}))
    await carrier.close()
    await redis.aclose()
    await database.close()


if __name__ == "__main__":
    asyncio.run(_tell(sys.argv[1], float(sys.argv[2]) or None))
