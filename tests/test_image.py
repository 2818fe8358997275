from __future__ import annotations

import io
import itertools
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
    CropResize,
    SceneResize,
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


@settings(deadline=None, max_examples=60)
@given(height=st.integers(1, 5000), width=st.integers(1, 5000))
def test_a_view_has_sides_of_whole_multiples_and_bounded_area(height: int, width: int) -> None:
    resize = SceneResize()
    h, w = resize.size_for(height, width)
    assert h % 32 == 0
    assert w % 32 == 0
    # rounding can add at most half a multiple to each side
    assert (h - 32) * (w - 32) <= max(resize.max_pixels, 4 * height * width)
    assert (h - 16) <= 2 * height or h == 32


def test_a_common_photo_keeps_its_scale() -> None:
    resize = SceneResize()
    assert resize.size_for(720, 1280) == (736, 1280)
    assert resize.size_for(100, 150) == (192, 288)
    assert resize.size_for(3000, 4000) == (832, 1120)
    assert resize.size_for(1, 1) == (32, 32)


def test_points_of_the_view_go_back_to_the_image() -> None:
    view = SceneResize()(np.zeros((333, 517, 3), np.uint8))
    h, w = view.size
    points = np.array([[0, 0], [w, h], [w / 4, h / 2]], np.float32)
    assert np.allclose(view.to_image(points), [[0, 0], [517, 333], [517 / 4, 333 / 2]], atol=1e-3)


def test_images_are_listed_by_suffix_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for folder in ("b", "b-side", ".thumbs", "no.png"):
        (tmp_path / folder).mkdir()
    for name in ("c.JPG", "a.png", "b/z.webp", "b-side/a.gif", "notes.txt", ".a.png", ".thumbs/a.png", "png"):
        (tmp_path / name).touch()
    listed = [path.relative_to(tmp_path).as_posix() for path in list_images(str(tmp_path))]
    assert listed == ["a.png", "b/z.webp", "b-side/a.gif", "c.JPG"]
    assert list_images(tmp_path / "absent") == []


def test_view_data_is_the_normalised_image() -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    image[..., 1] = 255
    resize = SceneResize(min_side=32)
    view = resize(image)
    assert view.data.dtype == np.float32
    assert view.data.shape == (1, 3, 64, 96)
    expected = [(0 - 0.485) / 0.229, (1 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    assert np.allclose(view.data[0].mean(axis=(1, 2)), expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(1000, 20000), (20000, 1000), (400, 4000), (100, 100_000)])
def test_windows_cover_a_long_image_and_overlap_by_half_its_short_side(height: int, width: int) -> None:
    windows = SceneResize().windows(height, width)
    assert len(windows) > 1
    axis = 0 if width > height else 1
    assert windows[0][axis] == 0
    assert windows[-1][axis + 2] == max(height, width)
    for before, after in itertools.pairwise(windows):
        assert before[axis + 2] - after[axis] >= min(height, width) // 2
    for left, top, right, bottom in windows:
        h, w = SceneResize().size_for(bottom - top, right - left)
        assert min(h, w) / min(height, width) > 0.6  # not squeezed


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4000), (720, 1280), (3000, 4000), (300, 900)])
def test_an_ordinary_image_is_one_window(height: int, width: int) -> None:
    assert SceneResize().windows(height, width) == [(0, 0, width, height)]


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(32, 100, 96), (64, 200, 96), (10, 1, 32), (1, 4000, 512), (32, 104, 112)],
)
def test_a_crop_is_stretched_to_a_multiple_of_its_own_width(height: int, width: int, expected: int) -> None:
    resize = CropResize()
    assert resize.width_for(height, width) == expected
    view = resize(np.zeros((height, width, 3), np.uint8))
    assert view.data.shape == (1, 1, 32, expected)
    assert view.data.min() == view.data.max() == -1


