from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.codecs import make_codec
from scenetext.codecs.attention import END, SPECIAL, Attention
from scenetext.codecs.ctc import CTC
from scenetext.lexicon import Lexicon
from scenetext.recognizer import Recognizer
from scenetext.types import Graph
from scenetext.view import CropResize
from toys import RECOGNITION, brightness_recognizer

LEVELS = {"a": 0, "b": 128, " ": 255}


def crop(letters: str, height: int = 32, pitch: int = 16) -> np.ndarray:
    """A strip of brightnesses that the toy reads as the letters; a blank keeps equal ones apart."""
    row = np.repeat([LEVELS[letter] for letter in letters], pitch)
    return np.broadcast_to(row[None, :, None], (height, len(row), 3)).astype(np.uint8)


def toy(graph: Graph | None = None, batch: int = 32) -> Recognizer:
    return Recognizer(CropResize(), (graph or brightness_recognizer(),), make_codec(RECOGNITION), batch)


def test_no_crops_give_no_readings() -> None:
    assert toy().recognize([]) == []


def test_texts_come_in_the_order_of_the_crops() -> None:
    texts = ["a b a", "b", "ab", "a a a a", "b a b", "a"]
    readings = toy().recognize([crop(text) for text in texts])
    assert [text for text, _ in readings] == [text.replace(" ", "") for text in texts]
    assert all(0.9 < score <= 1 for _, score in readings)


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(st.text("ab ", min_size=1, max_size=12), max_size=20),
    batch=st.integers(1, 7),
)
def test_a_crop_reads_the_same_alone_and_in_any_batch(texts: list[str], batch: int) -> None:
    crops = [crop(text, height=20 + 3 * len(text)) for text in texts]
    assert toy(batch=batch).recognize(crops) == [toy().recognize([one])[0] for one in crops]


def test_only_crops_of_one_width_run_together_and_no_more_than_the_batch() -> None:
    shapes = []
    inner = brightness_recognizer()

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shapes.append(inputs["images"].shape)
        return inner(inputs)

    toy(graph, batch=4).recognize([crop("ab")] * 6 + [crop("abab")] * 3)
    assert sorted(shapes) == [(2, 1, 32, 32), (3, 1, 32, 64), (4, 1, 32, 32)]


def test_wide_views_run_together_in_smaller_numbers() -> None:
    shapes = []
    inner = brightness_recognizer()

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shapes.append(inputs["images"].shape)
        return inner(inputs)

    toy(graph, batch=64).recognize([crop("ab" * 16)] * 12 + [crop("abab")] * 70)
    assert [(n, width) for n, _, _, width in shapes] == [(64, 64), (6, 64), (10, 512), (2, 512)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (500, 3), (1, 10_000), (10_000, 1)])
def test_odd_crops_give_some_reading(shape: tuple[int, int]) -> None:
    assert len(toy().recognize([np.zeros((*shape, 3), np.uint8)])) == 1


# --- crops that are too long for one view -------------------------------------------------------------------

LETTERS = "abcdefghijklmnopqrstuvwxyz"
STRIDE = 4  # columns a frame
EDGE = 4  # frames from an end of a window in which the toys misread what is cut


def strip(text: str, widths: Sequence[int]) -> np.ndarray:
    """A crop of letters as grey levels, as many columns wide as given, with white between them and more of it
    at both ends; a multiple of 16 wide, so that it is not resampled."""
    row = [255] * 2 * STRIDE
    for letter, width in zip(text, widths, strict=True):
        row += [8 * LETTERS.index(letter)] * width + [255] * STRIDE
    row += [255] * (STRIDE + -(len(row) + STRIDE) % 16)
    return np.broadcast_to(np.array(row, np.uint8)[None, :, None], (32, len(row), 3))


