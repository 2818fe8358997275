from __future__ import annotations

import importlib
import io
import multiprocessing
import pickle
import subprocess
import sys

import lmdb
import pytest
from PIL import Image

from scenetext.data.lmdb_words import lmdb_words, write_lmdb
from scenetext.errors import DataError, MissingExtraError


def picture(width=30, height=10):
    file = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def root(tmp_path):
    words = [(picture(30 + i), text) for i, text in enumerate(["first", "zwölf", "3,50 €"])]
    assert write_lmdb(tmp_path / "train", iter(words)) == 3
    return tmp_path


def texts(words):
    return [word.instances[0].text for word in words]


def test_what_is_written_is_read_back(root):
    words = lmdb_words(root, "train")
    assert texts(words) == ["first", "zwölf", "3,50 €"]
    assert [word.image.shape for word in words] == [(10, 30, 3), (10, 31, 3), (10, 32, 3)]


def test_a_split_may_be_left_out(root):
    assert len(lmdb_words(root / "train", "")) == 3


def test_the_keys_are_those_of_the_benchmarks(root):
    with (
        lmdb.open(str(root / "train"), readonly=True, lock=False) as environment,
        environment.begin() as reader,
    ):
        assert reader.get(b"num-samples") == b"3"
        assert reader.get(b"label-000000002") == "zwölf".encode()
        assert reader.get(b"image-000000001") == picture()
        assert reader.get(b"image-000000000") is None


def test_two_readers_can_share_a_database_in_one_process(root):
    first, second = lmdb_words(root, "train"), lmdb_words(root, "train")
    assert texts(first) == texts(second)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_another_process_can_read_what_this_one_has_opened(root, method):
    words = lmdb_words(root, "train")
    before = texts(words)
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(pickle.dumps(words), sender))
    process.start()
    assert receiver.poll(60)
    assert receiver.recv() == before
    process.join(10)
    assert texts(words) == before


def _child(data, connection):
    words = pickle.loads(data)
    connection.send([word.instances[0].text for word in words])
    connection.close()


def test_an_interrupted_writing_keeps_the_whole_thousands(tmp_path):
    def words():
        for i in range(1500):
            yield b"picture", f"w{i}"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_lmdb(tmp_path, words())
    assert len(lmdb_words(tmp_path, "")) == 1000


def test_the_map_grows_as_the_words_ask_for_it(tmp_path, monkeypatch):
    module = importlib.import_module("scenetext.data.lmdb_words")  # the package has a function of that name
    monkeypatch.setattr(module, "_MAP_BYTES", 2**16)
    monkeypatch.setattr(module, "_BATCH", 7)
    pictures = [bytes([i]) * 5000 * (i % 9) for i in range(100)]
    assert write_lmdb(tmp_path, ((data, f"w{i}") for i, data in enumerate(pictures))) == 100
    words = lmdb_words(tmp_path, "")
    assert [words._fetch(i)[1:] for i in range(100)] == [(data, f"w{i}") for i, data in enumerate(pictures)]


def test_writing_needs_little_address_space(tmp_path):
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom scenetext.data.lmdb_words import write_lmdb\n"
        "resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))\n"
        "write_lmdb(Path(sys.argv[1]), [(b'picture', 'a')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert len(lmdb_words(tmp_path, "")) == 1


def test_no_words_make_a_database_of_none(tmp_path):
    assert write_lmdb(tmp_path, []) == 0
    assert len(lmdb_words(tmp_path, "")) == 0


def test_an_existing_database_is_not_written_over(root):
    with pytest.raises(DataError, match="already holds a database"):
        write_lmdb(root / "train", [])


def test_a_folder_without_a_database_is_an_error(tmp_path):
    with pytest.raises(DataError, match="not an LMDB database"):
        lmdb_words(tmp_path, "")


def test_a_database_of_something_else_is_an_error(tmp_path):
    with lmdb.open(str(tmp_path)) as environment, environment.begin(write=True) as writer:
        writer.put(b"key", b"value")
    with pytest.raises(DataError, match="no key num-samples"):
        lmdb_words(tmp_path, "")


def test_a_missing_sample_names_its_key(tmp_path):
    write_lmdb(tmp_path, [(picture(), "a")])
    with lmdb.open(str(tmp_path), lock=False) as environment, environment.begin(write=True) as writer:
        writer.put(b"num-samples", b"2")
    words = lmdb_words(tmp_path, "")
    with pytest.raises(DataError, match="no key label-000000002"):
        words[1]


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'scenetext\[train\]'"):
        lmdb_words(tmp_path, "")
