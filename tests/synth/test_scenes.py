from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from scenery import write_fonts, write_photos
from scenetext.errors import SettingsError
from scenetext.geometry import bounds, box_polygon, mask_of, signed_area, valid_shape
from scenetext.settings import build, to_dict
from scenetext.synth.corpus import Corpus, common_words
from scenetext.synth.scenes import SceneSynth
from scenetext.types import Sample


@pytest.fixture(scope="module")
def synth(tmp_path_factory: pytest.TempPathFactory) -> SceneSynth:
    folder = tmp_path_factory.mktemp("scenes")
    return SceneSynth(
        fonts=str(write_fonts(folder / "fonts")),
        backgrounds=str(write_photos(folder / "photos")),
        size=(256, 320),
        words=(4, 12),
        max_height=40,
    )


def scenes(synth: SceneSynth, count: int = 12) -> list[Sample]:
    return [synth.sample(seed) for seed in range(count)]


def test_the_same_seed_gives_the_same_pixels_and_truth_and_another_seed_does_not(synth: SceneSynth) -> None:
    first = synth.sample(3)
    again = pickle.loads(pickle.dumps(synth)).sample(3)
    assert np.array_equal(first.source, again.source)
    assert [i.to_dict() for i in first.instances] == [i.to_dict() for i in again.instances]
    assert not np.array_equal(first.source, synth.sample(4).source)


def test_what_was_drawn_before_does_not_change_a_scene(synth: SceneSynth) -> None:
    expected = synth.sample(7).source
    scenes(synth, 3)
    assert np.array_equal(synth.sample(7).source, expected)


@pytest.mark.parametrize(("size", "shape"), [(96, (96, 96, 3)), ((128, 200), (128, 200, 3))])
def test_a_scene_has_the_size_that_was_asked_for(
    synth: SceneSynth, size: int | tuple[int, int], shape: tuple[int, ...]
) -> None:
    sample = replace(synth, size=size, words=(1, 3)).sample(0)
    assert isinstance(sample.source, np.ndarray)
    assert sample.source.shape == shape
    assert sample.source.dtype == np.uint8


def test_polygons_lie_inside_the_picture_and_run_clockwise(synth: SceneSynth) -> None:
    for sample in scenes(replace(synth, turned=0.3, curved_fraction=0.3)):
        for instance in sample.instances:
            assert signed_area(instance.polygon) > 0
            assert instance.polygon.min() >= 0
            assert (instance.polygon <= [320, 256]).all()


def test_no_two_words_overlap(synth: SceneSynth) -> None:
    for sample in scenes(replace(synth, words=(12, 20), curved_fraction=0.3)):
        shapes = [valid_shape(instance.polygon) for instance in sample.instances]
        for i, first in enumerate(shapes):
            for second in shapes[:i]:
                shared = shapely.intersection(first, second).area
                assert shared <= 0.1 * min(first.area, second.area)


def test_every_word_has_a_quad_for_each_character(synth: SceneSynth) -> None:
    samples = scenes(replace(synth, curved_fraction=0.3))
    assert sum(len(sample.instances) for sample in samples) > 30
    for sample in samples:
        for instance in sample.instances:
            assert instance.text
            assert instance.characters is not None
            assert instance.characters.shape == (len(instance.text), 4, 2)
            assert set(instance.text) <= set(map(chr, range(33, 127)))


def test_scenes_without_any_word_are_possible(synth: SceneSynth) -> None:
    assert all(not sample.instances for sample in scenes(replace(synth, empty=1.0), 4))
    assert all(sample.instances for sample in scenes(replace(synth, empty=0.0, words=(6, 8)), 6))


def test_without_curves_every_whole_word_has_four_points(synth: SceneSynth) -> None:
    for sample in scenes(replace(synth, curved_fraction=0.0)):
        for instance in sample.instances:
            inside = instance.polygon.min() > 0 and (instance.polygon < [320, 256]).all()
            assert len(instance.polygon) == 4 or not inside  # the border of the picture cuts corners off


def test_with_curves_alone_words_have_more_than_four_points(synth: SceneSynth) -> None:
    counts = [
        len(instance.polygon)
        for sample in scenes(replace(synth, curved_fraction=1.0, empty=0.0))
        for instance in sample.instances
        if len(instance.text or "") > 3
    ]
    assert len(counts) > 10
    assert np.mean([count > 4 for count in counts]) > 0.9
    assert max(counts) <= 14 + 4  # at most 14, and what clipping adds


def test_heights_stay_in_the_range_when_nothing_is_turned_away(synth: SceneSynth) -> None:
    flat = replace(
        synth, tilt=0.0, rotation=0.0, turned=0.0, curved_fraction=0.0, min_height=16, max_height=30
    )
    heights = [
        np.linalg.norm(instance.characters[:, 0] - instance.characters[:, 3], axis=1).max()
        for sample in scenes(flat)
        for instance in sample.instances
        if instance.characters is not None
        if len(instance.polygon) == 4
        and any(c.isalnum() for c in instance.text or "")
        and any(c.isalnum() for c in instance.text or "")
        if instance.polygon.min() > 0 and (instance.polygon < [320, 256]).all()
    ]
    assert len(heights) > 20
    assert max(heights) <= 30 * 1.05
    # a line that holds both "Qy" and "o" cannot have the first below 30 and the second above 16
    assert np.mean(np.array(heights) >= 16 * 0.95) > 0.85


