"""Pictures and sounds in a text: what a phone attached, or what a client asked to be attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from mimetypes import guess_type
from typing import Final
from urllib.parse import urlsplit

MOST_MEDIA: Final = 10
LARGEST_MMS: Final = 5 * 1024 * 1024
LARGEST_WHATSAPP: Final = 16 * 1024 * 1024
"""Bytes of one file (https://www.twilio.com/docs/messaging/guides/accepted-mime-types)."""


class TooMuchMedia(ValueError):
    """More files, or larger ones, than a phone can send."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a person attached. The content type is what their phone says it is."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Media:
    """One file of a text. A client's own has no `content` here but the address that it was given as, its `source`."""

    sid: str
    parent_sid: str
    content_type: str
    created: datetime
    content: bytes = b""
    source: str = ""


def checked_attachments(attachments: Sequence[Attachment], largest: int) -> tuple[Attachment, ...]:
    """The attachments, if a phone could send them. Raises `TooMuchMedia`."""
    if len(attachments) > MOST_MEDIA:
        message = f"a text holds at most {MOST_MEDIA} files"
        raise TooMuchMedia(message)
    if any(len(attachment.content) > largest for attachment in attachments):
        message = f"a file has at most {largest // 1024 // 1024} MB"
        raise TooMuchMedia(message)
    return tuple(attachments)


def type_of_address(url: str) -> str:
    """The content type that the name in an address speaks of."""
    return guess_type(urlsplit(url).path)[0] or "application/octet-stream"
