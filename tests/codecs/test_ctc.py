"""CTC: targets, greedy decoding, feasibility, lexicons."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from scenetext.charset import CHARSETS
from scenetext.codecs import make_codec
from scenetext.codecs.ctc import BLANK, CTC
from scenetext.codecs.forward import log_probabilities
from scenetext.errors import SettingsError
from scenetext.lexicon import Lexicon

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


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 5), frames=st.integers(1, 12))
def test_rows_decoded_together_are_each_its_own_best_path(seed, count, frames):
    codec = CTC("ab")
    log_probs = np.log(np.random.default_rng(seed).dirichlet([1, 1, 1], (count, frames)))
    expected = []
    for row in log_probs:
        runs = [list(run) for _, run in itertools.groupby(row, key=np.argmax)]
        read = [run for run in runs if run[0].argmax() != BLANK]
        text = "".join(codec.characters.characters[run[0].argmax() - 1] for run in read)
        peaks = [np.exp(max(frame.max() for frame in run)) for run in read]
        expected.append((text, pytest.approx(np.mean(peaks)) if read else 0.0))
    assert codec.decode({"log_probs": log_probs}) == expected


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
    text = codec.characters.join(CHARSETS[name])
    length = len(CHARSETS[name])
    assert codec.decode(outputs_for(codec, [text], frames=length))[0][0] == text
    assert codec.classes == length + 1


def test_tokens_are_one_class_each_and_are_read_with_blanks_between():
    codec = CTC("pitches")
    texts = ["C4 C4 A1", "E6", ""]
    assert [codec.frames_needed(text) for text in texts] == [4, 1, 0]
    assert codec.encode(texts)["lengths"].tolist() == [3, 1, 0]
    assert [text for text, _ in codec.decode(outputs_for(codec, texts, frames=6))] == texts


def test_a_lexicon_is_refused_where_texts_are_tokens():
    codec = CTC("pitches")
    with pytest.raises(SettingsError, match="reads tokens such as A1"):
        codec.decode(outputs_for(codec, ["C4"], frames=2), Lexicon(["C4"]))


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


# --- lexicons -------------------------------------------------------------------------------------------


def random_outputs(rng: np.random.Generator, frames: int, classes: int, sharpness: float = 3.0) -> np.ndarray:
    """(frames, classes) log-probabilities."""
    logits = rng.normal(size=(frames, classes)) * sharpness
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def random_words(rng: np.random.Generator, letters: str, count: int, longest: int) -> list[str]:
    return ["".join(rng.choice(list(letters), rng.integers(1, longest + 1))) for _ in range(count)]


def read_with(codec: CTC, log_probs: np.ndarray, lexicon: Lexicon) -> tuple[str, float]:
    return codec.decode({"log_probs": log_probs[None]}, lexicon)[0]


def probability(score: float, word: str) -> float:
    """p(word | outputs), of its score."""
    return score ** (2 * len(word))


def enumerated(log_probs: np.ndarray, letters: str) -> dict[str, float]:
    """p of every text, path by path."""
    probs = np.exp(log_probs.astype(np.float64))
    total: dict[str, float] = {}
    for path in itertools.product(range(probs.shape[1]), repeat=len(probs)):
        text = "".join(letters[k - 1] for k, _ in itertools.groupby(path) if k != BLANK)
        p = float(np.prod([row[k] for row, k in zip(probs, path, strict=True)]))
        total[text] = total.get(text, 0.0) + p
    return total


def test_the_word_read_is_the_most_probable_by_all_paths_in_hundreds_of_cases():
    rng = np.random.default_rng(1)
    codec = CTC("ab")
    for _ in range(500):
        log_probs = random_outputs(rng, int(rng.integers(1, 6)), 3, rng.uniform(0.2, 6))
        words = random_words(rng, "ab", 6, 4)
        expected = enumerated(log_probs, "ab")
        best = max(expected.get(word, 0.0) for word in words)
        text, score = read_with(codec, log_probs, Lexicon(words))
        if best == 0:  # no word fits into the frames
            assert (text, score) == codec.decode({"log_probs": log_probs[None]})[0]
            continue
        assert text in words
        assert expected[text] == pytest.approx(best, rel=1e-5)
        assert probability(score, text) == pytest.approx(best, rel=1e-4)


def literal_probability(probs: np.ndarray, row: list[int]) -> float:
    """p of one text by the forward algorithm as it stands in the papers, state by state."""
    states = [BLANK]
    for label in row:
        states += [label, BLANK]
    alpha = [0.0] * len(states)
    alpha[0], alpha[1] = probs[0][BLANK], probs[0][states[1]]
    for frame in probs[1:]:
        before = alpha
        alpha = []
        for s, label in enumerate(states):
            total = before[s] + (before[s - 1] if s else 0.0)
            if s > 1 and label not in (BLANK, states[s - 2]):
                total += before[s - 2]
            alpha.append(total * frame[label])
    return alpha[-1] + alpha[-2]


@pytest.mark.parametrize("small", [0, 1000], ids=["near words", "all words"])
def test_lexicons_read_as_if_every_word_in_question_were_scored_in_hundreds_of_cases(small):
    rng = np.random.default_rng(2 + small)
    letters = "abcdef"
    codec = CTC(letters)
    empty = 0
    for case in range(250):
        frames = int(rng.integers(6, 20))
        log_probs = random_outputs(rng, frames, 7, rng.uniform(1, 6))
        words = list(dict.fromkeys(random_words(rng, letters, 25, 9)))
        delta = case % 4
        free = codec.decode({"log_probs": log_probs[None]})[0]
        near = [word for word in words if small or Levenshtein.distance(word, free[0]) <= delta]
        probs = np.exp(log_probs.astype(np.float64)).tolist()
        scored = {word: literal_probability(probs, [letters.index(c) + 1 for c in word]) for word in near}
        text, score = read_with(codec, log_probs, Lexicon(words, small=small, delta=delta))
        if not any(scored.values()):
            empty += 1
            assert (text, score) == free
            continue
        assert scored[text] == pytest.approx(max(scored.values()), rel=1e-5)
        assert probability(score, text) == pytest.approx(scored[text], rel=1e-4)
    assert small or empty > 10


@pytest.mark.parametrize("small", [0, 5000], ids=["near words", "all words"])
def test_no_word_of_a_large_lexicon_is_passed_over(small):
    rng = np.random.default_rng(4)
    letters = "etaoin"
    codec = CTC(letters)
    lexicon = Lexicon(random_words(rng, letters, 3000, 9), small=small)
    table = lexicon.table(codec.characters)
    for _ in range(25):
        log_probs = random_outputs(rng, 8, 7, rng.uniform(0.5, 5))
        free = codec.decode({"log_probs": log_probs[None]})[0][0]
        places = np.arange(len(table)) if small else table.near(free, lexicon.delta)
        scores = log_probabilities(log_probs, table.labels[places], table.lengths[places])
        assert np.isfinite(scores.max())
        text, score = read_with(codec, log_probs, lexicon)
        assert text == table.texts[places[scores.argmax()]]
        assert probability(score, text) == pytest.approx(np.exp(scores.max()), rel=1e-4)


@pytest.mark.parametrize(("frames", "word", "p"), [(3, "a", 0.75), (3, "aa", 0.125), (2, "a", 0.75)], ids=str)
def test_the_score_comes_from_the_known_probabilities(frames, word, p):
    uniform = np.log(np.full((frames, 2), 0.5, np.float32))
    text, score = read_with(CTC("a"), uniform, Lexicon([word]))
    assert text == word
    assert probability(score, word) == pytest.approx(p, rel=1e-5)


def test_a_word_that_the_frames_cannot_hold_is_never_read():
    uniform = np.log(np.full((2, 2), 0.5, np.float32))
    assert read_with(CTC("a"), uniform, Lexicon(["aa", "a"]))[0] == "a"
    assert read_with(CTC("a"), uniform, Lexicon(["aa"])) == CTC("a").decode({"log_probs": uniform[None]})[0]


def test_the_text_read_freely_stays_where_no_word_is_near():
    codec = CTC("alphanumeric36")
    outputs = outputs_for(codec, ["hello"], frames=12)
    assert codec.decode(outputs, Lexicon(["hullo"], small=0, delta=0)) == codec.decode(outputs)
    assert codec.decode(outputs, Lexicon(["hullo"], small=0, delta=1))[0][0] == "hullo"
    assert codec.decode(outputs, Lexicon(["goodbye"], small=0))[0][0] == "hello"
    assert codec.decode(outputs, Lexicon(["goodbye"]))[0][0] == "goodbye"


@pytest.mark.parametrize("small", [0, 10])
def test_a_word_is_read_in_either_case_and_spelt_as_the_lexicon_does(small):
    codec = CTC()
    (text, score), (_, free) = (
        codec.decode(outputs_for(codec, ["pArIs"], frames=12), lexicon)[0]
        for lexicon in (Lexicon(["Berlin", "Paris"], small=small, delta=0), None)
    )
    assert text == "Paris"
    assert score == pytest.approx(free, abs=0.05)


def test_the_two_cases_of_a_letter_add_up():
    codec = CTC("aAb")
    probs = np.array([[0.04, 0.3, 0.3, 0.36]])
    assert codec.decode({"log_probs": np.log(probs)[None]})[0][0] == "b"
    text, score = read_with(codec, np.log(probs), Lexicon(["a", "b"]))
    assert text == "a"
    assert probability(score, text) == pytest.approx(0.6)


@pytest.mark.parametrize("small", [0, 10])
def test_punctuation_that_no_word_has_is_read_over(small):
    codec = CTC()
    outputs = outputs_for(codec, ['"Sale!"'], frames=16, confidence=0.99)
    plain = Lexicon(["salt", "sale"], small=small, delta=0)
    text, score = codec.decode(outputs, plain)[0]
    assert text == "sale"
    assert score > 0.9
    known = Lexicon(["sale", "sale!"], small=small, delta=2)
    assert codec.decode(outputs, known)[0][0] == "sale!"


def test_characters_that_the_model_cannot_write_are_left_out_of_a_word():
    codec = CTC("alphanumeric36")
    assert codec.decode(outputs_for(codec, ["dont"], 8), Lexicon(["Don't", "won't"]))[0][0] == "Don't"
    outputs = outputs_for(codec, ["abc"], 8)
    assert codec.decode(outputs, Lexicon(["日本"])) == codec.decode(outputs)


def test_every_row_has_its_own_lexicon_or_none():
    codec = CTC("alphanumeric36")
    outputs = outputs_for(codec, ["hello", "hello", "hello"], frames=12)
    read = codec.decode(outputs, [Lexicon(["yellow"]), None, Lexicon(["jello"])])
    assert [text for text, _ in read] == ["yellow", "hello", "jello"]
    with pytest.raises(SettingsError, match="1 lexicons for 3"):
        codec.decode(outputs, [Lexicon(["yellow"])])


def test_of_equally_probable_words_the_first_of_the_lexicon_is_read():
    uniform = np.log(np.full((4, 4), 0.25, np.float32))
    assert read_with(CTC("abc"), uniform, Lexicon(["ca", "ab", "bc"]))[0] == "ca"
    assert read_with(CTC("abc"), uniform, Lexicon(["ab", "bc", "ca"]))[0] == "ab"


def test_blank_frames_read_as_a_word_of_next_to_no_score():
    codec = CTC()
    text, score = codec.decode(outputs_for(codec, [""], 10, confidence=0.999), Lexicon(["exit", "way"]))[0]
    assert text == "way"
    assert score < 0.05
