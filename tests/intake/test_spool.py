"""The spool: what is on disk is sealed, whole and in order, whatever dies or fills up."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import new_id
from app.core.keys import Keys, new_key
from app.intake.spool import Request, Spooled, Unreadable, name_of, packed, spooled, unpacked
from app.intake.spool_folder import Spool
from tests.conftest import NOON, LogBook

FORM = (("MessageSid", "SM1"), ("From", "+19195550110"), ("Body", "La migra en Durham"), ("Body", "otra vez"))
KEYS = Keys(new_key(), new_key())


def a_request(sid: str = "SM1", *, after: float = 0, told: str | None = "ok") -> tuple[str, Spooled]:
    arrived = NOON + timedelta(seconds=after)
    return name_of(KEYS, Request.TEXT, sid), spooled(Request.TEXT, FORM, arrived, new_id(), told=told)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", KEYS)


def files(spool: Spool, folder: str) -> list[Path]:
    return sorted((spool.folder / folder).iterdir())


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))))
)
def test_whatever_a_form_holds_is_read_as_it_was_written(form: list[tuple[str, str]]) -> None:
    name, entry = name_of(KEYS, Request.TEXT, "SM1"), spooled(Request.TEXT, form, NOON, new_id(), told="ok")

    assert unpacked(KEYS, name, packed(KEYS, name, entry)) == entry


def test_nothing_of_a_person_can_be_read_on_disk_and_only_the_owner_may_look(spool: Spool) -> None:
    name, entry = a_request()
    spool.keep(name, entry)

    [file] = files(spool, "waiting")
    everything = file.read_bytes() + file.name.encode()
    for clear in (b"5550110", b"migra", b"Durham", b"SM1", b"MessageSid"):
        assert clear not in everything
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: b"",
        lambda content: content[:-5],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"x" * len(content),
        lambda content: content[:14],
    ],
)
def test_a_file_that_is_harmed_goes_into_quarantine_and_keeps_no_other_waiting(
    spool: Spool, log_book: LogBook, harm: Callable[[bytes], bytes]
) -> None:
    for number in range(3):
        spool.keep(*a_request(f"SM{number}", after=number))
    second = spool.folder / "waiting" / name_of(KEYS, Request.TEXT, "SM1")
    second.write_bytes(harm(second.read_bytes()))

    assert [name for name, _ in spool.waiting()] == [name_of(KEYS, Request.TEXT, sid) for sid in ("SM0", "SM2")]
    assert [file.name for file in files(spool, "quarantine")] == [second.name]
    assert spool.state(NOON).quarantined == 1
    assert "spool_quarantined" in log_book.text.getvalue()


def test_what_was_put_aside_is_forgotten_after_its_time_and_not_before(spool: Spool) -> None:
    for sid, after in (("SM1", 0), ("SM2", 60)):
        name, entry = a_request(sid, after=after)
        spool.keep(name, entry)
        spool.quarantine(name, "a test")

    assert spool.forget(NOON + timedelta(seconds=30)) == 1
    assert [file.name for file in files(spool, "quarantine")] == [a_request("SM2")[0]]


def test_a_renamed_file_a_foreign_file_and_a_file_of_another_ring_do_not_open(spool: Spool) -> None:
    spool.keep(*a_request("SM1"))
    spool.keep(*a_request("SM2"))
    one, two = files(spool, "waiting")
    one.rename(one.with_name(name_of(KEYS, Request.TEXT, "SM3")))
    (spool.folder / "waiting" / "notes.txt").write_text("hello", encoding="utf-8")
    with pytest.raises(Unreadable):
        unpacked(Keys(new_key(), new_key()), two.name, two.read_bytes())

    assert [name for name, _ in spool.waiting()] == [two.name]
    assert len(files(spool, "quarantine")) == 2


def test_what_waits_comes_out_in_the_order_in_which_it_came(spool: Spool) -> None:
    for number in (3, 1, 2, 0):
        spool.keep(*a_request(f"SM{number}", after=number))
    same = [a_request(f"SM{number}", after=9) for number in range(4, 8)]
    for name, entry in reversed(same):
        spool.keep(name, entry)

    expected = [name_of(KEYS, Request.TEXT, f"SM{number}") for number in range(8)]
    assert [name for name, _ in spool.waiting()] == expected


def test_a_copy_hears_what_the_first_was_told(spool: Spool) -> None:
    first, copy = a_request(told="first"), a_request(told="second", after=4)

    assert [spool.keep(*first).told, spool.keep(*copy).told] == ["first", "first"]
    assert len(files(spool, "waiting")) == 1


def test_the_file_and_its_name_have_reached_the_disk_when_keeping_returns(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.probe()
    synced: list[str] = []
    really = os.fsync

    def watched(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        where = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(f"{kind} {where.parent.name if kind == 'file' else where.name}, {len(files(spool, 'waiting'))} waiting")
        really(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    spool.keep(*a_request())

    assert synced == ["file writing, 0 waiting", "folder waiting, 1 waiting"]


@pytest.mark.parametrize("failing", ["fsync", "write", "replace"])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    spool.probe()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(
        *{"fsync": (os, "fsync", full), "write": (os, "fdopen", full), "replace": (Path, "replace", full)}[failing]
    )
    with pytest.raises(OSError, match="no space"):
        spool.keep(*a_request())
    state = spool.state(NOON)
    monkeypatch.undo()

    assert (state.waiting, state.writable) == (0, failing == "replace")
    assert files(spool, "waiting") == files(spool, "writing") == []
    assert spool.state(NOON).writable


def test_only_one_replays_at_a_time_and_a_dead_one_lets_go(tmp_path: Path) -> None:
    one, two = Spool(tmp_path, KEYS), Spool(tmp_path, KEYS)
    with one.replaying() as mine, two.replaying() as also:
        assert (mine, also) == (True, False)
    child = os.fork()
    if not child:  # pragma: no cover  # it dies holding the lock
        with one.replaying():
            os._exit(0)
    os.waitpid(child, 0)
    with two.replaying() as now:
        assert now


def test_how_deep_and_how_old_it_is(spool: Spool) -> None:
    for number in range(3):
        spool.keep(*a_request(f"SM{number}", after=number))
    state = spool.state(NOON + timedelta(seconds=60))

    assert (state.waiting, round(state.oldest_seconds), state.quarantined, state.writable) == (3, 60, 0, True)
    assert not spool.is_empty()


def test_a_folder_that_is_none_holds_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    spool = Spool(tmp_path / "file", KEYS)

    assert spool.is_empty()
    with pytest.raises(FileExistsError):
        spool.keep(*a_request())
    assert not spool.state(NOON).writable


def test_many_look_at_once_whether_it_can_be_written_to(spool: Spool) -> None:
    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(lambda _: spool.state(NOON), range(40)))

    assert all(state.writable for state in states)
