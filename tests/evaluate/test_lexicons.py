"""Which words each image of an evaluation is read with."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from scenetext.errors import DataError, SettingsError
from scenetext.evaluate.lexicons import STRONG, choose_lexicons
from scenetext.evaluate.spotting import dictionary_word
from scenetext.geometry import box_polygon
from scenetext.lexicon import fold_case
from scenetext.types import Sample, TextInstance

PICTURE = np.zeros((2, 2, 3), np.uint8)
BOX = box_polygon(0, 0, 2, 2)


def sample(name: str, *texts: str, lexicon: tuple[str, ...] | None = None) -> Sample:
    return Sample(name, PICTURE, tuple(TextInstance(BOX, text) for text in texts), lexicon=lexicon)


SCENES = [sample(f"img_{i}", f"word{i}", f"Word{i}", f"more{i}") for i in range(200)]


@pytest.mark.parametrize(("choice", "size"), [("50", 50), ("1", 2), ("strong", STRONG), ("390", 390)])
def test_an_image_has_its_own_words_and_others_of_the_set(tmp_path: Path, choice: str, size: int) -> None:
    lexicons = choose_lexicons(choice, SCENES, tmp_path)
    known = {word for i in range(200) for word in (f"word{i}", f"more{i}")}
    seen = []
    for scene in SCENES[::20]:
        words = lexicons.of(scene).words
        assert len(words) == size, "its own are never left out"
        assert {scene.instances[0].text, scene.instances[2].text} <= set(words)
        assert set(words) <= known
        assert list(words) == sorted(words), "the place of a word must not tell whether it is the image's own"
        seen.append(words)
    assert len(set(seen)) == (1 if size >= 400 else len(seen))
    assert f"{choice if choice != 'strong' else STRONG} words an image, of 400" in lexicons.description


def test_what_is_drawn_depends_on_the_seed_and_the_image_alone(tmp_path: Path) -> None:
    def words(seed: int) -> tuple[str, ...]:
        return choose_lexicons("50", SCENES, tmp_path, seed).of(SCENES[7]).words

    assert words(0) == words(0) != words(1)
    assert "seed 1" in choose_lexicons("50", SCENES, tmp_path, 1).description


def test_a_name_that_is_no_unicode_draws_words_too(tmp_path: Path) -> None:
    odd = sample("caf\udce9", "word")  # how Python gives a file name that is not UTF-8
    assert len(choose_lexicons("3", [odd, *SCENES], tmp_path).of(odd)) == 3


def test_a_set_of_fewer_words_gives_them_all(tmp_path: Path) -> None:
    few = SCENES[:5]
    lexicon = choose_lexicons("1000", few, tmp_path).of(few[0])
    assert len(lexicon) == 10
    assert "of 10 of the set" in choose_lexicons("1000", few, tmp_path).description


def test_weak_is_one_lexicon_of_all_legible_words(tmp_path: Path) -> None:
    hidden = Sample("dark", PICTURE, (TextInstance(BOX, None, legible=False), TextInstance(BOX, "Tea")))
    lexicons = choose_lexicons("weak", [sample("a", "tea", "Pot"), hidden], tmp_path)
    assert lexicons.of(hidden).words == ("tea", "Pot")
    assert lexicons.of(hidden) is lexicons.of(SCENES[0])
    assert lexicons.description == "weak: the 2 words of the set"


def test_generic_is_a_file_in_the_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="words.txt"):
        choose_lexicons("generic", SCENES, tmp_path)
    (tmp_path / "words.txt").write_text("# many\nTHE\nCAT\n")
    lexicons = choose_lexicons("generic", SCENES, tmp_path)
    assert lexicons.of(SCENES[0]).words == ("THE", "CAT")
    assert lexicons.description == "generic: words.txt, 2 words"


def test_official_lexicons_come_with_the_data_set(tmp_path: Path) -> None:
    lexicons = choose_lexicons("official", SCENES, tmp_path)
    assert lexicons.of(sample("svt", "a", lexicon=("A", "B"))).words == ("A", "B")
    with pytest.raises(SettingsError, match="img_3 comes without a lexicon"):
        lexicons.of(SCENES[3])


def test_anything_else_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("One\n")
    lexicons = choose_lexicons(str(path), SCENES, tmp_path)
    assert lexicons.of(SCENES[0]).words == ("One",)
    assert lexicons.description == "mine.txt, 1 words"


@pytest.mark.parametrize("choice", ["voc", "voc.zip"])
def test_a_folder_or_zip_has_a_file_for_each_image(tmp_path: Path, choice: str) -> None:
    files = {"voc_img_1.txt": "\ufeffTHE\r\nCAT\r\n", "voc_img_10.txt": "DOG\n"}
    (tmp_path / "voc").mkdir()
    with zipfile.ZipFile(tmp_path / "voc.zip", "w") as archive:
        for name, text in files.items():
            (tmp_path / "voc" / name).write_bytes(text.encode())
            archive.writestr(f"strong/{name}", text)
    lexicons = choose_lexicons(str(tmp_path / choice), SCENES, tmp_path)
    assert lexicons.of(SCENES[1]).words == ("THE", "CAT")
    assert lexicons.of(sample("img_10.jpg", "x")).words == ("DOG",)
    assert lexicons.description == f"{choice}, of 2 images"
    with pytest.raises(DataError, match=r"holds no lexicon of img_3, such as voc_img_3\.txt"):
        lexicons.of(SCENES[3])


def test_made_lexicons_hold_what_the_protocol_calls_a_word(tmp_path: Path) -> None:
    scenes = [sample("a", "(Open)", "24h", "Joe's"), sample("b", "no", "OPEN", "Bar")]
    weak = choose_lexicons("weak", scenes, tmp_path, word=dictionary_word)
    assert weak.of(scenes[0]).words == ("Open", "Joe", "Bar")
    assert weak.description == "weak: the 3 words of the set"
    two = choose_lexicons("2", scenes, tmp_path, word=dictionary_word)
    assert two.of(scenes[0]).words == ("Joe", "Open")
    assert two.of(scenes[1]).words == ("Bar", "OPEN")


@pytest.mark.parametrize("choice", ["weak", "strong", "7"])
def test_a_set_without_words_is_told_and_what_to_do(tmp_path: Path, choice: str) -> None:
    with pytest.raises(DataError, match="holds no word for a lexicon.*--set vocabulary=texts"):
        choose_lexicons(choice, [sample("a", "24h")], tmp_path, word=dictionary_word)


@pytest.mark.parametrize(
    ("choice", "message"), [("storng", "strong, weak, generic, official"), ("0", "at least one word")]
)
def test_another_choice_is_refused_with_the_known_ones(tmp_path: Path, choice: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        choose_lexicons(choice, SCENES, tmp_path)


def test_every_truth_is_in_the_lexicon_of_its_image(tmp_path: Path) -> None:
    lexicons = choose_lexicons("3", SCENES, tmp_path)
    for scene in SCENES:
        keys = {fold_case(word) for word in lexicons.of(scene).words}
        assert all(fold_case(instance.text or "") in keys for instance in scene.instances)
