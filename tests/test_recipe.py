"""Recipes: packaged files, changes on the command line, errors."""

import pytest

from scenetext.errors import SettingsError
from scenetext.recipe import load_recipe, recipe_from_json, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_a_packaged_recipe_loads_and_survives_json(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    assert recipe_from_json(recipe.to_json()) == recipe


def test_changes_reach_nested_tables_and_arrays():
    changes = ["seed=7", "optim.clip=1", "stages.0.steps=5", "codec.charset=abc", "resize.mean=[0.4]"]
    recipe = load_recipe("crnn", changes)
    assert (recipe.seed, recipe.optim.clip, recipe.stages[0].steps) == (7, 1.0, 5)
    assert recipe.codec["charset"] == "abc"
    assert recipe.resize["mean"] == [0.4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("seed", "expected KEY=VALUE"),
        ("sed=1", "did you mean 'seed'"),
        ("seed=fast", "seed is a int"),
        ("stages.9.steps=1", "not an index below 1"),
        ("stages.x.steps=1", "not an index"),
        ("seed.x=1", "not a section"),
        ("optim.clipp=1", "did you mean 'clip'"),
        ("stages.0.rates={feat=0.0}", "belongs into frozen"),
        ("stages.0.rates={feat.ConvNet=0.1}", r"rates\.feat is a float, not \{'ConvNet': 0\.1\}"),
    ],
)
def test_a_wrong_change_is_one_clear_error(change, message):
    with pytest.raises(SettingsError, match=message):
        load_recipe("crnn", [change])


def test_stages_name_the_parts_that_are_frozen_and_their_rates():
    recipe = load_recipe("crnn", ["stages.0.frozen=['feat']", "stages.0.rates={pred=2}"])
    assert recipe.stages[0].frozen == ("feat",)
    assert recipe.stages[0].rates == {"pred": 2.0}
    assert recipe_from_json(recipe.to_json()) == recipe


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(SettingsError, match="did you mean 'crnn'"):
        load_recipe("crn")


def test_a_broken_file_is_named(tmp_path):
    broken = tmp_path / "mine.toml"
    broken.write_text("name = ")
    with pytest.raises(SettingsError, match=r"mine\.toml"):
        load_recipe(str(broken))


def test_a_recipe_file_of_ones_own_is_read_by_path(tmp_path):
    from scenetext.recipe import PACKAGED

    mine = tmp_path / "mine.toml"
    mine.write_text((PACKAGED / "crnn.toml").read_text().replace("seed = 1111", "seed = 3"))
    assert load_recipe(str(mine)).seed == 3


@pytest.mark.parametrize(
    "change",
    ["validate.every=0", "seed=-1", "stages.0.batch=0", "stages.0.steps=0", "stages.0.lr=-1.0", "stages=[]"],
)
def test_values_that_make_no_run_are_refused(change):
    with pytest.raises(SettingsError):
        load_recipe("crnn", [change])
