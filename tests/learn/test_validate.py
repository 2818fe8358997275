"""Validation goes through the readers that users run."""

import numpy as np
import pytest
import torch
from toy_recipes import toy_recipe

from scenetext.codecs import make_codec
from scenetext.data import open_dataset
from scenetext.detector import Detector
from scenetext.errors import TrainingError
from scenetext.learn.nets import make_net
from scenetext.learn.validate import load_run, make_model, torch_graphs, validate
from scenetext.recognizer import Recognizer


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("crnn-light", Recognizer, "folder:words"),
        ("db-light", Detector, "icdar:scenes"),
        ("textbpn-light", Detector, "icdar:scenes"),
    ],
)
def test_each_task_is_scored_by_its_reader_on_every_set(toy_data, name, kind, data):
    recipe = toy_recipe(name)
    codec = make_codec(recipe.codec)
    net = make_net(recipe.net, codec)
    assert isinstance(make_model(recipe, codec, []), kind)
    result = validate(recipe, codec, net, net.state_dict(), {data: open_dataset(data, toy_data)})
    assert 0 <= result.figure <= 1
    assert result.scores[data]["protocol"] == recipe.validate.protocol
    assert len(result.examples) == 2  # validate.limit


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="not the folder of a training run"):
        load_run(tmp_path)


def test_a_net_of_two_graphs_runs_both_even_where_nothing_is_proposed():
    recipe = toy_recipe("textbpn-light", "codec.min_score=0.0", "codec.min_area=1.0")
    codec = make_codec(recipe.codec)
    net = make_net(recipe.net, codec).eval()
    graphs = torch_graphs(net)
    assert [graph.module for graph in graphs] == [net, net.later()["refine"]]
    image = np.zeros((64, 96, 3), np.uint8)
    with torch.no_grad():
        for bias, count in ((5.0, 1), (-5.0, 0)):  # everything is text, or nothing
            net.head[-1].bias[1] = bias
            assert len(make_model(recipe, codec, graphs).detect(image)) == count


def test_a_net_of_one_graph_runs_just_that():
    recipe = toy_recipe("db-light")
    assert len(torch_graphs(make_net(recipe.net, make_codec(recipe.codec)))) == 1
