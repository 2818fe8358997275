"""Batches: determinism, skipping, widths, words that cannot be learnt."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from toy_recipes import toy_recipe

from scenetext.codecs import make_codec
from scenetext.errors import DataError, SettingsError
from scenetext.learn.loader import DROPPED, SYNTHS, Mixture, batches, fixed_samples, make_source, stage_blocks
from scenetext.recipe import Data

FRAMES = {width: width // 4 for width in range(0, 513, 4)}


def blocks(name, root, *changes, **kwargs):
    recipe = toy_recipe(name, *changes)
    return stage_blocks(recipe, 0, make_codec(recipe.codec), FRAMES, root, 0, **kwargs)


def left_out(batch) -> dict[str, int]:
    counts = zip(DROPPED, batch["dropped"].tolist(), strict=True)
    return {reason: count for reason, count in counts if count}


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("name", ["crnn-light", "db-light"])
def test_the_same_seed_gives_the_same_batches_wherever_they_are_made(toy_data, name):
    here = list(batches(blocks(name, toy_data), 0, 6, workers=0))
    elsewhere = list(batches(blocks(name, toy_data), 0, 6, workers=2))
    assert len(here) == 6
    assert all(same(a, b) for a, b in zip(here, elsewhere, strict=True))


@pytest.mark.parametrize("name", ["crnn-light", "db-light"])
def test_starting_late_gives_the_batches_that_were_to_come(toy_data, name):
    whole = list(batches(blocks(name, toy_data), 0, 7, workers=0))
    rest = list(batches(blocks(name, toy_data), 5, 7, workers=0))
    assert len(rest) == 2
    assert all(same(a, b) for a, b in zip(whole[5:], rest, strict=True))


@pytest.mark.parametrize("workers", [0, 1])
def test_making_batches_draws_none_of_the_random_numbers_of_networks(toy_data, workers):
    before = torch.get_rng_state()
    next(batches(blocks("db-light", toy_data), 0, 1, workers))
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_gives_other_batches(toy_data):
    first = next(batches(blocks("crnn-light", toy_data), 0, 1, workers=0))
    other = next(batches(blocks("crnn-light", toy_data, "seed=9"), 0, 1, workers=0))
    assert not same(first, other)


def test_the_words_of_a_batch_have_a_common_width_that_the_view_allows(toy_data):
    for batch in batches(blocks("crnn-light", toy_data), 0, 16, workers=0):
        _, channels, height, width = batch["images"].shape
        assert (channels, height) == (1, 32)
        assert width % 16 == 0
        assert 32 <= width <= 320
        assert len(batch["lengths"]) == 2


def test_scenes_come_with_maps_of_the_codecs_stride(toy_data):
    batch = next(batches(blocks("db-light", toy_data), 0, 1, workers=0))
    assert batch["images"].shape == (2, 3, 64, 64)
    for key in ("kernel", "kernel_mask", "border", "border_mask"):
        assert batch[key].shape == (2, 32, 32)


WHOLE = "stages.0.augment={name='whole', shorter=96, longer=160, margin=10.0}"


def test_whole_scenes_come_one_by_one_in_sizes_of_their_own_the_same_for_the_same_seed(toy_data):
    ones = [blocks("db-light", toy_data, WHOLE, "stages.0.batch=1") for _ in range(2)]
    here, elsewhere = (
        list(batches(each, 0, 12, workers)) for each, workers in zip(ones, (0, 2), strict=True)
    )
    assert all(same(a, b) for a, b in zip(here, elsewhere, strict=True))
    sizes = {tuple(batch["images"].shape) for batch in here}
    assert len(sizes) > 1
    assert all(number == 1 and height % 32 == width % 32 == 0 for number, _, height, width in sizes)
    assert all(batch["kernel"].shape[2] == batch["images"].shape[3] // 2 for batch in here)


def test_the_whole_scenes_of_a_larger_batch_are_padded_to_the_largest(toy_data):
    made = blocks("db-light", toy_data, WHOLE, "stages.0.batch=3")
    batch = made._batch([(np.full((*size, 3), 255, np.uint8), []) for size in ((64, 96), (96, 64))])
    assert batch["images"].shape == (2, 3, 96, 96)
    assert batch["kernel"].shape == (2, 48, 48)
    black, white = (made.resize.normalise(np.full((1, 1, 3), v, np.uint8))[0] for v in (0, 255))
    for image, height, width in zip(batch["images"].numpy(), (64, 96), (96, 64), strict=True):
        assert np.allclose(image[:, :height, :width], white)
        assert np.allclose(image[:, height:], black)
        assert np.allclose(image[:, :, width:], black)
    assert next(batches(made, 0, 1, workers=0))["images"].shape[0] == 3


def test_sides_of_whole_scenes_are_multiples_as_the_resize_has_them_unless_told_otherwise(toy_data):
    assert blocks("db-light", toy_data, WHOLE, "resize.multiple=64").augment.multiple == 64
    told = WHOLE.replace("margin", "multiple=16, margin")
    assert blocks("db-light", toy_data, told).augment.multiple == 16


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        ("{name='hole'}", "stage 0: augment: .*did you mean 'whole'"),
        ("{name='whole', size=64}", "stage 0: augment: no such setting 'size'"),
        ("{name='windows', shorter=64}", "stage 0: augment: no such setting 'shorter'"),
    ],
)
def test_a_wrong_augmentation_is_a_clear_error(toy_data, augment, message):
    with pytest.raises(SettingsError, match=message):
        blocks("db-light", toy_data, f"stages.0.augment={augment}")


def test_a_batch_of_which_one_word_fits_is_that_word_alone(toy_data, tmp_path):
    recipe = toy_recipe("crnn-light", "stages.0.batch=8")
    few = stage_blocks(recipe, 0, make_codec(recipe.codec), dict.fromkeys(FRAMES, 2), toy_data, 0)
    crop = np.zeros((32, 64, 3), np.uint8)
    batch = few._batch([(crop, "longer")] * 7 + [(crop, "ab")])
    assert batch["lengths"].tolist() == [2] * 8
    assert left_out(batch) == {"too_long": 7}


def test_narrow_views_of_long_words_are_widened_and_hopeless_ones_an_error(toy_data):
    recipe = toy_recipe("crnn-light", "stages.0.batch=2")
    words = [(np.zeros((32, 32, 3), np.uint8), "abcdefghijkl")] * 2
    codec = make_codec(recipe.codec)
    fine = stage_blocks(recipe, 0, codec, FRAMES, toy_data, 0)
    assert fine._batch(words)["images"].shape[3] == 48  # 12 frames
    hopeless = stage_blocks(recipe, 0, codec, dict.fromkeys(FRAMES, 4), toy_data, 0)
    with pytest.raises(DataError, match=r"raise resize\.max_width"):
        hopeless._batch(words)


def test_views_are_widened_from_a_least_width_that_is_no_multiple(toy_data):
    recipe = toy_recipe("crnn-light", "stages.0.batch=2", "resize.min_width=100")
    words = [(np.zeros((32, 32, 3), np.uint8), "abcdefghijklmnopqrstuvwxyz")] * 2
    widths = (*range(0, 321, 16), 100)  # that a net is asked about
    made = stage_blocks(
        recipe, 0, make_codec(recipe.codec), {width: width // 4 for width in widths}, toy_data, 0
    )
    assert made._batch(words)["images"].shape[3] == 112  # 28 frames


def test_what_cannot_be_learnt_is_counted_by_reason(tmp_path):
    (tmp_path / "words").mkdir()
    for name, width in (("good", 64), ("foreign", 64), ("empty", 64), ("long", 64)):
        picture = np.random.default_rng(0).integers(0, 256, (32, width, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / "words" / f"{name}.png")
    (tmp_path / "words" / "bad.png").write_bytes(b"nonsense")
    labels = "good.png\tfine\nforeign.png\té\nempty.png\t\nbad.png\tlost\nlong.png\t" + "a1" * 20 + "\n"
    (tmp_path / "words" / "labels.tsv").write_text(labels)
    made = blocks("crnn-light", tmp_path, "stages.0.batch=16")[0]
    assert {reason for batch in made for reason in left_out(batch)} == set(DROPPED)
    assert {length for batch in made for length in batch["lengths"].tolist()} == {4}


def test_padded_words_are_as_wide_as_the_widest_of_a_batch_and_none_is_squeezed(toy_data):
    recipe = toy_recipe("crnn-light", "resize.pad=true", "stages.0.batch=3")
    codec = make_codec(recipe.codec)
    padded = stage_blocks(recipe, 0, codec, FRAMES, toy_data, 0)
    words = [(np.full((32, width, 3), 255, np.uint8), "ab") for width in (20, 40, 100)]
    for word, _ in words:
        word[:, :-1] = np.arange(word.shape[1] - 1)[None, :, None]
    images = padded._batch(words)["images"][:, 0, 0]
    assert images.shape == (3, 112)
    for row, (word, _) in zip(images, words, strict=True):
        width = word.shape[1]
        assert torch.allclose(row[:width] * 127.5 + 127.5, torch.from_numpy(word[0, :, 0]).float(), atol=0.01)
        assert (row[width:] == 1).all()


@pytest.mark.parametrize("workers", [0, 1])
def test_labels_outside_the_charset_end_in_one_clear_line_from_any_process(toy_data, workers):
    with pytest.raises(DataError, match="characters of the charset") as caught:
        next(batches(blocks("crnn-light", toy_data, "codec.charset=%"), 0, 1, workers=workers))
    assert "\n" not in str(caught.value)


def test_a_set_of_which_a_tenth_can_be_used_is_trained_on(tmp_path):
    (tmp_path / "words").mkdir()
    Image.fromarray(np.zeros((32, 64, 3), np.uint8)).save(tmp_path / "words" / "0.png")
    rows = "".join(f"0.png\t{text}\n" for text in ["fine", *["é"] * 9])
    (tmp_path / "words" / "labels.tsv").write_text(rows)
    made = blocks("crnn-light", tmp_path, "stages.0.batch=16")[0]
    assert {length for batch in made for length in batch["lengths"].tolist()} == {4}
    assert sum(left_out(batch).get("charset", 0) for batch in made) > 1000


def test_a_crop_that_cannot_be_decoded_is_left_out(tmp_path):
    (tmp_path / "words").mkdir()
    good = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    Image.fromarray(good).save(tmp_path / "words" / "good.png")
    (tmp_path / "words" / "bad.png").write_bytes(b"nonsense")
    (tmp_path / "words" / "labels.tsv").write_text("good.png\tfine\nbad.png\tlost\n")
    made = blocks("crnn-light", tmp_path)[0]
    assert {reason for batch in made for reason in left_out(batch)} == {"undecodable"}
    assert {length for batch in made for length in batch["lengths"].tolist()} == {4}


@pytest.mark.parametrize("name", ["crnn-light", "db-light"])
def test_blocks_travel_to_processes_that_share_no_memory(toy_data, name):
    here = blocks(name, toy_data)
    there = pickle.loads(pickle.dumps(here))
    assert same(here[0][0], there[0][0])


@pytest.mark.parametrize("name", sorted(SYNTHS))
def test_every_synthesiser_is_a_source(toy_data, name):
    settings = {"size": 96} if name == "synth-scenes" else {}
    sample = make_source(Data(name, settings=settings), toy_data).sample(3)
    assert sample.image.dtype == np.uint8


def test_clean_scores_need_no_folder_of_photographs_and_photographed_ones_do(tmp_path):
    assert (
        make_source(Data("synth-scores", settings={"augmented": 0.0}), tmp_path).sample(0).instances[0].text
    )
    with pytest.raises(SettingsError, match="no such folder of background photographs"):
        make_source(Data("synth-scores"), tmp_path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Data("synth-wrds"), "did you mean|known"),
        (Data("folder:words", settings={"x": 1}), "only synthesis has settings"),
        (Data("synth-words", settings={"curvd": 1}), "did you mean 'curved'"),
    ],
)
def test_a_wrong_source_is_a_clear_error(toy_data, entry, message):
    with pytest.raises(SettingsError, match=message):
        make_source(entry, toy_data)


def test_shares_decide_how_often_a_source_is_drawn(toy_data):
    mixture = Mixture([Data("folder:words", 3.0), Data("synth-words", 1.0)], toy_data)
    rng = np.random.default_rng(0)
    made = [mixture.draw(rng)[1] for _ in range(400)]
    assert 0.18 < np.mean(made) < 0.32
    with pytest.raises(SettingsError, match="positive"):
        Mixture([Data("folder:words", 0.0)], toy_data)


@pytest.mark.parametrize("name", ["crnn-light", "db-light"])
def test_overfitting_draws_the_same_few_samples(toy_data, name):
    recipe = toy_recipe(name)
    fixed = {sample.name for sample in fixed_samples(recipe, make_codec(recipe.codec), toy_data, 3)}
    few = blocks(name, toy_data, overfit=3)
    assert {few.mixture.draw(np.random.default_rng(seed))[0].name for seed in range(30)} == fixed
