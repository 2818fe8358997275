"""CTC: targets, greedy decoding, feasibility."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenetext.charset import CHARSETS
from scenetext.codecs import make_codec
from scenetext.codecs.ctc import BLANK, CTC
from scenetext.errors import SettingsError

PRINTABLE = CHARSETS["printable94"]


def outputs_for(codec: CTC, texts: list[str], frames: int, confidence: float = 0.9) -> dict[str, np.ndarray]:
    """Log-probabilities whose best path spells the codec's own targets, one frame a character."""
    encoded = codec.encode(texts)
    rest = (1 - confidence) / (codec.classes - 1)
    probs = np.full((len(texts), frames, codec.classes), rest)
    for n, (row, length) in enumerate(zip(encoded["targets"], encoded["lengths"], strict=True)):
        path = []
        for target in row[:length]:
            if path and path[-1] == target:
                path.append(BLANK)
            path.append(target)
        path += [BLANK] * (frames - len(path))
        probs[n, np.arange(frames), path] = confidence
    return {"log_probs": np.log(probs).astype(np.float32)}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(PRINTABLE, max_size=20), min_size=1, max_size=5))
def test_decoding_the_targets_gives_the_texts_back(texts):
    codec = CTC()
    decoded = codec.decode(outputs_for(codec, texts, frames=40))
    assert [text for text, _ in decoded] == texts


@pytest.mark.parametrize("text", ["", "a", "ab", "aa", "aba", "abb", "aab"])
def test_the_frames_needed_are_those_of_the_shortest_path(text):
    codec = CTC("ab")

    def reachable(frames: int) -> bool:
        paths = np.array(list(itertools.product(range(3), repeat=frames)), dtype=int).reshape(
            3**frames, frames
        )
        outputs = {"log_probs": np.log(np.eye(3)[paths] * 0.9 + 0.03).astype(np.float32)}
        return any(decoded == text for decoded, _ in codec.decode(outputs))

    needed = codec.frames_needed(text)
    assert reachable(needed)
    assert needed == 0 or not reachable(needed - 1)


def test_repeats_are_merged_before_blanks_are_dropped():
    codec = CTC("helo")
    path = [0, 1, 1, 0, 2, 0, 3, 0, 3, 3, 0, 4, 4, 0, 0]  # --hh-e-l-ll-oo-- of the CRNN paper
    log_probs = np.log(np.eye(5)[path] * 0.96 + 0.008)[None].astype(np.float32)
    assert codec.decode({"log_probs": log_probs})[0][0] == "hello"


def test_the_score_is_the_mean_of_each_characters_best_frame():
    codec = CTC("ab")
    probs = np.array([[0.1, 0.6, 0.3], [0.1, 0.8, 0.1], [0.5, 0.2, 0.3], [0.3, 0.1, 0.6]])
    text, score = codec.decode({"log_probs": np.log(probs)[None].astype(np.float32)})[0]
    assert text == "ab"
    assert score == pytest.approx((0.8 + 0.6) / 2, abs=1e-6)


def test_all_blank_and_no_frames_read_as_nothing_with_score_zero():
    codec = CTC("ab")
    blank = np.log(np.array([[[0.98, 0.01, 0.01]] * 4])).astype(np.float32)
    assert codec.decode({"log_probs": blank}) == [("", 0.0)]
    assert codec.decode({"log_probs": np.zeros((1, 0, 3), np.float32)}) == [("", 0.0)]


def test_targets_are_padded_with_the_blank_and_unknown_characters_are_dropped():
    encoded = CTC("alphanumeric36").encode(["Ab-1", "9", ""])
    assert encoded["targets"].tolist() == [[11, 12, 2], [10, 0, 0], [0, 0, 0]]
    assert encoded["lengths"].tolist() == [3, 1, 0]
    assert encoded["targets"].dtype == np.int64


def test_an_empty_batch_encodes_to_empty_arrays():
    encoded = CTC().encode([])
    assert encoded["targets"].shape == (0, 0)


@pytest.mark.parametrize("name", sorted(CHARSETS))
def test_every_charset_survives_the_round_trip(name):
    codec = CTC(name)
    text = CHARSETS[name]
    assert codec.decode(outputs_for(codec, [text], frames=len(text)))[0][0] == text
    assert codec.classes == len(text) + 1


def test_a_charset_with_a_repeated_character_is_refused():
    with pytest.raises(SettingsError, match="once"):
        CTC("aab")


@pytest.mark.parametrize("name", ["printable95", "alphanumeric", "alphanumeric63"])
def test_a_misspelt_charset_is_no_charset_of_its_letters(name):
    with pytest.raises(SettingsError, match="did you mean"):
        CTC(name)


def test_an_unknown_codec_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="known: .*ctc"):
        make_codec({"name": "ctcc"})
