"""From every packaged recipe to a bundle that reads the same."""

import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from toy_recipes import toy_recipe

from scenetext import runtime
from scenetext.bundle import load_bundle
from scenetext.charset import CHARSETS
from scenetext.cli.main import main
from scenetext.codecs.db import DB
from scenetext.codecs.fcenet import FCENet
from scenetext.codecs.psenet import PSENet
from scenetext.codecs.textbpn import TextBPN
from scenetext.data import open_dataset
from scenetext.detector import Detector
from scenetext.errors import BundleError, SettingsError, TrainingError
from scenetext.geometry import iou
from scenetext.learn import export as exporting
from scenetext.learn.checkpoint import initial_weights, load_checkpoint
from scenetext.learn.engine import Options, train
from scenetext.learn.export import export
from scenetext.learn.validate import load_run
from scenetext.reader import load_spotter
from scenetext.recipe import load_recipe, recipe_names
from scenetext.recognizer import Recognizer
from scenetext.spotter import EndToEnd

# What lets shapes pass that a barely trained network puts out. Rectangles around them would jump where two
# are nearly as small.
LENIENT = {
    DB: {"min_score": 0.0, "shape": "polygon", "min_side": 1.0, "max_instances": 20},
    PSENet: {"min_score": 0.0, "shape": "polygon"},
    FCENet: {"overlap": 0.99, "shape": "polygon"},
    TextBPN: {"min_score": 0.0, "min_area": 4.0, "relative": False, "max_proposals": 20},
}


def trained(toy_data, out, name, *changes):
    train(toy_recipe(name, *changes), Options(data=toy_data, out=out, workers=0, threads=1, device="cpu"))
    return out


def decisive(codec, outputs):
    """The values that a codec compares with its threshold."""
    match codec:
        case DB():
            return outputs["probability"]
        case PSENet():
            return outputs["kernels"][0, [0, -1]].min(axis=0)
        case FCENet():
            classes = [outputs[f"classes_{stride}"].reshape(2, -1) for stride in codec.strides]
            region, centre = np.concatenate(classes, axis=1).astype(np.float64)
            return region**codec.alpha * centre**codec.beta
        case TextBPN():
            return outputs["prior"][0, 1]


def same_polygons(detector, graphs, photo):
    """How many polygons a detector finds in a photo. Asserts that `graphs` find them, too, and no others.

    The threshold is put where nothing lies near it, so that shapes differ by as much as outputs do. A barely
    trained network is sure of all it sees, but not of photos of little contrast.
    """
    view, found = detector.resize(photo), 0
    for contrast in (1, 0.3, 0.1, 0.03):
        inputs = {"images": np.float32(contrast) * view.data}
        values = np.sort(decisive(detector.codec, detector.graphs[0](inputs)), axis=None).astype(np.float64)
        share = 0.02 if isinstance(detector.codec, FCENet) else 0.2  # FCENet decodes each pixel above it
        upper = values[-int(1.5 * share * len(values)) : -int(0.5 * share * len(values))]
        gap = int(np.argmax(np.diff(upper)))
        threshold = float(upper[gap : gap + 2].mean())
        if not 0.02 < threshold < values[-1] < 0.999:
            continue
        codec = replace(detector.codec, threshold=threshold, **LENIENT[type(detector.codec)])
        ours, theirs = (
            codec.decode(runtime.run(each, codec, inputs), view.size) for each in (detector.graphs, graphs)
        )
        assert len(ours) == len(theirs)
        assert all(max(iou(a.polygon, b.polygon) for b in theirs) > 0.99 for a in ours)
        found += len(ours)
    return found


READING = [name for name in recipe_names() if load_recipe(name).task != "pretraining"]