def classes_seen(images: np.ndarray) -> np.ndarray:
    """(N, T) class of each frame: 0 for white, i + 1 for LETTERS[i]; "z" at an end that is cut."""
    grey = np.round((images[:, 0, 16, STRIDE // 2 :: STRIDE] + 1) * 127.5)
    classes = np.where(grey > 250, 0, np.minimum(np.round(grey / 8), 25) + 1).astype(int)
    for row in classes:
        cut = row[:2].any(), row[-2:].any()
        if cut[0]:
            row[:EDGE] = 26
        if cut[1]:
            row[-EDGE:] = 26
    return classes


def reads_frames(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A toy for CTC."""
    return {"log_probs": np.log(np.eye(27)[classes_seen(inputs["images"])] * 0.9 + 0.1 / 27)}


def reads_steps(length: int) -> Graph:
    """A toy for attention that puts out `length` characters and an end."""

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        steps = []
        for row in classes_seen(inputs["images"]):
            starts = np.flatnonzero(np.diff(row, prepend=0))
            letters = [row[start] for start in starts if row[start]]
            steps.append(([c + SPECIAL - 1 for c in letters] + [END] * (length + 1))[: length + 1])
        return {"log_probs": np.log(np.eye(28)[np.array(steps)] * 0.9 + 0.1 / 28)}

    return graph


def ctc(max_width: int = 320, **settings: int) -> Recognizer:
    return Recognizer(CropResize(max_width=max_width, **settings), (reads_frames,), CTC(LETTERS), batch=8)


def attention(max_width: int = 320, length: int = 25) -> Recognizer:
    return Recognizer(CropResize(max_width=max_width), (reads_steps(length),), Attention(LETTERS, length))


@settings(deadline=None, max_examples=60)
@given(
    letters=st.lists(st.tuples(st.sampled_from(LETTERS[:-1]), st.integers(5, 40)), min_size=1, max_size=150),
    max_width=st.sampled_from([160, 200, 320, 512]),
)
def test_a_long_strip_reads_whole_wherever_it_is_cut(letters: list[tuple[str, int]], max_width: int) -> None:
    text = "".join(letter for letter, _ in letters)
    picture = strip(text, [width for _, width in letters])
    if picture.shape[1] <= max_width or picture.shape[1] > 1.25 * max_width:  # between, it is squeezed
        assert ctc(max_width).recognize([picture])[0][0] == text


@pytest.mark.parametrize("seed", range(12))
def test_a_long_strip_reads_whole_by_attention(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(30, 120))
    text = "".join(rng.choice(list(LETTERS[:-1]), count))
    picture = strip(text, rng.integers(9, 16, count))
    assert attention(320, length=40).recognize([picture])[0][0] == text


def test_a_text_that_does_not_end_in_its_view_is_read_in_narrower_windows() -> None:
    text = "thequickbrownfoxjumpsoverthedog"
    picture = strip(text, [5] * len(text))
    assert picture.shape[1] <= 320
    assert attention(length=40).recognize([picture])[0][0] == text
    assert attention(length=25).recognize([picture])[0][0] == text


def test_a_text_that_fills_all_steps_of_a_short_view_is_left_alone() -> None:
    picture = strip("abcdefgh", [8] * 8)  # noise that never ends looks like this
    assert attention(length=4).recognize([picture])[0][0] == "abcde"


def test_long_crops_keep_their_place_among_others_and_their_lexicons() -> None:
    texts = ["ab", "incomprehensibilities" * 3, "c", "de" * 40, "fg"]
    crops = [strip(text, [12] * len(text)) for text in texts]
    assert [text for text, _ in ctc().recognize(crops)] == texts
    wanted = "incomprehensibilitiesincomprehensibilitiesincomprehensibilitiex"
    chosen = [None, Lexicon([wanted, "other"]), None, Lexicon(["de" * 40]), Lexicon(["fh"])]
    assert [text for text, _ in ctc().recognize(crops, chosen)] == ["ab", wanted, "c", "de" * 40, "fh"]


def test_windows_of_a_long_crop_run_in_batches() -> None:
    shapes = []

    def graph(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shapes.append(inputs["images"].shape)
        return reads_frames(inputs)

    text = LETTERS[:-1] * 12
    recognizer = Recognizer(CropResize(max_width=320), (graph,), CTC(LETTERS), batch=8)
    assert recognizer.recognize([strip(text, [12] * len(text))])[0][0] == text
    assert len(shapes) == 3
    assert all(n <= 8 and width <= 320 for n, _, _, width in shapes)


def test_padded_long_crops_read_whole() -> None:
    text = "keepsitsratio" * 6
    assert ctc(pad=True).recognize([strip(text, [11] * len(text))])[0][0] == text


def test_what_one_width_crushes_is_read_anyway_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    fixed = ctc(100, min_width=100, multiple=100)
    long = strip("abcd" * 10, [12] * 40)
    assert len(fixed.recognize([strip("ab", [12, 12]), long, strip("abc" * 5, [12] * 15)])) == 3
    assert caplog.messages == ["1 of 3 crops are too long for the model; text may be missing"]


def test_a_text_that_no_window_can_end_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    picture = strip("abcdefghijkl", [18] * 12)
    resize = CropResize(min_width=picture.shape[1], max_width=picture.shape[1])
    fixed = Recognizer(resize, (reads_steps(4),), Attention(LETTERS, 4))
    assert fixed.recognize([picture])[0][0] == "abcde"
    assert caplog.messages == ["1 of 1 crops are too long for the model; text may be missing"]
    caplog.clear()
    ctc().recognize([strip("abcdefghijkl" * 9, [18] * 108)])
    assert not caplog.messages
