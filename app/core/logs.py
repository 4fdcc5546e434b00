"""Logging: one line an event, a static name and fields, and a last guard that masks anything shaped like a phone number."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

NUMBER_SHAPED = re.compile(
    r"(?<![\w-])(?:\+|%2B)?1?[\s.(-]{0,2}[2-9]\d{2}[\s.)-]{0,2}[2-9]\d{2}[\s.-]?\d{4}(?![\w-])", re.IGNORECASE
)
"""A North American number, with or without its +1, spaced or not. Identifiers don't match: they stand between letters or dashes."""


def set_up_logging(process: str, *, as_json: bool, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line, ours and the libraries', through one chain to `stream` (standard error by default)."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_numbers,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("procrastinate", "twilio", "asyncio", "alembic", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def mask_numbers(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what looks like a phone number in any text field: the last guard, not the first."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = NUMBER_SHAPED.sub("[number]", value)
    return event
