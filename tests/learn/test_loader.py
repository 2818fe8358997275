"""Batches: determinism, skipping, widths, words that cannot be learnt."""

import numpy as np
import pytest
import torch
from toy_recipes import toy_recipe

from scenetext.codecs import make_codec
from scenetext.errors import SettingsError
from scenetext.learn.loader import SYNTHS, Mixture, batches, fixed_samples, make_source, stage_blocks
from scenetext.recipe import Data

FRAMES = {width: width // 4 for width in range(0, 513, 4)}


def blocks(name, root, *changes, **kwargs):
    recipe = toy_recipe(name, *changes)
    return stage_blocks(recipe, 0, make_codec(recipe.codec), FRAMES, root, 0, **kwargs)


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


def test_words_that_their_frames_cannot_spell_are_replaced_and_counted(toy_data):
    recipe = toy_recipe("crnn-light", "stages.0.batch=8")
    short = stage_blocks(recipe, 0, make_codec(recipe.codec), dict.fromkeys(FRAMES, 4), toy_data, 0)
    made = short[0]
    assert sum(int(batch["dropped"]) for batch in made) > 0
    for batch in made:
        assert len(batch["images"]) == 8
        if int(batch["dropped"]) < 8:
            assert int(batch["lengths"].max()) <= 4


def test_labels_outside_the_charset_end_in_a_clear_error(toy_data):
    with pytest.raises(SettingsError, match="charset can write"):
        next(batches(blocks("crnn-light", toy_data, "codec.charset=%"), 0, 1, workers=0))


@pytest.mark.parametrize("name", sorted(SYNTHS))
def test_every_synthesiser_is_a_source(toy_data, name):
    settings = {"size": 96} if name == "synth-scenes" else {}
    sample = make_source(Data(name, settings=settings), toy_data).sample(3)
    assert sample.image.dtype == np.uint8


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


def test_overfitting_draws_the_same_few_samples(toy_data):
    recipe = toy_recipe("crnn-light")
    fixed = {sample.name for sample in fixed_samples(recipe, toy_data, 3)}
    few = blocks("crnn-light", toy_data, overfit=3)
    assert {few.mixture.draw(np.random.default_rng(seed))[0].name for seed in range(30)} == fixed
