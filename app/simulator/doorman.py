"""Who may come in: browsers and programs on this machine, talking to this machine. And how a connection is cut."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_CLIENTS: Final = frozenset({"127.0.0.1", "::1", "testclient"})

SECURITY_HEADERS: Final = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
}


class Doorman:
    """Turns away what doesn't come from this machine, names another host (DNS rebinding) or another site's page (forged forms)."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], any_client: bool = False) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.any_client = any_client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reason = self._objection(scope)
        if reason:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)
            return
        scope["simulator.receive"] = receive

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].startswith("/simulator"):
                held = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in SECURITY_HEADERS.items() if name not in held),
                ]
            await send(message)

        await self.app(scope, receive, send_guarded)

    def _objection(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        client = scope.get("client")
        if not self.any_client and client is not None and client[0] not in LOOPBACK_CLIENTS:
            return "The simulator only talks to this machine."
        if _host_only(headers.get("host", "")) not in self.hosts:
            return "The simulator only answers under its own name."
        origin = headers.get("origin")
        if scope["method"] not in {"GET", "HEAD"} and origin is not None and origin.partition("://")[2] != headers.get("host"):
            return "This form comes from another site."
        return ""


async def cut_connection(scope: dict[str, Any]) -> Response:
    """Drop the connection under a request, as a network does: the client gets no answer at all.

    The server's own request object holds the socket's transport; a server that hides it would send the empty answer returned here.
    """
    transport = getattr(getattr(scope.get("simulator.receive"), "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0)
    return Response(status_code=502)


def _host_only(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
