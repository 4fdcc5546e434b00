"""`vigia doctor` tries what can be tried, and says how to mend what is not well."""

from __future__ import annotations

from app.operations.doctor import _photos
from app.settings import Settings


async def test_a_folder_for_photos_that_can_be_used_is_left_empty(settings: Settings) -> None:
    assert (await _photos(settings)).well
    assert [found for found in (settings.data / "photos").rglob("*") if found.is_file()] == []  # a test may wait


async def test_a_folder_that_can_not_be_made_is_said_to_be_so(settings: Settings) -> None:
    settings.data.write_text("a file where a folder should be", encoding="utf-8")  # a test may wait for a disk
    found = await _photos(settings)

    assert not found.well and "VIGIA_DATA" in found.mend


async def test_a_bucket_that_does_not_answer_is_said_to_be_so(settings: Settings) -> None:
    away = {"photos": "s3://vigia-photos", "photos_endpoint": "http://127.0.0.1:1"}
    found = await _photos(settings.model_copy(update=away))

    assert not found.well and "VIGIA_PHOTOS" in found.mend