@pytest.mark.parametrize(
    ("height", "width", "filled", "view"),
    [(32, 100, 100, 112), (64, 200, 100, 112), (32, 96, 96, 96), (10, 1, 4, 32), (7, 30, 138, 144)],
)
def test_a_padded_crop_keeps_its_aspect_and_repeats_its_last_column(
    height: int, width: int, filled: int, view: int
) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    padded = CropResize(pad=True)(crop)
    assert padded.data.shape == (1, 1, 32, view)
    assert padded.scale == (filled / width, 32 / height)
    alone = CropResize(min_width=1, multiple=1)(crop, filled).data
    assert np.array_equal(padded.data[..., :filled], alone)
    assert (padded.data[..., filled:] == alone[..., -1:]).all()


def test_padding_to_one_width_squeezes_only_what_is_longer() -> None:
    resize = CropResize(min_width=100, max_width=100, multiple=100, pad=True)
    short, long = np.zeros((32, 50, 3), np.uint8), np.zeros((32, 300, 3), np.uint8)
    assert resize(short).scale[0] == 1
    assert resize(long).scale[0] == 1 / 3
    assert resize(short).data.shape == resize(long).data.shape == (1, 1, 32, 100)


@settings(deadline=None, max_examples=150)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 20_000),
    least=st.sampled_from([16, 32, 100, 300]),
    most=st.sampled_from([100, 128, 320, 512]),
    multiple=st.sampled_from([4, 16, 64]),
    pad=st.booleans(),
)
def test_windows_cover_a_long_crop_at_its_own_scale(
    height: int, width: int, least: int, most: int, multiple: int, pad: bool
) -> None:
    resize = CropResize(min_width=min(least, most), max_width=most, multiple=multiple, pad=pad)
    windows = resize.windows(height, width)
    assert windows[0][0] == 0
    assert {right - left for left, right in windows} == {windows[0][1]}
    assert resize.min_width <= windows[0][1] <= most
    if len(windows) == 1:
        return
    overlap = min(64, most // multiple // 2 * multiple)
    assert all(before[1] - after[0] >= overlap for before, after in itertools.pairwise(windows))
    assert all(before[0] < after[0] for before, after in itertools.pairwise(windows))
    assert all(left % multiple == 0 for left, _ in windows)
    natural = 32 * min(width / height, 256)
    assert windows[-1][1] >= natural - (0 if pad else multiple / 2)
    assert windows[-1][1] < natural + multiple * (1 if pad else 0.5) + len(windows) * multiple


@pytest.mark.parametrize(
    ("height", "width", "count", "crushed"),
    [
        (32, 320, 1, False),
        (32, 400, 1, False),  # a quarter too long
        (32, 420, 2, False),
        (20, 1200, 8, False),
        (1, 256, 32, False),
        (1, 10_000, 32, True),  # no line of text is so long
        (10_000, 1, 1, False),
        (1, 1, 1, False),
    ],
)
def test_a_crop_is_cut_where_it_is_over_a_quarter_too_long(
    height: int, width: int, count: int, crushed: bool
) -> None:
    resize = CropResize(max_width=320)
    assert len(resize.windows(height, width)) == count
    assert resize.crushes(height, width) == crushed


def test_where_all_views_have_one_width_every_crop_is_one_view() -> None:
    resize = CropResize(min_width=100, max_width=100, multiple=100)
    for width in (10, 100, 500, 5000):
        assert resize.windows(32, width) == [(0, 100)]
    assert not resize.crushes(32, 399)
    assert resize.crushes(32, 401)


def test_narrower_windows_can_be_asked_for() -> None:
    resize = CropResize(max_width=320)
    assert resize.windows(32, 320, longest=200) == [(0, 192), (128, 320)]
    assert resize.windows(32, 320, longest=20) == [(0, 320)]  # not worth a window


def test_views_grow_from_width_to_width_up_to_the_widest() -> None:
    resize = CropResize(min_width=100, max_width=140, multiple=16)
    assert [resize.wider(width) for width in (100, 112, 128, 140)] == [112, 128, 140, 140]


def test_colour_crops_keep_three_channels() -> None:
    resize = CropResize(channels=3, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    crop = np.zeros((32, 64, 3), np.uint8)
    crop[..., 0] = 255
    assert resize(crop).data[0].mean(axis=(1, 2)).tolist() == [1, -1, -1]
    with pytest.raises(ValueError, match="3 values"):
        CropResize(channels=3)


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