def test_rotation_bounds_the_turn_of_words_and_turned_exceeds_it(synth: SceneSynth) -> None:
    def angles(settings: SceneSynth) -> np.ndarray:
        found = [
            instance.characters[-1, 1] - instance.characters[0, 0]
            for sample in scenes(settings)
            for instance in sample.instances
            if instance.characters is not None and len(instance.characters) > 1
        ]
        return np.abs([np.degrees(np.arctan2(y, x)) for x, y in found])

    straight = replace(synth, curved_fraction=0.0, tilt=0.0, rotation=5.0)
    assert angles(replace(straight, turned=0.0)).max() < 5.5
    assert np.median(angles(replace(straight, turned=1.0))) > 15


def test_words_that_are_too_small_or_too_blurred_are_not_legible(synth: SceneSynth) -> None:
    tiny = replace(synth, min_height=4, max_height=6, tilt=0.0, curved_fraction=0.0)
    assert not any(i.legible for sample in scenes(tiny, 5) for i in sample.instances)
    easy = replace(
        synth, min_height=20, tilt=0.0, blur=0.0, noise=0.0, contrast=0.4, occlusion=0.0, curved_fraction=0.0
    )
    legible = [i.legible for sample in scenes(easy) for i in sample.instances]
    assert np.mean(legible) > 0.85
    blurred = replace(easy, blur=40.0)
    assert (
        np.mean([i.legible for sample in scenes(blurred) for i in sample.instances]) < np.mean(legible) - 0.2
    )


def test_the_number_of_words_follows_the_setting(synth: SceneSynth) -> None:
    few = replace(synth, words=(1, 1), empty=0.0)
    assert {len(sample.instances) for sample in scenes(few)} <= {0, 1}
    many = replace(synth, words=(30, 30), empty=0.0, min_height=8, max_height=12)
    assert np.mean([len(sample.instances) for sample in scenes(many, 6)]) > 12


def test_plain_scenes_are_level_words_of_the_lexicon_on_one_colour(synth: SceneSynth) -> None:
    plain = replace(
        synth, plain=1.0, words=(5, 5), empty=0.0, blur=0.0, noise=0.0, max_height=24, occlusion=1.0
    )
    corpus = Corpus(("river", "stone"))
    lexicon = {*corpus.words, *common_words()}
    colours, counts = [], []
    for sample in scenes(replace(plain, corpus=corpus), 10):
        counts.append(len(sample.instances))
        outside = ~mask_of([grown(i.polygon, 12) for i in sample.instances], 256, 320)
        ground = sample.image[outside].astype(int)
        colours.append(tuple(np.median(ground, axis=0)))
        # but for what light, tone and JPEG of the camera do to it
        assert np.mean(np.abs(ground - colours[-1]).max(axis=1) <= 40) > 0.95
        for instance in sample.instances:
            assert (instance.text or "").lower() in lexicon
            across = instance.polygon[1] - instance.polygon[0]
            assert abs(np.degrees(np.arctan2(across[1], across[0]))) < 0.5
            assert instance.polygon.min() > 0
            assert (instance.polygon < [320, 256]).all()
    assert np.mean(counts) > 4.5
    assert len(set(colours)) > 5


def test_a_part_of_the_scenes_may_be_plain(synth: SceneSynth) -> None:
    half = replace(synth, plain=0.5, turned=1.0, rotation=15.0, tilt=0.0, empty=0.0, curved_fraction=0.0)

    def level(sample: Sample) -> bool:
        across = [instance.polygon[1] - instance.polygon[0] for instance in sample.instances]
        return all(abs(np.degrees(np.arctan2(y, x))) < 0.5 for x, y in across)

    assert 4 <= sum(level(sample) for sample in scenes(half, 16)) <= 12


def grown(polygon: np.ndarray, margin: float) -> np.ndarray:
    left, top, right, bottom = bounds(polygon)
    return box_polygon(left - margin, top - margin, right + margin, bottom + margin)


def test_settings_travel_through_plain_dictionaries(synth: SceneSynth) -> None:
    restored = build(SceneSynth, to_dict(synth))
    assert np.array_equal(restored.sample(1).source, synth.sample(1).source)


@pytest.mark.parametrize("name", ["fonts", "backgrounds"])
def test_a_missing_or_empty_folder_is_an_error_that_names_it(
    synth: SceneSynth, tmp_path: Path, name: str
) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(SettingsError, match=folder.name):
            replace(synth, **{name: str(folder)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_height": 50.0, "max_height": 20.0},
        {"words": (5, 2)},
        {"curved_fraction": 1.5},
        {"plain": -0.1},
        {"contrast": 0.9},
        {"charset": "klingon"},
        {"size": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(synth: SceneSynth, wrong: dict) -> None:
    with pytest.raises(SettingsError):
        replace(synth, **wrong)
