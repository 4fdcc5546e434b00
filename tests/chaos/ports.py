"""Ports for processes that are started a few seconds after the port was chosen."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def quiet_ports() -> tuple[int, int]:
    """Two free ports beside each other, below those that the kernel gives to outgoing connections, which come and go meanwhile."""
    for port in random.sample(range(20_000, 32_000, 2), 50):
        with suppress(OSError), socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", port))
            two.bind(("127.0.0.1", port + 1))
            return port, port + 1
    raise AssertionError("no two free ports beside each other in fifty tries")
