"""A phone company that takes everything at once: as little as can be, so that what is measured is the sender."""

from __future__ import annotations

import itertools
import json

from starlette.types import Receive, Scope, Send

_numbers = itertools.count()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a GET with 200 and a POST with 201 and the JSON of an accepted message."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    body = json.dumps({"sid": f"SM{next(_numbers):032d}", "status": "queued", "error_code": None, "num_segments": "1"}).encode()
    status = 201 if scope["method"] == "POST" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
