"""Both places where photos may lie keep the same promises: a folder, and a bucket of an S3-compatible store over real HTTP."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.intake.photo_store import BucketStore, FolderStore, PhotoStore, StoreAway
from app.simulator.server import address_of, loopback_socket, serving
from tests.bucket import Bucket

NAME = "photos-of-a-hotline"


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(NAME, key_id="GK31c2f218a2e44f485b94239e", secret="a secret of the bucket")


@pytest.fixture(params=["folder", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> AsyncIterator[PhotoStore]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "photos")
        return
    socket = loopback_socket()
    async with serving(bucket, socket):
        yield bucket_store(address_of(socket), bucket.secret)


def bucket_store(endpoint: str, secret: str) -> BucketStore:
    given = os.environ.get("VIGIA_TEST_S3")
    key_id = "GK31c2f218a2e44f485b94239e"
    return BucketStore(f"s3://{NAME}/sealed", endpoint=given or endpoint, region="us-east-1", key_id=key_id, secret=secret)


async def test_what_was_put_is_got_until_it_is_deleted(store: PhotoStore) -> None:
    first, second = uuid4(), uuid4()
    await store.put(first, b"one")
    await store.put(second, b"two" * 2_000_000)
    await store.put(first, b"one again")

    assert await store.get(first) == b"one again"
    assert await store.get(second) == b"two" * 2_000_000
    for _ in range(2):
        await store.delete(first)
    assert await store.get(first) is None
    assert await store.get(second) is not None


async def test_what_was_never_put_is_not_there_and_can_be_deleted(store: PhotoStore) -> None:
    assert await store.get(UUID(int=1)) is None
    await store.delete(UUID(int=1))


async def test_a_bucket_that_is_away_or_refuses_is_tried_again_later(bucket: Bucket) -> None:
    socket = loopback_socket()
    async with serving(bucket, socket):
        for store in (bucket_store(address_of(socket), "another secret"), bucket_store("http://127.0.0.1:1", bucket.secret)):
            for act in (store.put(UUID(int=1), b"x"), store.get(UUID(int=1)), store.delete(UUID(int=1))):
                with pytest.raises(StoreAway):
                    await act


async def test_a_file_that_a_killed_worker_left_half_written_is_no_photo_and_goes_with_it(tmp_path: Path) -> None:
    folder, which = FolderStore(tmp_path), uuid4()
    await folder.put(which, b"whole")
    file = tmp_path / which.hex[-2:] / f"{which}.sealed"
    left = file.with_name(f"{which}.abc123.part")
    left.write_bytes(b"wh")

    assert await folder.get(which) == b"whole"
    await folder.delete(which)
    assert not left.exists() and not file.exists()


async def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, which = FolderStore(tmp_path), uuid4()
    await folder.put(which, b"before")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await folder.put(which, b"after")
    assert await folder.get(which) == b"before"
