"""Links in a broadcast: https only, to hosts that an administrator listed, none that hides where it leads. Pure; hosts are data."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

SHORTENERS: Final = frozenset(
    {
        "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "rb.gy", "tiny.cc", "lnkd.in",
        "s.id", "shorturl.at", "t.ly", "bl.ink", "tr.im", "v.gd", "soo.gd", "adf.ly", "j.mp", "fb.me", "youtu.be", "wa.me", "dub.sh",
        "short.io", "qr.ae", "x.co", "shrtco.de", "clck.ru", "mcaf.ee", "trib.al", "dlvr.it", "snip.ly", "1url.com", "lc.chat",
    }
)  # fmt: skip
"""Hosts that lead elsewhere. Carriers filter texts that hold them (Twilio error 30007), and nobody can see where they lead."""

HOST: Final = re.compile(r"(?=.{4,120}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
"""A host's name as it is listed: small letters, no port, no other alphabet's look-alikes."""

LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://\S+|\bwww\.\S+|(?<![\w@])(?:[^\W_]+(?:-+[^\W_]+)*\.)+[^\W\d_]{2,24}\b(?:[:/]\S*)?", re.IGNORECASE
)
"""What phones make a link of: also "example.org" alone, and letters of any alphabet."""

TRAILING: Final = ".,;:!?)\"'»”"


def links_of(words: str) -> list[str]:
    """Everything in a text that a phone would make a link of, without the marks after it."""
    return [found[0].rstrip(TRAILING) for found in LINK.finditer(words)]


def is_allowed(link: str, hosts: Collection[str]) -> bool:
    """Whether a link is https and leads to one of `hosts`, by that very name, with no port and no name before an @."""
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return False
    plain = port is None and parts.username is None and "\\" not in link
    return parts.scheme == "https" and plain and parts.netloc.lower() in hosts and parts.netloc.lower() not in SHORTENERS


def link_problem(words: str, hosts: Collection[str]) -> str | None:
    """What is wrong with the links of a text, as a code that the console explains; None where nothing is."""
    for link in links_of(words):
        if _leads_to(link).removeprefix("www.") in SHORTENERS:
            return "short_link"
        if not is_allowed(link, hosts):
            return "link_not_listed"
    return None


def without_links(words: str, hosts: Collection[str]) -> str:
    """The text without its allowed links, whose letters and digits are nobody's plate or number."""
    for link in links_of(words):
        if is_allowed(link, hosts):
            words = words.replace(link, " ")
    return words


def host_of(typed: str) -> str | None:
    """The host that an administrator means by a name or a link; None where it is none or hides where it leads."""
    bare = typed.strip().lower()
    host = _leads_to(bare) if "://" in bare else bare.rstrip("/")
    return host if HOST.fullmatch(host) and host.removeprefix("www.") not in SHORTENERS else None


def _leads_to(link: str) -> str:
    try:
        return urlsplit(link if "://" in link else f"https://{link}").netloc.lower()
    except ValueError:
        return ""
