"""Running an application on loopback inside this event loop: for tests, demos and rehearsals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_S: Final = 60
"""How long an idle connection is kept: longer than clients keep theirs, so that it is never closed under a request."""


def loopback_socket(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 picks a free one. Made before the application, so that its address is known first."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """The address of a listening socket: http://127.0.0.1:port."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


@asynccontextmanager
async def serving(application: ASGIApp, listener: socket.socket) -> AsyncIterator[str]:
    """Serve `application` on `listener` while the block runs; gives its address. No access log, as paths may hold numbers."""
    server = _Quiet(_config(application))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    ready = asyncio.create_task(server.started_serving.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        ready.cancel()
        await task
        message = "the application did not start"
        raise RuntimeError(message)
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        await task


def run(application: ASGIApp, listener: socket.socket) -> None:
    """Serve `application` on `listener` as this process's whole work, until SIGTERM or SIGINT."""
    uvicorn.Server(_config(application)).run(sockets=[listener])


def _config(application: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=2,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


class _Quiet(uvicorn.Server):
    """A server that tells when it serves and leaves the process's signals to whoever started it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.started_serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
