"""Bytes from a stranger's phone: what comes out of the darkroom is a plain picture, or nothing."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from app.intake import darkroom
from app.intake.darkroom import LONGEST_SIDE, NoPicture, develop, develop_apart
from tests.pictures import DURHAM_POINT, a_picture, opened


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF"])
async def test_whatever_kind_a_phone_sends_becomes_a_plain_jpeg(kind: str) -> None:
    made = await develop_apart(a_picture(kind))

    plain = opened(made.picture)
    assert (plain.format, plain.size, plain.mode) == ("JPEG", (320, 240), "RGB")
    red, _, blue = plain.getpixel((10, 10))  # type: ignore[misc]  # an RGB picture has three
    assert red > 200 and blue < 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_the_place_is_read_and_nothing_of_the_files_own_data_is_left(kind: str) -> None:
    made = await develop_apart(a_picture(kind, point=DURHAM_POINT))

    assert made.point == DURHAM_POINT
    for picture in (made.picture, made.glimpse):
        plain = opened(picture)
        assert dict(plain.getexif()) == {}
        assert set(plain.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert b"A phone of somebody" not in picture and b"Exif" not in picture


async def test_a_place_south_and_east_is_read_with_its_signs() -> None:
    assert (await develop_apart(a_picture(point=(-33.5, 151.25)))).point == (-33.5, 151.25)


async def test_a_picture_that_was_taken_upright_stands_upright() -> None:
    plain = opened((await develop_apart(a_picture(turned=True))).picture)

    assert plain.size == (240, 320)
    red, _, blue = plain.getpixel((120, 20))  # type: ignore[misc]  # an RGB picture has three
    assert red > 200 and blue < 60  # the red left half is on top now


async def test_only_the_first_frame_is_kept() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "green")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])

    plain = opened((await develop_apart(out.getvalue())).picture)
    assert getattr(plain, "n_frames", 1) == 1
    assert plain.getpixel((20, 20))[0] > 200  # type: ignore[index]  # an RGB picture has three


async def test_what_is_hidden_after_the_end_of_a_picture_is_gone() -> None:
    made = await develop_apart(a_picture() + b"PK\x03\x04 hidden")

    assert b"hidden" not in made.picture


async def test_a_glimpse_shows_colours_and_no_more() -> None:
    made = await develop_apart(a_picture(size=(3000, 2000)))

    assert max(opened(made.glimpse).size) == darkroom.GLIMPSE_SIDE
    assert max(opened(made.picture).size) == LONGEST_SIDE


def a_bomb(width: int, height: int) -> bytes:
    """A PNG that claims to be huge and is small, without ever being unpacked here."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


HOSTILE = {
    "a bomb": a_bomb(50_000, 50_000),
    "a bomb just above what is taken": a_bomb(10_000, 5_001),
    "nothing": b"",
    "noise": bytes(range(256)) * 40,
    "a document": b"%PDF-1.7\n1 0 obj\n",
    "a page": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a program of PostScript, which Pillow would have run": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    "half a picture": a_picture(size=(1200, 900))[:2_000],
    "half a picture of an iPhone": a_picture("HEIF", (1200, 900))[:600],
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_picture_or_a_hostile_one_is_refused(content: bytes) -> None:
    with pytest.raises(NoPicture):
        await develop_apart(content)
    with pytest.raises(NoPicture):
        develop(content)


async def test_a_file_that_gets_the_darkroom_killed_is_no_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nkill -SEGV $$\n", encoding="utf-8")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))

    with pytest.raises(NoPicture):
        await develop_apart(a_picture())


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
async def test_a_machine_that_stops_everything_is_no_verdict_on_a_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    stopped = tmp_path / "python"
    dies = f"import os, signal\nsignal.signal(signal.{name}, signal.SIG_DFL)\nos.kill(os.getpid(), signal.{name})\n"
    stopped.write_text(f"#!{sys.executable}\n{dies}", encoding="utf-8")  # also where the tests run with hang-ups ignored
    stopped.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stopped))

    with pytest.raises(RuntimeError):
        await develop_apart(a_picture())


async def test_a_darkroom_that_does_not_work_is_no_verdict_on_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(RuntimeError):
        await develop_apart(a_picture())


def test_the_darkroom_gets_little_memory_and_no_files() -> None:
    """Confined as its own process is, it can neither take two gigabytes nor write a byte to a disk."""
    greedy = (
        "from app.intake.darkroom import _confine\n"
        "_confine()\n"
        "import tempfile\n"
        "try:\n    bytearray(2_000_000_000)\n    print('took it')\nexcept MemoryError:\n    print('no memory')\n"
        "try:\n    f = open(tempfile.gettempdir() + '/vigia-darkroom-probe', 'wb', buffering=0)\n    f.write(b'x')\n    print('wrote')\n"
        "except OSError:\n    print('no file')\n"
    )
    said = subprocess.run([sys.executable, "-c", greedy], capture_output=True, text=True, check=False)

    assert said.stdout.splitlines() == ["no memory", "no file"]
