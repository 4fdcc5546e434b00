"""A phone company that takes everything at once: as little as can be, so that what is measured is the sender. It notes when each text
came."""

from __future__ import annotations

import itertools
import json
import re
import time

from starlette.types import Receive, Scope, Send

_numbers = itertools.count()
_arrivals: list[float] = []
_replies: dict[str, float] = {}
_A_REPLY = re.compile(rb"Body=(Reply-\d+)")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a POST with 201 and the JSON of an accepted message, a GET with 200 and the moments at which texts came, in seconds, and a
    DELETE with the same while forgetting them. Texts whose words are Reply-… are told apart, under /replies."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    form = b""
    while (message := await receive()).get("more_body"):
        form += message["body"]
    form += message.get("body", b"")
    if scope["method"] == "POST":
        reply = _A_REPLY.search(form)
        if reply is None:
            _arrivals.append(time.monotonic())
        else:
            _replies[reply[1].decode()] = time.monotonic()
        told = {"sid": f"SM{next(_numbers):032d}", "status": "queued", "error_code": None, "num_segments": "1"}
        await _answer(send, 201, json.dumps(told).encode())
        return
    told_of: object = _replies if scope["path"] == "/replies" else _arrivals
    await _answer(send, 200, json.dumps(told_of).encode())
    if scope["method"] == "DELETE":
        _arrivals.clear()


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