@pytest.mark.parametrize("name", READING)
def test_every_recipe_trains_two_steps_exports_and_reads_the_same(toy_data, tmp_path, name, monkeypatch):
    def keep_single_precision(graph):
        shutil.copy(graph, tmp_path)
        halve_graph(graph)

    halve_graph = exporting.halve_graph
    monkeypatch.setattr(exporting, "halve_graph", keep_single_precision)
    run = trained(toy_data, tmp_path / "run", name)
    bundle = export(run, tmp_path / "bundle", data=toy_data, licence="CC0-1.0", threads=1)
    manifest = load_bundle(tmp_path / "bundle").manifest
    assert manifest.name == name
    assert manifest.licence == "CC0-1.0"
    assert manifest.recipe["net"] == toy_recipe(name).net
    assert manifest.scores
    assert manifest.training_data
    assert all(b'.py", line' not in path.read_bytes() for path in bundle.folder.glob("*.onnx"))
    model, recipe = load_run(run)
    assert manifest.graphs == ("model.onnx", "refine.onnx", "read.onnx")[: len(model.graphs)]
    task = recipe.task
    assert task == manifest.task
    image = np.random.default_rng(0).integers(0, 256, (48, 120, 3), dtype=np.uint8)
    if task == "recognition":
        expected, found = model.recognize([image]), Recognizer.load(bundle.folder, 1).recognize([image])
        assert found[0][0] == expected[0][0]
        assert found[0][1] == pytest.approx(expected[0][1], abs=1e-2)  # weights are stored in half
    elif task == "spotting":
        expected, found = model.spot(image), EndToEnd.load(bundle.folder, 1).spot(image)
        assert [word.text for word in found] == [word.text for word in expected]
        assert isinstance(load_spotter(bundle.folder, threads=1), EndToEnd)
        parted = (("refine", ("pooling", "rfe", "tdn")), ("read", ("pooling", "rfe", "trn")))
        for graph, parts in parted if recipe.net["name"] == "li2017" else ():
            content = (bundle.folder / f"{graph}.onnx").read_bytes()  # which can be taken apart by part
            assert all(f"'module.{part}'".encode() in content for part in parts)
        judged = ["evaluate", str(bundle.folder), "--dataset", "icdar:scenes", "--data", str(toy_data)]
        assert main([*judged, "--lexicon", "strong", "--sides", "64,96", "--min-score", "0.1"]) == 0
    else:
        expected, found = model.detect(image), Detector.load(bundle.folder, 1).detect(image)
        assert len(found) == len(expected)
        graphs = [runtime.OrtGraph(tmp_path / graph, 1) for graph in manifest.graphs]
        photos = [sample.image for sample in open_dataset("icdar:scenes", toy_data)]
        assert sum(same_polygons(model, graphs, photo) for photo in photos[:2]) >= 5
    weights, parts = initial_weights(str(bundle.folder))
    assert not parts  # but all of them
    best = load_checkpoint(run / "best.safetensors")[0]["average"]
    assert weights.keys() == best.keys()
    assert all(torch.allclose(weights[key].float(), best[key].float(), rtol=2e-3, atol=1e-4) for key in best)


def test_a_model_trained_on_padded_crops_reads_padded_crops(toy_data, tmp_path):
    run = trained(toy_data, tmp_path / "run", "crnn-light", "resize.pad=true")
    bundle = export(run, tmp_path / "bundle", threads=1)
    assert load_run(run)[0].resize == Recognizer.load(bundle.folder, 1).resize
    assert Recognizer.load(bundle.folder, 1).resize.pad


