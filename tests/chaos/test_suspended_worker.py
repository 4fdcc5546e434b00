"""A worker is suspended (SIGSTOP) at every await of claim, send and record, for longer than its claims last. Meanwhile another takes over;
then the first goes on where it stood, and nobody gets a second copy."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import signal
from datetime import timedelta

import psutil
import pytest

from app.delivery.reconcile import reconcile
from app.records.deliveries import Lane
from tests.chaos.sending_process import NEVER_SLEPT, live_with_a_sleep
from tests.chaos.test_sending_dies_everywhere import A_WHILE, World, world

__all__ = ["world"]

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]

PATIENCE = 60.0
FEWEST_AWAITS = 20


async def test_a_worker_that_wakes_after_its_claims_are_over_sends_no_second_copy(world: World) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.chaos.sending_process"])
    for n in itertools.count(1):
        words = f"Text {n} to two phones"
        message = await world.plan(Lane.ALERT, words)
        process = processes.Process(target=live_with_a_sleep, args=(world.settings, n))
        process.start()
        await asleep_or_gone(process)
        await world.exchange.settled()
        await take_over(world)
        if process.exitcode is None and process.pid is not None:
            os.kill(process.pid, signal.SIGCONT)
        await asyncio.to_thread(process.join)
        await world.recover(message)

        assert world.copies(words) == [1, 1], n
        assert process.exitcode in {0, NEVER_SLEPT}
        if process.exitcode == NEVER_SLEPT:
            break

    assert n > FEWEST_AWAITS


async def asleep_or_gone(process: multiprocessing.process.BaseProcess) -> None:
    """Return when the process stands still, or has ended."""
    assert process.pid is not None
    watched = psutil.Process(process.pid)
    async with asyncio.timeout(PATIENCE):
        while process.exitcode is None:
            try:
                if watched.status() == psutil.STATUS_STOPPED:
                    return
            except psutil.NoSuchProcess:
                return
            await asyncio.sleep(0.02)


async def take_over(world: World) -> None:
    """Another worker, a while later, sends what it can have and settles what is in doubt. What the sleeper has locked is free soon."""
    world.late = A_WHILE
    async with world.worker() as (database, carrier, sender), asyncio.timeout(PATIENCE):
        for _ in range(2):
            await reconcile(database, carrier, timedelta(0))
            await sender.send_some()
    world.late = timedelta(0)
    await world.exchange.settled()
