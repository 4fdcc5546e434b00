"""A phone company that takes everything at once: as little as can be, so that what is measured is the sender. It notes when each text
came."""

from __future__ import annotations

import itertools
import json
import time

from starlette.types import Receive, Scope, Send

_numbers = itertools.count()
_arrivals: list[float] = []


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a POST with 201 and the JSON of an accepted message, a GET with 200 and the moments at which texts came, in seconds, and a
    DELETE with the same while forgetting them."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    if scope["method"] == "POST":
        _arrivals.append(time.monotonic())
        told = {"sid": f"SM{next(_numbers):032d}", "status": "queued", "error_code": None, "num_segments": "1"}
        await _answer(send, 201, json.dumps(told).encode())
        return
    await _answer(send, 200, json.dumps(_arrivals).encode())
    if scope["method"] == "DELETE":
        _arrivals.clear()


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