def test_a_bundle_that_has_learnt_a_little_music_prints_pitches(toy_data, tmp_path, capsys):
    stage = "stages=[{steps=100, batch=6, lr=3e-3, warmup=5, data=[{name='folder:scores'}]}]"
    wide = ("net.seq_args.hidden=64", "net.feat_args.width=64", "validate.every=100")
    recipe = toy_recipe("music-light", stage, *wide, "precision='fp32'", "optim.ema=0.0")
    run = tmp_path / "run"
    train(recipe, Options(data=toy_data, out=run, workers=0, threads=1, device="cpu", overfit=2))
    scores = json.loads((run / "validation.jsonl").read_text())["scores"]["overfit"]["values"]
    assert scores["edit_distance"] < 4.5  # of five notes
    export(run, tmp_path / "bundle", threads=1)
    crops = sorted(str(path) for path in (toy_data / "scores").glob("*.png"))
    assert main(["recognize", *crops, "--recognizer", str(tmp_path / "bundle"), "--format", "text"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(crops)
    assert any(lines)
    assert {token for line in lines for token in line.split(" ") if line} <= set(CHARSETS["pitches"])


def test_a_graph_that_drifts_is_not_written(toy_data, tmp_path, monkeypatch):
    run = trained(toy_data, tmp_path / "run", "rosetta")
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs from the network"):
        export(run, tmp_path / "bundle", threads=1)
    assert not (tmp_path / "bundle").exists()


def test_a_graph_that_scores_otherwise_is_not_written(toy_data, tmp_path, monkeypatch):
    run = trained(toy_data, tmp_path / "run", "rosetta")
    monkeypatch.setattr(exporting, "_FIGURE_TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="not written"):
        export(run, tmp_path / "bundle", data=toy_data, threads=1)
    assert not (tmp_path / "bundle").exists()


def test_a_detector_of_integers_finds_what_the_network_finds_or_is_not_written(
    toy_data, tmp_path, monkeypatch
):
    run = trained(toy_data, tmp_path / "run", "db-light")
    bundle = export(run, tmp_path / "bundle", data=toy_data, threads=1, int8=True)
    kinds = {node.op_type for node in onnx.load(bundle.folder / "model.onnx").graph.node}
    assert "QuantizeLinear" in kinds
    assert "8-bit" in bundle.manifest.description
    assert bundle.manifest.scores
    assert isinstance(Detector.load(bundle.folder, 1).detect(np.zeros((40, 60, 3), np.uint8)), list)
    monkeypatch.setattr(exporting, "_INT8_TOLERANCE", -1.0)  # as if a figure had to rise by that much
    with pytest.raises(TrainingError, match="not written"):
        export(run, tmp_path / "worse", data=toy_data, threads=1, int8=True)
    assert not (tmp_path / "worse").exists()


def test_a_spotter_of_integers_has_them_in_its_first_graph_alone(toy_data, tmp_path):
    run = trained(toy_data, tmp_path / "run", "mask_textspotter-light")
    bundle = export(run, tmp_path / "bundle", data=toy_data, threads=1, int8=True)
    graphs = [onnx.load(bundle.folder / name).graph for name in bundle.manifest.graphs]
    quantized = [any(node.op_type == "QuantizeLinear" for node in graph.node) for graph in graphs]
    assert quantized == [True, False, False]
    assert isinstance(EndToEnd.load(bundle.folder, 1).spot(np.zeros((40, 60, 3), np.uint8)), list)


def test_a_bundle_without_weights_reads_and_is_nothing_to_train_on(toy_data, tmp_path):
    run, out = trained(toy_data, tmp_path / "run", "rosetta"), tmp_path / "bundle"
    assert main(["export", str(run), "--out", str(out), "--unscored", "--no-weights", "--threads", "1"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "model.json", "model.onnx"]
    assert len(Recognizer.load(out, 1).recognize([np.zeros((40, 60, 3), np.uint8)])) == 1
    with pytest.raises(BundleError, match="without weights"):
        initial_weights(str(out))


def test_integers_are_for_detectors_and_spotters_with_photos(toy_data, tmp_path):
    run = trained(toy_data, tmp_path / "words", "rosetta")
    with pytest.raises(SettingsError, match="only detectors"):
        export(run, tmp_path / "bundle", data=toy_data, int8=True)
    run = trained(toy_data, tmp_path / "scenes", "db-light")
    with pytest.raises(SettingsError, match="--data"):
        export(run, tmp_path / "bundle", int8=True)
    assert not (tmp_path / "bundle").exists()


def test_a_graph_whose_weights_do_not_survive_half_precision_is_not_written(toy_data, tmp_path, monkeypatch):
    run = trained(toy_data, tmp_path / "run", "rosetta")
    monkeypatch.setattr(exporting, "_HALF_TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs from the network"):
        export(run, tmp_path / "bundle", threads=1)
    assert not (tmp_path / "bundle").exists()


def test_a_folder_that_holds_no_run_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"no recipe\.json"):
        export(tmp_path, tmp_path / "bundle")
