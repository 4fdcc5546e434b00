"""The doctor looks whether texts could be kept while the database is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.operations.doctor import Finding, examine


async def finding(monkeypatch: pytest.MonkeyPatch, spool: Path) -> Finding:
    monkeypatch.setenv("VIGIA_SPOOL", str(spool))
    [found] = [one for one in await examine() if one.what == "spool"]
    return found


async def test_a_folder_that_can_be_written_to_is_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert (await finding(monkeypatch, tmp_path / "spool")).well


async def test_a_folder_that_is_none_and_a_quarantine_are_named_with_their_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "spool" / "quarantine").mkdir(parents=True)
    (tmp_path / "spool" / "quarantine" / "ab12").write_bytes(b"x")
    no_folder = await finding(monkeypatch, tmp_path / "file")
    quarantine = await finding(monkeypatch, tmp_path / "spool")

    assert not no_folder.well and "VIGIA_SPOOL" in no_folder.mend
    assert not quarantine.well and "move it back" in quarantine.mend
