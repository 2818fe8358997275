from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenetext import Reader
from scenetext.bundle import Manifest, write_bundle
from scenetext.errors import BadImageError, BundleError, GraphError, SettingsError
from scenetext.geometry import box_polygon
from scenetext.lexicon import Lexicon
from scenetext.reader import is_spotter, load_spotter
from scenetext.types import Look, TextInstance


@pytest.fixture(scope="module")
def reader(toy_model: Path) -> Reader:
    return Reader(model=toy_model, threads=1)


def page() -> np.ndarray:
    """Two lines; the toy reads black as "a" and middle grey as "b"."""
    image = np.full((256, 320, 3), 255, np.uint8)
    for level, left, top in ((0, 40, 40), (96, 120, 42), (96, 40, 90), (0, 118, 88)):
        image[top : top + 30, left : left + 60] = level
    return image


def test_words_come_in_reading_order_with_lines_and_seconds(reader: Reader) -> None:
    reading = reader.read(page())
    assert (reading.name, reading.width, reading.height) == ("image", 320, 256)
    assert reading.lines == ["a b", "b a"]
    assert reading.text == "a b\nb a"
    assert reading.line_numbers == (0, 0, 1, 1)
    assert set(reading.seconds) == {"load", "detect", "recognize", "total"}
    assert reading.instances[0].polygon[0] == pytest.approx([40, 40], abs=2)


def test_a_path_bytes_and_an_array_read_alike(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    Image.fromarray(page()).save(path)
    by_path = reader.read(path)
    assert by_path.name == str(path)
    assert by_path.text == reader.read(str(path)).text == reader.read(path.read_bytes()).text == "a b\nb a"
    assert reader.read(path, name="mine").name == "mine"


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3000, 4000), (2400, 500)])
def test_blank_images_of_any_size_are_read_as_nothing(reader: Reader, size: tuple[int, int]) -> None:
    reading = reader.read(np.full((*size, 3), 255, np.uint8))
    assert reading.instances == ()
    assert reading.text == ""


def test_one_reader_is_shared_by_threads_and_a_call_leaves_no_trace(reader: Reader) -> None:
    pages = [np.ascontiguousarray(np.rot90(page(), k)) for k in (0, 2)] * 6
    alone = [reader.read(one).text for one in pages]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: reader.read(one).text, pages)) == alone


def test_a_bad_source_raises_or_is_handed_over_and_the_rest_is_read(reader: Reader) -> None:
    sources = [page(), b"broken", page()]
    failures: list[BadImageError] = []
    assert [r.text for r in reader.read_many(sources, on_error=failures.append)] == ["a b\nb a"] * 2
    assert [failure.name for failure in failures] == ["image"]
    readings = reader.read_many(sources)
    assert next(readings).text == "a b\nb a"
    with pytest.raises(BadImageError):
        next(readings)


