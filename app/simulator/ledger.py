"""The books of the phone company: what became of every text and call, for a test to count. Deleted texts stay in them.

`/simulator/api/ledger/outbound` tells how many copies of each text were accepted and arrived; `/simulator/api/ledger/inbound` what
the hotline answered to each SID; `/simulator/api/ledger` the sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urldefrag, urlsplit

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from app.simulator.calls import Call
from app.simulator.exchange import Exchange
from app.simulator.messages import Direction, Message, Status


def ledger(exchange: Exchange) -> APIRouter:
    """The routes of /simulator/api/ledger."""
    router = APIRouter(prefix="/simulator/api/ledger")

    @router.get("")
    async def sums() -> dict[str, Any]:
        return {**sums_of(exchange.ledger.values()), "calls": len(exchange.calls), "faults": dict(exchange.faults.happened)}

    @router.get("/outbound")
    async def outbound(number: str | None = None, copies: Annotated[int, Query(ge=1)] = 1) -> Response:
        rows = sent_to_each(message for message in exchange.ledger.values() if number in {None, message.to})
        return JSONResponse([row for row in rows if row["copies"] >= copies])

    @router.get("/inbound")
    async def inbound(number: str | None = None) -> Response:
        rows = [*map(_text_row, exchange.ledger.values()), *map(_call_row, exchange.calls.values())]
        return JSONResponse([row for row in rows if row is not None and number in {None, row["from"]}])

    return router


def sums_of(messages: Iterable[Message]) -> dict[str, Any]:
    """Texts by status and by error code, copies beyond the first, and how the hotline answered webhooks and callbacks."""
    outbound = [message for message in messages if message.direction is not Direction.INBOUND]
    inbound = [message for message in messages if message.direction is Direction.INBOUND]
    asked = [message for message in outbound if message.direction is Direction.API]
    rows = sent_to_each(asked)
    return {
        "accepted": len(asked),
        "texts": len(rows),
        "doubled": sum(row["copies"] > 1 for row in rows),
        "arrived": sum(row["arrived"] for row in rows),
        "status": dict(Counter(message.status.value for message in asked)),
        "error_code": dict(Counter(str(message.error_code) for message in asked if message.error_code is not None)),
        "replies": sum(message.direction is Direction.REPLY and not message.by_twilio for message in outbound),
        "callbacks": _answers(outbound),
        "inbound": len(inbound),
        "inbound_kept": sum(message.delivered_to_hotline for message in inbound),
        "webhooks": _answers(inbound),
    }


def sent_to_each(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """One row for each text to each number that a client asked for: copies are texts to the same number with the same body.

    `digest` stands for the body (`digest_of`), which a row no longer has once it was redacted. `callbacks` are the queries of the
    addresses that the copies are called back at: where they differ, the client meant to send the same words twice.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for message in messages:
        if message.direction is not Direction.API:
            continue
        row = rows.get((message.to, message.digest))
        if row is None:
            row = rows[message.to, message.digest] = {
                "to": message.to,
                "from": message.sender,
                "digest": message.digest,
                "body": message.body,
                "copies": 0,
                "arrived": 0,
                "sids": [],
                "status": [],
                "error_code": [],
                "callbacks": [],
                "callback_answers": [],
                "callbacks_left_out": 0,
            }
        row["copies"] += 1
        row["arrived"] += message.status is Status.DELIVERED
        row["sids"].append(message.sid)
        row["status"].append(message.status.value)
        row["error_code"].append(message.error_code)
        row["callbacks"].append(urlsplit(urldefrag(message.callback)[0]).query if message.callback else None)
        row["callback_answers"].append(dict(message.posts.answers))
        row["callbacks_left_out"] += message.posts.left_out
    return list(rows.values())


def _text_row(message: Message) -> dict[str, Any] | None:
    if message.direction is not Direction.INBOUND:
        return None
    return {
        "sid": message.sid,
        "what": "text",
        "from": message.sender,
        "to": message.to,
        "digest": message.digest,
        "kept": message.delivered_to_hotline,
        "attempts": message.posts.tries,
        "answers": message.posts.answers,
        "left_out": message.posts.left_out,
    }


def _call_row(call: Call) -> dict[str, Any] | None:
    return {
        "sid": call.sid,
        "what": "call",
        "from": call.phone,
        "to": call.line,
        "digest": "",
        "kept": call.started is not None,
        "attempts": call.posts.tries,
        "answers": call.posts.answers,
        "left_out": call.posts.left_out,
    }


def _answers(messages: Iterable[Message]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for message in messages:
        counted.update(message.posts.answers)
        if message.posts.left_out:
            counted["left out"] += message.posts.left_out
    return dict(counted)
