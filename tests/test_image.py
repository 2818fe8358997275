from __future__ import annotations

import io
import pickle
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scenetext.errors import BadImageError, TooLargeError
from scenetext.image import (
    image_size,
    image_suffix,
    list_images,
    load_image,
    upright_points,
)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(height: int = 24, width: int = 40) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 5, y * 9, (x + y) * 3], axis=2).astype(np.uint8)


def huge_png(side: int) -> bytes:
    """A 1-bit PNG of side x side pixels in a few KB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_every_lossless_format_gives_the_same_pixels(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(load_image(encoded(Image.fromarray(gradient()), kind, **options)), gradient())


def test_a_path_and_its_bytes_and_its_array_are_one_image(tmp_path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(gradient()).save(path)
    from_path = load_image(path)
    assert from_path.shape == (24, 40, 3)
    assert from_path.dtype == np.uint8
    assert np.array_equal(from_path, load_image(str(path)))
    assert np.array_equal(from_path, load_image(path.read_bytes()))
    assert load_image(from_path) is not None
    assert np.array_equal(from_path, load_image(from_path))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    upright = np.full((16, 32, 3), 255, np.uint8)
    upright[:8, :8] = 0  # a black corner, top left when upright
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    loaded = load_image(encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif))
    assert loaded.shape == upright.shape
    assert loaded[:8, :8].mean() < 10
    assert loaded[:, 16:].mean() > 245
    assert loaded[8:].mean() > 240


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x09"]
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_is_ignored(exif: bytes) -> None:
    assert load_image(encoded(Image.fromarray(gradient()), "JPEG", exif=exif)).shape == (24, 40, 3)


def test_transparency_is_laid_on_white() -> None:
    rgba = np.zeros((4, 6, 4), np.uint8)
    rgba[:, 3:, 3] = 255
    half_white = np.zeros((4, 6, 3), np.uint8)
    half_white[:, :3] = 255
    assert np.array_equal(load_image(encoded(Image.fromarray(rgba))), half_white)
    assert np.array_equal(load_image(rgba), half_white)
    assert np.array_equal(load_image(encoded(Image.fromarray(rgba).convert("LA"))), half_white)
    palette = Image.new("P", (6, 4), 0)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    palette.paste(1, (3, 0, 6, 4))
    loaded = load_image(encoded(palette, transparency=0))
    assert loaded[0, 0].tolist() == [255, 255, 255]
    assert loaded[0, 5].tolist() == [200, 0, 0]


def test_other_colour_modes_become_rgb() -> None:
    grey = gradient()[..., 0]
    three = np.repeat(grey[..., None], 3, axis=2)
    assert np.array_equal(load_image(encoded(Image.fromarray(grey))), three)
    assert np.array_equal(load_image(grey), three)
    assert np.array_equal(load_image(grey[..., None]), three)
    bits = grey > 90
    assert np.array_equal(
        load_image(encoded(Image.fromarray(bits))), np.where(bits, 255, 0)[..., None].repeat(3, 2)
    )
    assert np.array_equal(load_image(bits), np.where(bits, 255, 0)[..., None].repeat(3, 2))
    red = load_image(encoded(Image.new("CMYK", (20, 10), (0, 255, 255, 0)), "JPEG"))
    assert np.abs(red.astype(int) - [255, 0, 0]).max() < 12


@pytest.mark.parametrize("top", [4095, 65535])
def test_sixteen_bits_are_scaled_by_their_own_range(top: int) -> None:
    values = np.linspace(0, top, 40).astype(np.uint16)[None].repeat(24, axis=0)
    for loaded in (
        load_image(values),
        load_image(encoded(Image.fromarray(values))),
        load_image(encoded(Image.fromarray(values), "TIFF")),
    ):
        assert loaded.shape == (24, 40, 3)
        assert loaded.min() == 0
        assert loaded.max() == 255
        assert np.abs(np.diff(loaded[0, :, 0].astype(int)) - 6.5).max() <= 1.5


def test_a_float_array_holds_values_from_0_to_1() -> None:
    assert np.array_equal(load_image(gradient() / 255.0), gradient())
    for wrong in (gradient().astype(np.float32), np.full((4, 4, 3), np.nan)):
        with pytest.raises(BadImageError, match=r"\[0, 1\]"):
            load_image(wrong)


def test_the_first_frame_of_an_animation_is_used() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        loaded = load_image(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options))
        assert loaded[4, 4].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "empty"),
        (b"just some words, no picture", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (encoded(Image.fromarray(gradient()), "JPEG")[:300], "damaged header|cannot be decoded"),
        (encoded(Image.fromarray(gradient()), "PNG")[:70], "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n", "damaged header"),
        (np.zeros((0, 5, 3), np.uint8), "no pixels"),
        (np.zeros((4, 5, 7), np.uint8), "an image array is"),
        (np.zeros((4, 5, 3), np.int64), "int64"),
        ("no/such/file.jpg", "No such file"),
        (".", "directory"),
        ("a\0b", "null|NUL"),
        (17, "not int"),
    ],
)
def test_what_is_no_image_is_one_line_with_its_name_and_reason(source, reason: str) -> None:
    with pytest.raises(BadImageError, match=reason) as caught:
        load_image(source, name="thing")
    assert str(caught.value).startswith("thing: ")
    assert "\n" not in str(caught.value)


def test_a_decompression_bomb_is_refused_from_its_header() -> None:
    bomb = huge_png(30_000)
    assert len(bomb) < 200_000
    with pytest.raises(BadImageError, match=r"30000 x 30000 is 900\.0 megapixels, over the limit of 100;"):
        load_image(bomb)


def test_the_pixel_limit_is_an_argument_and_not_pillows() -> None:
    source = encoded(Image.fromarray(gradient()))
    with pytest.raises(TooLargeError, match="raise max_pixels") as caught:
        load_image(source, max_pixels=959)
    assert "--" not in str(caught.value)  # not everybody who calls has that option
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy)) == (TooLargeError, str(caught.value))
    assert load_image(source, max_pixels=960).shape == (24, 40, 3)


@settings(deadline=None, max_examples=150)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP"]),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12),
    keep=st.floats(0.05, 1),
)
def test_damaged_bytes_give_an_image_or_a_bad_image_error(kind: str, edits: list, keep: float) -> None:
    data = bytearray(encoded(Image.fromarray(gradient()), kind))
    for place, value in edits:
        data[int(place * len(data))] = value
    message = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about the metadata it skips
        try:
            image = load_image(bytes(data[: int(keep * len(data))]), max_pixels=1_000_000)
        except BadImageError as error:
            message, image = str(error), gradient()
    assert "\n" not in message
    assert image.dtype == np.uint8
    assert image.ndim == 3


def test_images_are_listed_by_suffix_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for folder in ("b", "b-side", ".thumbs", "no.png"):
        (tmp_path / folder).mkdir()
    for name in ("c.JPG", "a.png", "b/z.webp", "b-side/a.gif", "notes.txt", ".a.png", ".thumbs/a.png", "png"):
        (tmp_path / name).touch()
    listed = [path.relative_to(tmp_path).as_posix() for path in list_images(str(tmp_path))]
    assert listed == ["a.png", "b/z.webp", "b-side/a.gif", "c.JPG"]
    assert list_images(tmp_path / "absent") == []


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_size_from_the_header_is_that_of_the_loaded_image(tmp_path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.new("RGB", (40, 24)), "JPEG", exif=exif)
    (tmp_path / "photo.jpg").write_bytes(data)
    for source in (data, tmp_path / "photo.jpg", load_image(data)):
        height, width = load_image(source).shape[:2]
        assert image_size(source) == (width, height)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n\0\0"])
def test_the_size_of_what_is_no_image_is_an_error(tmp_path, data: bytes) -> None:
    (tmp_path / "photo.jpg").write_bytes(data)
    with pytest.raises(BadImageError, match=r"photo\.jpg: "):
        image_size(tmp_path / "photo.jpg")
    with pytest.raises(BadImageError, match="crop 7: "):
        image_size(data, name="crop 7")


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("PNG", ".png"), ("JPEG", ".jpg"), ("TIFF", ".tif"), ("WEBP", ".webp"), ("GIF", ".gif")],
)
def test_bytes_know_how_the_name_of_their_file_ends(kind: str, suffix: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (4, 3)).save(file, kind)
    assert image_suffix(file.getvalue()) == suffix


@pytest.mark.parametrize("data", [b"", b"no picture", b"GIF89a"])
def test_bytes_of_something_else_have_no_suffix(data: bytes) -> None:
    with pytest.raises(BadImageError, match="thing: "):
        image_suffix(data, name="thing")


@pytest.mark.parametrize("turn", range(1, 9))
def test_points_of_stored_pixels_find_their_place_in_the_upright_image(turn: int) -> None:
    stored = np.zeros((24, 60, 3), dtype=np.uint8)
    stored[4:12, 6:40] = 255
    picture = Image.fromarray(stored)
    exif = picture.getexif()
    exif[0x0112] = turn
    file = io.BytesIO()
    picture.save(file, "PNG", exif=exif)
    corners = np.array([[6, 4], [40, 12]], dtype=np.float32)
    (turned,) = upright_points([corners], file.getvalue())
    rows, columns = np.nonzero(load_image(file.getvalue())[..., 0])
    assert turned.min(axis=0).tolist() == [columns.min(), rows.min()]
    assert turned.max(axis=0).tolist() == [columns.max() + 1, rows.max() + 1]


@pytest.mark.parametrize("source", [b"no picture", Path("gone.jpg"), np.zeros((4, 4, 3), np.uint8)])
def test_what_has_no_exif_turns_no_points(source: bytes | Path | np.ndarray) -> None:
    corners = np.array([[6, 4], [40, 12]], dtype=np.float32)
    assert np.array_equal(upright_points([corners], source)[0], corners)
