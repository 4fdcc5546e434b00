"""The darkroom: bytes from a stranger's phone become a plain picture, or are said to be none.

Decoders of pictures are where hostile files do harm, so they run in a process of their own, without keys, without a database, and with
little memory and time; if the file gets it killed, the file was no picture. What comes out was drawn anew from the pixels: no metadata, no
second frame, nothing hidden after the end. Only the point that the file's own data names is read first, and handed over beside it.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import pillow_heif
from PIL import ExifTags, Image, ImageOps

READ: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF")
"""The kinds of picture that phones send and that are opened. None of them runs anything or fetches anything."""

MOST_PIXELS: Final = 50_000_000
"""The largest phone cameras make 50 million; whatever claims more is refused before it is unpacked."""

LONGEST_SIDE: Final = 2560
"""Pixels: enough to read what a jacket says; larger pictures are made smaller."""

QUALITY: Final = 85
GLIMPSE_SIDE: Final = 12
"""Pixels of the picture that stands blurred for the whole: colours and no more."""

MEMORY_BYTES: Final = 1_500_000_000
CPU_SECONDS: Final = 20
GENTLY: Final = 10
PATIENCE_SECONDS: Final = 45.0

PICTURE_TYPE: Final = "image/jpeg"

NO_PICTURE: Final = 65
"""Exit status of the darkroom's own process when there is no picture (EX_DATAERR of sysexits.h)."""

STOPPED: Final = frozenset({-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
"""How its process ends when somebody stops the worker with everything under it, as systemd and Ctrl-C do: no doing of the file's."""


class NoPicture(ValueError):
    """These bytes can't be opened as a picture, or are not worth the risk."""


@dataclass(frozen=True)
class Developed:
    """A plain JPEG, the few pixels that stand for it, and the point (latitude, longitude) where its file says that it was taken."""

    picture: bytes
    glimpse: bytes
    point: tuple[float, float] | None = None


async def develop_apart(content: bytes) -> Developed:
    """`develop`, in a process of its own. Raises NoPicture, also when that process is killed or takes too long, and RuntimeError when it
    does not work at all."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.intake.darkroom",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", "")},  # none of our secrets
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            given, _ = await child.communicate(content)
    except TimeoutError:
        raise NoPicture("it took too long") from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode in STOPPED:
        raise RuntimeError(f"the darkroom was stopped: it ended with {child.returncode}")
    if child.returncode == NO_PICTURE or (child.returncode or 0) < 0:  # below zero: killed, by the file's doing
        raise NoPicture(f"the darkroom ended with {child.returncode}")
    if child.returncode != 0:
        raise RuntimeError(f"the darkroom can't work: it ended with {child.returncode}")
    head, _, rest = given.partition(b"\n")
    facts = json.loads(head)
    size = int(facts["picture"])
    return Developed(rest[:size], rest[size:], tuple(facts["point"]) if facts["point"] else None)


def develop(content: bytes) -> Developed:
    """The picture in these bytes: its first frame, upright, without metadata, at most LONGEST_SIDE pixels long. Raises NoPicture."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(io.BytesIO(content), formats=READ) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NoPicture("too many pixels")
            point = _point_of(opened)
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is unpacked at the size that is wanted
            upright = ImageOps.exif_transpose(opened)
            plain = _on_white(upright)
        plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        glimpse = plain.copy()
        glimpse.thumbnail((GLIMPSE_SIDE, GLIMPSE_SIDE))
        return Developed(_as_jpeg(plain), _as_jpeg(glimpse), point)
    except NoPicture:
        raise
    except Exception as error:  # decoders raise nearly anything on what they don't like
        raise NoPicture(type(error).__name__) from error


def _on_white(picture: Image.Image) -> Image.Image:
    """The pixels alone, on white where they can be seen through."""
    plain = Image.new("RGB", picture.size, "white")
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        plain.paste(seen, mask=seen.getchannel("A"))
    else:
        plain.paste(picture.convert("RGB"))
    return plain


def _as_jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _point_of(picture: Image.Image) -> tuple[float, float] | None:
    """Where the file says that it was taken (EXIF GPS, degrees, minutes and seconds with a hemisphere), or None."""
    try:
        gps: dict[int, Any] = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S")
        longitude = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W")
    except Exception:  # noqa: BLE001  # a file's data may be any nonsense; then it names no place
        return None
    here = -90 <= latitude <= 90 and -180 <= longitude <= 180 and (latitude, longitude) != (0, 0)
    return (round(latitude, 5), round(longitude, 5)) if here else None


def _degrees(parts: Any, hemisphere: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if hemisphere.strip("\x00 ").upper() == negative else value


def _confine() -> None:
    """Little memory, little time, no files, before the first foreign byte is read. A system that lacks one of these limits goes without."""
    with suppress(OSError):
        os.nice(GENTLY)  # texts come before photos
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


def _main() -> None:
    """Bytes in; a line of JSON, the picture and the glimpse out. Exit status NO_PICTURE when there is none."""
    _confine()
    try:
        made = develop(sys.stdin.buffer.read())
    except NoPicture:
        sys.exit(NO_PICTURE)
    head = json.dumps({"picture": len(made.picture), "point": made.point})
    sys.stdout.buffer.write(head.encode() + b"\n" + made.picture + made.glimpse)


if __name__ == "__main__":
    _main()
