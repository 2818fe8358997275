from __future__ import annotations

import io
import pickle
import string
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext.errors import SettingsError
from scenetext.synth.fonts import SIZES, Face, FontLibrary, plain_font, probe

PRINTABLE = string.digits + string.ascii_letters + string.punctuation


class FakeFace(Face):
    """A face whose glyphs are given by a function of the character."""

    def __init__(self, draw):
        self.draw = draw

    def glyph(self, character):
        return self.draw(character), 0, -20


def plain(character: str) -> np.ndarray:
    return Face(io.BytesIO(plain_font()), 28).glyph(character)[0]


@pytest.fixture
def library(font_folder: Path) -> FontLibrary:
    return FontLibrary(font_folder)


def test_a_library_knows_what_its_fonts_can_write(library):
    coverage = library.coverage(library.paths[0])
    assert set(PRINTABLE) <= coverage
    assert " " not in coverage


def test_an_unreadable_font_is_passed_over(font_folder: Path, tmp_path: Path):
    (tmp_path / "a.ttf").write_bytes(b"not a font")
    (tmp_path / "b.ttf").write_bytes(next(font_folder.iterdir()).read_bytes())
    library = FontLibrary(tmp_path)
    assert library.coverage(tmp_path / "a.ttf") == frozenset()
    assert {library.choose(np.random.default_rng(i), "Aa").name for i in range(20)} == {"b.ttf"}


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_fonts_is_an_error_that_names_it(tmp_path: Path, there):
    folder = tmp_path if there else tmp_path / "missing"
    with pytest.raises(SettingsError, match=r"no \.ttf or \.otf") as error:
        FontLibrary(folder)
    assert str(folder) in str(error.value)


def test_a_font_without_a_glyph_is_not_chosen(library, tmp_path):
    (tmp_path / "full.ttf").write_bytes(library.paths[0].read_bytes())
    (tmp_path / "small.ttf").write_bytes(library.paths[0].read_bytes())
    both = FontLibrary(tmp_path)
    both._coverage[tmp_path / "small.ttf"] = frozenset("abc")
    chosen = [both.choose(np.random.default_rng(i), "cab").name for i in range(40)]
    assert set(chosen) == {"full.ttf", "small.ttf"}
    assert {both.choose(np.random.default_rng(i), "cabin").name for i in range(40)} == {"full.ttf"}


def test_a_text_that_no_font_can_write_is_an_error(library):
    with pytest.raises(SettingsError, match="no font here writes"):
        library.choose(np.random.default_rng(0), "日本")


def test_the_choice_depends_on_the_generator_alone(library):
    fresh = FontLibrary(library.folder)
    library.choose(np.random.default_rng(9), "warm up")
    for seed in range(5):
        assert fresh.choose(np.random.default_rng(seed), "Word") == library.choose(
            np.random.default_rng(seed), "Word"
        )


def test_sizes_are_rounded_up_and_few_faces_stay_open(library):
    library.limit = 3
    path = library.paths[0]
    assert library.face(path, 33).size == 40
    assert library.face(path, 10_000).size == SIZES[-1]
    for size in SIZES:
        library.face(path, size)
    assert len(library._faces) == 3
    assert library.face(path, SIZES[-1]) is library.face(path, SIZES[-1])


def test_a_library_pickles_as_its_folder(library):
    library.face(library.paths[0], 20)
    copy = pickle.loads(pickle.dumps(library))
    assert copy.paths == library.paths
    assert not copy._faces


def test_a_glyph_is_its_ink_alone(library):
    face = library.face(library.paths[0], 48)
    coverage, _, top = face.glyph("H")
    assert coverage[0].any()
    assert coverage[-1].any()
    assert coverage[:, 0].any()
    assert coverage[:, -1].any()
    assert top == -coverage.shape[0]  # a capital stands on the baseline
    assert face.glyph(" ")[0].shape == (0, 0)


def test_advances_sum_to_the_length_of_the_line(library):
    face = library.face(library.paths[0], 48)
    assert face.advances("AVATAR").sum() == pytest.approx(face.font.getlength("AVATAR"))


def test_glyphs_for_missing_characters_do_not_count():
    box = np.full((20, 12), 255, np.uint8)
    found = probe(FakeFace(lambda c: plain(c) if c in "ABCDabcd" else box))
    assert found == frozenset("ABCDabcd")


def test_a_font_of_boxes_writes_nothing():
    boxes = {c: np.full((20, 12), 255 - i % 3, np.uint8) for i, c in enumerate(PRINTABLE)}
    assert probe(FakeFace(lambda c: boxes.get(c, np.zeros((0, 0), np.uint8)))) == frozenset()


def test_small_letters_drawn_as_capitals_do_not_count():
    def small_capitals(character: str) -> np.ndarray:
        if not character.islower():
            return plain(character)
        capital = Image.fromarray(plain(character.upper()))
        return np.asarray(capital.resize((max(1, capital.width * 3 // 4), capital.height * 3 // 4)))

    found = probe(FakeFace(small_capitals))
    assert set(string.ascii_uppercase + string.digits) <= found
    assert not found & set(string.ascii_lowercase)


def test_a_font_of_pictures_writes_nothing():
    rng = np.random.default_rng(0)
    pictures = {c: 255 - plain(c) if plain(c).size else plain(c) for c in PRINTABLE}
    for picture in pictures.values():
        picture[0, 0] = picture[-1, -1] = rng.integers(1, 255)
    assert probe(FakeFace(lambda c: pictures.get(c, np.zeros((0, 0), np.uint8)))) == frozenset()
