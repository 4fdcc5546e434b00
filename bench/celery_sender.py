"""What is usually done instead: Celery, a task a recipient, the synchronous client. `python -m celery -A bench.celery_sender worker`."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from celery import Celery
from twilio.rest import Client

celery = Celery("bench", broker=os.environ["VIGIA_REDIS_URL"])
celery.conf.update(task_ignore_result=True, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True)


@celery.task(name="send")  # type: ignore[untyped-decorator]  # celery ships no types
def send(to: str, body: str) -> None:
    """Send one text."""
    _client().messages.create(to=to, from_="+19195550100", body=body, status_callback="http://localhost/status")


@cache
def _client() -> Any:
    client = Client("SK", "secret", "ACsimulator0000000000000000000000a")
    client.api.base_url = os.environ["BENCH_CARRIER"]
    return client
