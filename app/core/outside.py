"""Requests to addresses that somebody else chose: never into our own network (server-side request forgery).

The name is resolved once, every address that it has is judged, and the connection goes to a judged one, so that a name can't turn into
another address between the check and the use. No redirect is followed, no proxy is asked, no answer is read.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

from app.core.errors import BadInput

TIMEOUT_SECONDS: Final = 10.0
NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: IPv4 addresses in the clothes of IPv6."""


def check_address(url: str, *, private: bool) -> SplitResult:
    """The parts of an https address without a user or password; with `private`, http as well. Raises BadInput."""
    parts = urlsplit(url)
    try:
        allowed = bool(parts.hostname) and parts.port != 0
    except ValueError:
        allowed = False
    if not allowed or parts.scheme not in ({"https", "http"} if private else {"https"}):
        raise BadInput("The address must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise BadInput("The address must not hold a user or a password.")
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not this machine, not a private network, not link-local, not multicast, and no
    such IPv4 address inside an IPv6 one."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found in NAT64 or found.sixtofour is not None or found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


async def post_outside(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> int:
    """POST to an address that somebody else chose; returns the status. `private` lets it be on our own network, for rehearsals. Raises
    BadInput where it may not be asked, OSError or httpx2.HTTPError where it could not."""
    parts = check_address(url, private=private)
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(is_public(address) for address in addresses):
        raise BadInput("The address leads into a private network.")
    target = httpx2.URL(url).copy_with(host=addresses[0], fragment=None)
    named = dict(headers) | {"Host": parts.netloc}
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
        asyncio.timeout(TIMEOUT_SECONDS * 2),
        client.stream("POST", target, content=body, headers=named, extensions={"sni_hostname": host}) as answer,
    ):
        return int(answer.status_code)
