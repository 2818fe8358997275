"""What every kind of broken or odd file does to `scenetext read`: one line and an exit code, or a reading."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.cli.main import main


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((60, 80, 3), 255, np.uint8)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def half_a_jpeg() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()[: buffer.tell() // 2]


def png(width: int, height: int) -> bytes:
    """A white 1-bit PNG, written by hand, so that none of its pixels need memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "the file is empty"),
    "text.jpg": (lambda: b"Dear reader, this is no photo.\n" * 20, "not an image in a known format"),
    "page.html": (lambda: b"<!doctype html><title>404</title>", "not an image in a known format"),
    "truncated.jpg": (half_a_jpeg, "cannot be decoded"),
    "header-only.jpg": (lambda: jpeg()[:20], "damaged header"),
    "truncated.png": (lambda: png(600, 400)[:60], "cannot be decoded"),
    "signature-only.png": (lambda: png(6, 4)[:8], "damaged header"),
    "no-pixels.png": (lambda: png(0, 4), "pixels|damaged header"),
    "gigantic.png": (lambda: png(30_000, 30_000), "30000 x 30000 is 900.0 megapixels, over the limit of 100"),
}

ODD: dict[str, Callable[[], bytes]] = {
    "one-pixel.png": lambda: png(1, 1),
    "wide.png": lambda: png(4000, 1),
    "tall.png": lambda: png(1, 4000),
    "bad-exif.jpg": lambda: jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09junk"),
    "no-exif.jpg": lambda: jpeg(exif=b"Exif\0\0"),
    "text-after-the-end.jpg": lambda: jpeg() + b"and then some",
}


@pytest.fixture
def read(
    toy_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> Callable[..., tuple[int, str, str]]:
    def run(*names: str) -> tuple[int, str, str]:
        code = main(
            ["read", "--model", str(toy_model), "--threads", "1", *(str(tmp_path / n) for n in names)]
        )
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_file_is_one_line_and_code_1(name: str, read: Callable, tmp_path: Path) -> None:
    make, reason = BROKEN[name]
    (tmp_path / name).write_bytes(make())
    code, out, err = read(name)
    assert code == 1
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"scenetext: error: {tmp_path / name}: ")
    assert any(part in err for part in reason.split("|"))


@pytest.mark.parametrize("name", sorted(ODD))
def test_an_odd_but_whole_file_is_read(name: str, read: Callable, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(ODD[name]())
    assert read(name) == (0, "", "")


def test_one_run_over_all_of_them_reads_what_can_be_read(read: Callable, tmp_path: Path) -> None:
    for name, (make, _) in BROKEN.items():
        (tmp_path / name).write_bytes(make())
    for name, make in ODD.items():
        (tmp_path / name).write_bytes(make())
    code, out, err = read(*sorted(BROKEN | ODD))
    assert code == 1
    assert out.count("==> ") == len(ODD)
    assert len(err.splitlines()) == len(BROKEN) + 1


def test_a_gigantic_image_takes_no_memory(toy_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "gigantic.png"
    path.write_bytes(png(30_000, 30_000))
    assert path.stat().st_size < 200_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (1_000_000_000, 1_000_000_000))

    code = "from scenetext.cli.main import entry; entry()"
    result = subprocess.run(
        [sys.executable, "-c", code, "read", "--model", str(toy_model), "--threads", "1", str(path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert "900.0 megapixels" in result.stderr
    assert result.stderr.count("\n") == 1
