"""The spool on disk: what Twilio was told is kept is in a file that has reached the disk, and so has its name in the folder.

    <spool>/writing/       files that are being written; a kill leaves one here, of which nobody was told anything
    <spool>/waiting/       whole files, oldest first by the time that they carry
    <spool>/quarantine/    files that can't be read or taken in; they wait for a person and keep nobody else waiting
    <spool>/replaying      locked by the one process that replays (the kernel lets go when that dies)

All web processes and the worker of one machine share a folder. Everything here blocks, so callers run it in a thread; only `is_empty`
is quick enough to be asked for every text.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog

from app.core.keys import Keys
from app.intake.spool import Spooled, Unreadable, packed, unpacked

log = structlog.get_logger(__name__)

PROBE: Final = b"written to see whether this folder can be written to\n"
NANOSECONDS: Final = 1_000_000_000
OLD_DRAFT_SECONDS: Final = 3600


@dataclass(frozen=True)
class SpoolState:
    """How many files wait, the seconds that the oldest has waited, how many are quarantined, and whether a file can be written."""

    waiting: int
    oldest_seconds: float
    quarantined: int
    writable: bool


class Spool:
    """The folder of one machine. Files are sealed with `keys`, for their owner alone."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.folder = folder
        self._keys = keys
        self._writing, self._waiting, self._quarantine = (folder / name for name in ("writing", "waiting", "quarantine"))

    def is_empty(self) -> bool:
        """Whether nothing waits. A folder that isn't there holds nothing."""
        try:
            with os.scandir(self._waiting) as files:
                return next(files, None) is None
        except OSError:
            return True

    def keep(self, name: str, entry: Spooled) -> Spooled:
        """Put a request on disk; when this returns it survives a power cut. Returns what is there: the first copy's, when this is a second.
        Raises OSError (the disk is full, the folder can't be written to), and then nothing was kept."""
        self._make_folders()
        first = self.find(name)
        if first is not None:
            _reach_disk(self._waiting)
            return first
        draft = self._writing / f"{name}.{entry.order.hex}"
        try:
            _write(draft, packed(self._keys, name, entry))
            arrived = round(entry.received_at.timestamp() * NANOSECONDS)
            os.utime(draft, ns=(arrived, arrived))
            draft.replace(self._waiting / name)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise
        _reach_disk(self._waiting)
        return entry

    def holds(self, name: str) -> bool:
        """Whether a request waits under a name."""
        return (self._waiting / name).exists()

    def find(self, name: str) -> Spooled | None:
        """The request that waits under a name. None when there is none, or none that can be read."""
        with suppress(OSError, Unreadable):
            return unpacked(self._keys, name, (self._waiting / name).read_bytes())
        return None

    def waiting(self) -> list[tuple[str, Spooled]]:
        """Every request that waits, with its name, in the order in which they came. What can't be read goes into quarantine."""
        found = []
        for name in self._names():
            try:
                found.append((name, unpacked(self._keys, name, (self._waiting / name).read_bytes())))
            except Unreadable as error:
                self.quarantine(name, str(error))
            except FileNotFoundError:
                continue  # replayed meanwhile
        return sorted(found, key=lambda pair: (pair[1].received_at, pair[1].order))

    def remove(self, name: str) -> None:
        """A request that is on record now. One that comes back after a power cut does no harm: it is known by its SID."""
        (self._waiting / name).unlink(missing_ok=True)

    def quarantine(self, name: str, reason: str) -> None:
        """Put a file aside for a person to look at. Moving it back into `waiting` has it tried again."""
        self._make_folders()
        with suppress(FileNotFoundError):
            (self._waiting / name).replace(self._quarantine / name)
            _reach_disk(self._quarantine)
            log.error("spool_quarantined", file=name, reason=reason)

    def forget(self, before: datetime) -> int:
        """Remove what came before an instant and was put aside: words are not kept for ever because nobody looked. Returns how many."""
        gone = 0
        for name in _listed(self._quarantine):
            with suppress(OSError):
                if (self._quarantine / name).stat().st_mtime < before.timestamp():
                    (self._quarantine / name).unlink()
                    gone += 1
        if gone:
            log.warning("quarantine_forgotten", files=gone)
        return gone

    def probe(self) -> None:
        """Write a file to disk and remove it. Raises OSError when nothing could be kept here."""
        self._make_folders()
        file = self._writing / f"probe.{uuid4().hex}"
        try:
            _write(file, PROBE)
            _reach_disk(self._waiting)
        finally:
            with suppress(OSError):
                file.unlink()

    def remove_drafts(self) -> None:
        """Remove files that were being written when a process died: of none of them was Twilio told that it is kept. Those of the last
        hour may still be in somebody's hands."""
        for name in _listed(self._writing):
            with suppress(OSError):
                if (self._writing / name).stat().st_ctime < time.time() - OLD_DRAFT_SECONDS:
                    (self._writing / name).unlink()

    def state(self, now: datetime) -> SpoolState:
        """How it stands, without opening anything."""
        arrived = []
        for name in self._names():
            with suppress(OSError):
                arrived.append((self._waiting / name).stat().st_mtime)
        try:
            self.probe()
        except OSError:
            writable = False
        else:
            writable = True
        oldest = max(0.0, now.timestamp() - min(arrived)) if arrived else 0.0
        return SpoolState(len(arrived), oldest, len(_listed(self._quarantine)), writable)

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """While the block runs nobody else replays; gives False, at once, where somebody does. Raises OSError without a folder."""
        self._make_folders()
        lock = os.open(self.folder / "replaying", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(lock)

    def _names(self) -> list[str]:
        return _listed(self._waiting)

    def _make_folders(self) -> None:
        for folder in (self.folder, self._writing, self._waiting, self._quarantine):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _reach_disk(folder.parent)


def try_spool(spool: Spool) -> None:
    """Look, at the start, whether anything could be kept here, and remove what was being written when a process died. A folder that can't
    be written to is said, and shows in /health/ready; it does not keep the hotline from working with PostgreSQL."""
    try:
        spool.probe()
        spool.remove_drafts()
    except OSError as error:
        log.error("spool_not_writable", folder=str(spool.folder), error=type(error).__name__)


def _write(file: Path, content: bytes) -> None:
    """A new file whose content is on disk."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _reach_disk(folder: Path) -> None:
    """The names in a folder are on disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _listed(folder: Path) -> list[str]:
    """The files of a folder; none where it can't be read, which `probe` says."""
    try:
        return [file.name for file in folder.iterdir() if not file.name.startswith(".")]
    except OSError:
        return []