def test_the_pixel_limit_and_the_score_limit_are_the_readers(toy_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    Image.fromarray(page()).save(path)
    with pytest.raises(BadImageError, match="over the limit"):
        Reader(model=toy_model, max_pixels=1000).read(path)
    assert Reader(model=toy_model, min_score=1.1).read(path).text == ""


def test_parts_replace_those_of_the_model(toy_model: Path) -> None:
    reader = Reader(model=toy_model, detector=toy_model / "detector", recognizer=toy_model / "recognizer")
    assert reader.read(page()).text == "a b\nb a"
    with pytest.raises(BundleError, match="a detection model"):
        Reader(model=toy_model, recognizer=toy_model / "detector")
    with pytest.raises(SettingsError, match="no model or model folder named 'nonsense'"):
        Reader(model="nonsense")


def test_anything_that_spots_makes_a_reader() -> None:
    class Nothing:
        def spot(self, image: np.ndarray, seconds: dict[str, float] | None = None) -> list:
            return []

    assert Reader(Nothing()).read(page()).instances == ()
    for other in ({"detector": "db-light"}, {"recognizer": "x"}, {"threads": 1}, {"min_score": 0.0}):
        with pytest.raises(SettingsError, match=f"{next(iter(other))} cannot be set beside a spotter"):
            Reader(Nothing(), **other)


def test_a_model_may_be_named_in_the_first_place(toy_model: Path) -> None:
    for model in (toy_model, str(toy_model)):
        assert Reader(model, threads=1).read(page()).text == "a b\nb a"
    with pytest.raises(SettingsError, match="no model or model folder named 'nonsense'"):
        Reader("nonsense")
    with pytest.raises(SettingsError, match="an object that can spot, not int"):
        Reader(7)  # type: ignore[arg-type]


def test_a_photo_on_which_a_graph_fails_is_a_bad_source_and_the_rest_is_read() -> None:
    class Narrow:
        def spot(self, image: np.ndarray, seconds: dict[str, float] | None = None) -> list:
            if image.shape[1] > 320:
                raise GraphError("model.onnx: cannot be run on images (1, 3, 256, 640): no room")
            return []

    sources = [page(), np.tile(page(), (1, 2, 1)), page()]
    failures: list[BadImageError] = []
    assert len(list(Reader(Narrow()).read_many(sources, on_error=failures.append))) == 2
    assert [str(failure) for failure in failures] == [
        "image: cannot be read (model.onnx: cannot be run on images (1, 3, 256, 640): no room)"
    ]


def test_a_lexicon_is_of_one_call_and_what_is_none_of_its_words_is_dropped(reader: Reader) -> None:
    assert reader.read(page(), lexicon=Lexicon(["A"])).text == "A\nA"
    assert [one.text for one in reader.read_many([page()] * 2, lexicon=Lexicon(["B"]))] == ["B\nB"] * 2
    assert reader.read(page()).text == "a b\nb a"


def test_a_spotter_without_lexicons_can_be_read_with() -> None:
    class Plain:
        def spot(self, image: np.ndarray, seconds: dict[str, float] | None = None) -> list[TextInstance]:
            return []

    assert Reader(Plain()).read(page()).text == ""


def test_a_model_that_locates_and_reads_in_one_has_no_parts(toy_model: Path, tmp_path: Path) -> None:
    manifest = Manifest("toy", "spotting", {"name": "li2017"})
    folder = write_bundle(tmp_path / "model", manifest, {"model.onnx": b"no graph"}).folder
    assert is_spotter(folder)
    assert not any(is_spotter(place) for place in (toy_model, toy_model / "detector", "light", "nowhere"))
    with pytest.raises(SettingsError, match="leave out the detector"):
        Reader(folder, detector=toy_model / "detector")
    with pytest.raises(BundleError, match="cannot load this graph"):
        load_spotter(folder)
    with pytest.raises(BundleError, match="a spotting model, where one for detection is needed"):
        Reader(toy_model, detector=folder)


def test_only_a_model_that_locates_and_reads_in_one_has_sides(toy_model: Path) -> None:
    with pytest.raises(SettingsError, match="several sizes"):
        Reader(toy_model, sides=(480, 720))
    with pytest.raises(SettingsError, match="sides cannot be set beside a spotter"):
        Reader(Reader(toy_model).spotter, sides=(480,))


def test_looks_come_in_reading_order_with_the_reading(reader: Reader) -> None:
    class Looking:
        def explain(
            self, image: np.ndarray, seconds: dict[str, float] | None = None, lexicon: Lexicon | None = None
        ) -> list[Look]:
            words = ["two", "one"] if lexicon is None else lexicon.words
            boxes = (100, 10, 150, 30), (20, 10, 70, 30)
            return [
                Look(TextInstance(box_polygon(*box), word), box_polygon(*box), "x", np.ones((1, 3)))
                for word, box in zip(words, boxes, strict=True)
            ]

        def spot(self, image: np.ndarray, seconds: dict[str, float] | None = None) -> list[TextInstance]:
            return [look.instance for look in self.explain(image)]

    looking = Reader(Looking())
    reading, looks = looking.explain(page(), name="page")
    assert (reading.name, reading.text) == ("page", looking.read(page()).text) == ("page", "one two")
    assert tuple(look.instance for look in looks) == reading.instances
    assert looking.explain(page(), lexicon=Lexicon(["2", "1"]))[0].text == "1 2"
    with pytest.raises(SettingsError, match="does not put out where it looked"):
        reader.explain(page())
