from __future__ import annotations

import pytest

from datasets import write_bags, write_pictures, write_text
from scenetext.codecs.oclip import OCLIP
from scenetext.data.bags import bags
from scenetext.errors import BadImageError, DataError


def test_a_table_of_pictures_and_words_is_read(tmp_path):
    first, second = bags(tmp_path, write_bags(tmp_path))
    assert (first.name, second.name) == ("a.png", "b.png")
    assert [instance.text for instance in first.instances] == ["All", "day"]
    height, width = first.image.shape[:2]
    assert all(instance.polygon.max(axis=0).tolist() == [width, height] for instance in first.instances)
    assert not any(instance.legible for instance in first.instances)
    assert [instance.text for instance in second.instances] == ["open"]
    assert OCLIP().bag(first.instances) == ["All", "day"]


def test_the_first_line_may_be_a_picture(tmp_path):
    write_pictures(tmp_path, "a.png")
    write_text(tmp_path / "bags.tsv", f'{tmp_path / "a.png"}\t"one" two\n')
    (scene,) = bags(tmp_path, "")
    assert [instance.text for instance in scene.instances] == ['"one"', "two"]


def test_a_picture_may_have_no_words(tmp_path):
    write_bags(tmp_path)
    write_text(tmp_path / "mine" / "bags.tsv", "a.png\t\n")
    assert bags(tmp_path, "mine")[0].instances == ()


@pytest.mark.parametrize("line", ["a.png", "\twords", "a.png\tone\ttwo"])
def test_a_wrong_line_is_named_and_can_be_left_out(line, tmp_path):
    write_bags(tmp_path)
    write_text(tmp_path / "mine" / "bags.tsv", f"{line}\nb.png\tfine\n")
    with pytest.raises(DataError, match=r"bags\.tsv:1: expected 2 columns"):
        bags(tmp_path, "mine")
    wrong: list[DataError] = []
    assert len(bags(tmp_path, "mine", wrong.append)) == len(wrong) == 1


def test_a_picture_is_missed_when_its_turn_comes(tmp_path):
    write_bags(tmp_path)
    write_text(tmp_path / "mine" / "bags.tsv", "gone.png\tword\n")
    scenes = bags(tmp_path, "mine")
    with pytest.raises(BadImageError, match=r"gone\.png"):
        scenes[0]


def test_a_table_without_pictures_is_an_error(tmp_path):
    write_text(tmp_path / "bags.tsv", "filepath\ttitle\n")
    with pytest.raises(DataError, match="holds no pictures"):
        bags(tmp_path, "")
