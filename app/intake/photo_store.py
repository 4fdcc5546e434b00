"""Where photos lie: one sealed file each, in a folder of this machine or in a bucket of an S3-compatible store. Neither can read them."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from obstore.exceptions import BaseError
from obstore.store import S3Store

BUCKET_SCHEME: Final = "s3"


class StoreAway(OSError):
    """The store can't be reached now, or refuses."""


class PhotoStore(Protocol):
    """What is needed of a store. Every method may raise StoreAway or another OSError, and can then be tried again."""

    async def put(self, photo_id: UUID, sealed: bytes) -> None:
        """Keep these bytes; when this returns they survive a power cut. Whatever lay there before is replaced, whole."""
        ...

    async def get(self, photo_id: UUID) -> bytes | None:
        """The bytes, or None where there are none."""
        ...

    async def delete(self, photo_id: UUID) -> None:
        """Forget the bytes. None there is fine."""
        ...


class FolderStore:
    """Files of a folder that only our own user may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, photo_id: UUID, sealed: bytes) -> None:
        """See PhotoStore.put: written beside, flushed to the disk, then moved into place."""
        await asyncio.to_thread(self._write, self._file(photo_id), sealed)

    async def get(self, photo_id: UUID) -> bytes | None:
        """See PhotoStore.get."""
        with suppress(FileNotFoundError):
            return await asyncio.to_thread(self._file(photo_id).read_bytes)
        return None

    async def delete(self, photo_id: UUID) -> None:
        """See PhotoStore.delete."""
        await asyncio.to_thread(self._remove, self._file(photo_id))

    def _file(self, photo_id: UUID) -> Path:
        return self.folder / photo_id.hex[-2:] / f"{photo_id}.sealed"

    def _write(self, file: Path, sealed: bytes) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, beside = mkstemp(
            ".part", f"{file.stem}.", file.parent
        )  # its own name, as two workers may be at it; for our user alone
        with os.fdopen(handle, "wb") as out:
            out.write(sealed)
            out.flush()
            os.fsync(out.fileno())
        Path(beside).replace(file)
        _flush_folder(file.parent)

    def _remove(self, file: Path) -> None:
        if not file.parent.is_dir():
            return
        for left in (file, *file.parent.glob(f"{file.stem}.*.part")):  # and what a killed worker left
            left.unlink(missing_ok=True)
        _flush_folder(file.parent)


class BucketStore:
    """Objects of a bucket: AWS, MinIO, Garage, R2 or whatever else speaks S3."""

    def __init__(self, address: str, *, endpoint: str, region: str, key_id: str, secret: str) -> None:
        """`address` is s3://bucket or s3://bucket/folder; an empty `endpoint` is Amazon's own."""
        parts = urlsplit(address)
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            endpoint=endpoint or None,
            region=region,
            access_key_id=key_id,
            secret_access_key=secret,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": "30s", "connect_timeout": "5s"},
            retry_config={"max_retries": 2},
            disable_bulk_delete=True,  # not every store knows it
        )

    async def put(self, photo_id: UUID, sealed: bytes) -> None:
        """See PhotoStore.put."""
        try:
            await self._store.put_async(_name(photo_id), sealed, use_multipart=False)
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    async def get(self, photo_id: UUID) -> bytes | None:
        """See PhotoStore.get."""
        try:
            found = await self._store.get_async(_name(photo_id))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    async def delete(self, photo_id: UUID) -> None:
        """See PhotoStore.delete."""
        try:
            await self._store.delete_async(_name(photo_id))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error


def _name(photo_id: UUID) -> str:
    return f"{photo_id}.sealed"


def _flush_folder(folder: Path) -> None:
    """Have the disk know what a folder holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
