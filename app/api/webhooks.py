"""Webhooks to partner organizations, signed by the Standard Webhooks scheme (standardwebhooks.com, specification 1.0).

They say what a county was told, in the words that two people signed, and nothing else. A partner that is away is asked again for hours; one
that fails all the time, or answers 410, is told no more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

import httpx2
import structlog

from app.core.database import Database
from app.core.errors import BadInput
from app.core.outside import post_outside
from app.records.alerts import TELLING, Alert, alert, references_of
from app.records.incidents import Incident, incident
from app.records.partners import SECRET_PREFIX, Partner, note_failure, note_success, open_sealed, partner
from app.records.states import IncidentState

log = structlog.get_logger(__name__)

STILL_TRUE: Final = (IncidentState.CONFIRMED, IncidentState.GONE)


class PartnerAway(RuntimeError):
    """A partner did not take a webhook; the job is tried again."""


async def tell_partner(database: Database, partner_id: UUID, alert_id: UUID, *, private: bool, exercise: bool) -> None:
    """Tell one partner of one alert. Done twice it sends the same id twice, by which the partner knows. An alert that is over, or no longer
    true, is not told. Raises PartnerAway."""
    async with database.transaction() as work:
        told = await work.get(Alert, alert.c.id == alert_id)
        whom = await work.get(Partner, partner.c.id == partner_id)
        if told is None or whom is None or whom.disabled_at is not None:
            return
        if told.exercise:  # practice is nobody's business outside
            return
        about = await work.get(Incident, incident.c.id == told.incident_id)
        stale = told.expires_at <= work.now or about is None or about.state not in STILL_TRUE
        if told.type in TELLING and stale:
            return
        earlier = (await references_of(work, [told.id])).get(told.id, [])
        url, secret = open_sealed(work, whom)
        now = work.now
    body = message_of(told, earlier, exercise=exercise)
    headers = signed_headers(secret, str(told.id), now, body) | {"Content-Type": "application/json", "User-Agent": "Vigia"}
    try:
        status = await post_outside(url, body, headers, private=private)
    except (httpx2.HTTPError, OSError, BadInput) as error:  # a name that leads inwards today may be mended by tomorrow
        status, why = 0, type(error).__name__
    else:
        why = str(status)
    async with database.transaction() as work:
        if 200 <= status < 300:
            await note_success(work, partner_id)
            return
        await note_failure(work, partner_id, for_good=status == HTTPStatus.GONE)
    log.warning("partner_not_told", partner=str(partner_id), why=why)
    if status != HTTPStatus.GONE:
        raise PartnerAway(why)


def message_of(told: Alert, earlier: Sequence[Alert], *, exercise: bool) -> bytes:
    """The body: a type, the instant, and what the county was told; `references` is the code of the newest alert that this updates, takes
    back or closes, `references_all` those of all, the newest first."""
    assert told.approved_at is not None  # jobs are made where an alert is approved
    return json.dumps(
        {
            "type": f"alert.{told.type}",
            "timestamp": told.approved_at.isoformat(),
            "data": {
                "code": told.code,
                "references": earlier[0].code if earlier else None,
                "references_all": [one.code for one in earlier],
                "county": told.county,
                "texts": told.texts,
                "expires_at": told.expires_at.isoformat(),
                "exercise": exercise,
            },
        },
        ensure_ascii=False,
    ).encode()


def signed_headers(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` under the bytes of the secret. `now` is aware."""
    seconds = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, b".".join((message_id.encode(), seconds.encode(), body)), hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
