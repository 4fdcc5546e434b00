"""A sender and the phone company that it sends through."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.pacing import Pacer
from app.delivery.sender import Sender
from tests.delivery.outgoing import PhoneCompany


@pytest.fixture
def company(clock: ManualClock) -> PhoneCompany:
    return PhoneCompany(clock)


@pytest.fixture
def sender(database: Database, redis: Redis, company: PhoneCompany) -> Sender:
    return Sender(database, company, Pacer(redis, "test", None), "http://localhost/twilio/messages/status")
