"""Windows put together again: no frame and no character is lost, or comes twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.charset import CHARSETS
from scenetext.codecs.attention import END, SPECIAL, Attention
from scenetext.codecs.ctc import CTC
from scenetext.codecs.stitch import join_frames, join_texts
from scenetext.lexicon import Lexicon
from scenetext.view import CropResize

PITCH = 16  # columns of a letter in these tests


def windows_of(width: int, longest: int = 128) -> list[tuple[int, int]]:
    return CropResize(max_width=longest).windows(32, width)


def seen(text: str, windows: list[tuple[int, int]], offset: int = 0) -> list[str]:
    """What a reader sees of a text of even pitch in each window; letters that are cut read "?" or "!"."""
    parts = []
    for left, right in windows:
        part = ""
        for i, letter in enumerate(text):
            start, end = offset + i * PITCH, offset + (i + 1) * PITCH
            if end > left and start < right:
                part += letter if start >= left and end <= right else "?!"[start < left]
        parts.append(part)
    return parts


@settings(deadline=None, max_examples=60)
@given(width=st.integers(170, 3000), extra=st.integers(-1, 1), stride=st.sampled_from([2, 4, 8]))
def test_joined_frames_are_those_of_the_whole_crop(width: int, extra: int, stride: int) -> None:
    # networks whose convolutions are padded, or not, have a frame more or fewer than columns / stride
    windows = windows_of(width)
    centres = np.arange(0, windows[-1][1] + 1, stride) + (stride // 2 if extra == 0 else 0)
    whole = [c for c in centres if extra >= 0 or c > 0]
    count = (windows[0][1] - windows[0][0]) // stride + extra
    first = stride if extra < 0 else centres[0]
    rows = np.array([[[left + first + stride * t] for t in range(count)] for left, _ in windows])
    joined = join_frames(rows, windows)[:, 0].tolist()
    assert joined == [c for c in whole if c <= joined[-1]]
    assert windows[-1][1] - joined[-1] <= stride


def test_a_window_is_believed_up_to_the_middle_of_an_overlap() -> None:
    rows = np.zeros((2, 32, 1)) + np.arange(2)[:, None, None]
    joined = join_frames(rows, [(0, 128), (64, 192)])[:, 0]
    assert joined.tolist() == [0] * 24 + [1] * 24


def test_one_window_is_joined_to_itself() -> None:
    rows = np.random.default_rng(0).random((1, 9, 4))
    assert np.array_equal(join_frames(rows, [(0, 36)]), rows[0])
    assert join_texts(["alone"], [(0, 36)]) == list("alone")


@settings(deadline=None, max_examples=100)
@given(
    letters=st.permutations(CHARSETS["printable94"]),
    length=st.integers(26, 94),
    offset=st.integers(0, PITCH - 1),
    longest=st.sampled_from([192, 256, 320]),
)
def test_texts_join_to_the_whole_whatever_the_windows_cut(
    letters: list[str], length: int, offset: int, longest: int
) -> None:
    text = "".join(letters[:length])
    windows = windows_of((len(text) + 1) * PITCH, longest)
    assert join_texts(seen(text, windows, offset), windows) == list(text)


@pytest.mark.parametrize("text", ["1" * 60, "10" * 30, "100" * 20, "abcabcab" * 7])
def test_texts_that_repeat_themselves_join_by_place(text: str) -> None:
    windows = windows_of(len(text) * PITCH, 320)
    assert len(windows) > 2
    assert join_texts(seen(text, windows), windows) == list(text)


def test_texts_that_share_nothing_are_cut_in_the_middle_of_the_overlap() -> None:
    # letters of 16 columns; the overlap is columns 64 to 128
    assert join_texts(["abcdefgh", "qrstuvwx"], [(0, 128), (64, 192)]) == list("abcdefstuvwx")
    assert join_texts(["abcdefgh", ""], [(0, 128), (64, 192)]) == list("abcdef")
    assert join_texts(["", "qrstuvwx"], [(0, 128), (64, 192)]) == list("stuvwx")


def test_what_a_window_misreads_at_its_edge_goes_with_the_seam() -> None:
    assert join_texts(["thequickbr0", "ckbrownfox"], [(0, 176), (112, 288)]) == list("thequickbrownfox")


def test_tokens_are_joined_as_wholes() -> None:
    parts = [["C4", "D4", "E4", "F4"], ["E4", "F4", "G4", "C4"]]
    assert join_texts(parts, [(0, 128), (64, 192)]) == ["C4", "D4", "E4", "F4", "G4", "C4"]


def spelt(codec: Attention, texts: list[str]) -> dict[str, np.ndarray]:
    """Outputs on which each step is sure of its character, and of the end where there is room for it."""
    log_probs = np.full((len(texts), codec.length + 1, codec.classes), -20.0, np.float32)
    for rows, text in zip(log_probs, texts, strict=True):
        classes = [codec.characters.characters.index(letter) + SPECIAL for letter in text]
        for step, which in zip(rows, (classes + [END] * len(rows))[: len(rows)], strict=True):
            step[which] = -0.1
    return {"log_probs": log_probs}


def test_attention_reads_a_long_crop_by_its_windows_and_takes_the_nearest_word_of_a_lexicon() -> None:
    codec = Attention("abcdefghijklmnopqrstuvwxyz", length=12)
    outputs, windows = (
        spelt(codec, ["incompreh", "omprehens", "ehensible"]),
        [(0, 128), (64, 192), (128, 256)],
    )
    text, score = codec.stitch(outputs, windows)
    assert text == "incomprehensible"
    assert score == pytest.approx(np.exp(-0.1))
    assert codec.stitch(outputs, windows, Lexicon(["incomprehensibly", "sensible"]))[0] == "incomprehensibly"
    assert codec.stitch(outputs, windows, Lexicon(["sensible"]))[0] == "incomprehensible"
    assert codec.stitch(spelt(codec, ["", ""]), windows[:2]) == ("", 0.0)


def test_an_attention_row_without_an_end_is_unfinished_and_a_ctc_row_never() -> None:
    codec = Attention("ab", length=4)
    assert codec.unfinished(spelt(codec, ["ab", "abab", "ababa", ""])).tolist() == [False, False, True, False]
    assert CTC("ab").unfinished({"log_probs": np.zeros((2, 5, 3))}).tolist() == [False, False]


def test_ctc_decodes_the_joined_frames_once_so_that_lexicons_see_the_whole_word() -> None:
    codec = CTC("helo")
    whole = [1, 0, 2, 0, 3, 0, 3, 0, 4, 0, 0, 0]
    rows = np.log(np.eye(5)[[whole[:8], whole[4:]]] * 0.9 + 0.02)
    windows = [(0, 32), (16, 48)]
    assert codec.stitch({"log_probs": rows}, windows)[0] == "hello"
    assert codec.stitch({"log_probs": rows}, windows, Lexicon(["help", "hole", "hello"]))[0] == "hello"
    assert codec.stitch({"log_probs": rows}, windows, Lexicon(["hole"]))[0] == "hole"
