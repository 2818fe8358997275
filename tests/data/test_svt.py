from __future__ import annotations

import pytest

from datasets import SVT_XML, write_svt
from scenetext.data.svt import svt, svt_words
from scenetext.errors import DataError, SettingsError


def test_scenes_bring_boxes_and_a_lexicon(tmp_path):
    first, second = svt(tmp_path, write_svt(tmp_path))
    assert (first.name, first.lexicon) == ("14_03", ("LIVING", "ROOM", "HARBOUR"))
    assert [instance.text for instance in first.instances] == ["LIVING", "ROOM"]
    assert first.instances[1].polygon.tolist() == [[30, 12], [55, 12], [55, 20], [30, 20]]
    assert second.lexicon == ("CAFE",)


def test_words_are_cut_out_with_the_lexicon_of_their_scene(tmp_path):
    words = svt_words(tmp_path, write_svt(tmp_path))
    assert [(word.name, word.instances[0].text) for word in words] == [
        ("14_03/0", "LIVING"),
        ("14_03/1", "ROOM"),
        ("15_00/0", "CAFE"),
    ]
    assert words[1].lexicon == ("LIVING", "ROOM", "HARBOUR")
    assert words[1].image.shape == (8, 25, 3)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("img/14_03.jpg", "img/gone.jpg", r"test\.xml: no such picture: img/gone\.jpg"),
        ("<imageName>img/14_03.jpg</imageName>", "", "without <imageName>"),
        ('width="20" x="3"', 'x="3"', r"img/14_03\.jpg: a taggedRectangle has numbers"),
        ('width="20"', 'width="wide"', "a taggedRectangle has numbers"),
        ("</tagset>", "", r"test\.xml: not XML"),
    ],
)
def test_a_wrong_file_is_named(old, new, reason, tmp_path):
    write_svt(tmp_path)
    (tmp_path / "svt1" / "test.xml").write_text(SVT_XML.replace(old, new, 1))
    with pytest.raises(DataError, match=reason):
        svt(tmp_path, "test")


def test_an_unknown_split_lists_the_known(tmp_path):
    with pytest.raises(SettingsError, match="test, train"):
        svt(tmp_path, "val")
