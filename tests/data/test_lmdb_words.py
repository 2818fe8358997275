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

from scenetext.codecs.ctc import CTC
from scenetext.data.filters import Filters
from scenetext.data.lmdb_words import lmdb_words, write_lmdb
from scenetext.errors import BadImageError, DataError, MissingExtraError


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
    found = [words.word(i) for i in range(100)]
    assert [word.source for word in found] == pictures
    assert [word.text for word in found] == [f"w{i}" for i in range(100)]


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
    with pytest.raises(DataError, match="no database of word crops: it has no key num-samples"):
        lmdb_words(tmp_path, "")


def test_a_database_that_is_cut_off_is_an_error_and_does_not_kill_the_process(root, monkeypatch):
    module = importlib.import_module("scenetext.data.lmdb_words")  # the package has a function of that name
    monkeypatch.setattr(module, "_NEVER_WRITTEN", 0)
    data = root / "train" / "data.mdb"
    data.write_bytes(data.read_bytes()[:8192])  # the two pages that say where everything is
    with pytest.raises(DataError, match=r"train: data\.mdb is cut off \(8192 of \d+ bytes\); copy it again"):
        lmdb_words(root, "train")


def damage(folder, key, value):
    """Puts another value for a key, or none."""
    with lmdb.open(str(folder), lock=False) as environment, environment.begin(write=True) as writer:
        if value is None:
            writer.delete(key)
        else:
            writer.put(key, value)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"label-000000002", None, "has no key label-000000002"),
        (b"image-000000002", None, "has no key image-000000002"),
        (b"image-000000002", b"", "not an image"),
        (b"image-000000002", b"GIF89a, and then nothing", "image not found"),
        (b"label-000000002", b"caf\xe9", "its label .* is not UTF-8"),
    ],
)
def test_a_damaged_sample_is_named_and_the_others_are_read(root, key, value, reason):
    damage(root / "train", key, value)
    words = lmdb_words(root, "train")
    with pytest.raises(BadImageError, match=rf"train/000000002: .*({reason})"):
        words[1].image  # noqa: B018
    assert [words[i].instances[0].text for i in (0, 2)] == ["first", "3,50 €"]


def test_a_sample_beyond_the_last_is_named(root):
    damage(root / "train", b"num-samples", b"4")
    with pytest.raises(BadImageError, match="no key label-000000004"):
        lmdb_words(root, "train")[3]


def test_lexicons_are_written_and_read(tmp_path):
    write_lmdb(tmp_path, [(picture(), "a", ["a", "größe"]), (picture(), "b"), (picture(), "c", None)])
    with (
        lmdb.open(str(tmp_path), readonly=True, lock=False) as environment,
        environment.begin() as reader,
    ):
        assert reader.get(b"lexicon-000000001") == "a größe".encode()
    assert [word.lexicon for word in lmdb_words(tmp_path, "")] == [("a", "größe"), None, None]


def test_all_databases_below_a_folder_are_one_set(tmp_path):
    write_lmdb(tmp_path / "MJ" / "MJ_train", [(picture(), "b"), (picture(), "c")])
    write_lmdb(tmp_path / "MJ" / "MJ_test", [(picture(), "a")])
    write_lmdb(tmp_path / "ST", [(picture(), "d")])
    words = lmdb_words(tmp_path, "")
    assert texts(words) == ["a", "b", "c", "d"]
    assert [word.name for word in words] == [
        "MJ/MJ_test/000000001",
        "MJ/MJ_train/000000001",
        "MJ/MJ_train/000000002",
        "ST/000000001",
    ]
    assert texts(lmdb_words(tmp_path, "MJ")) == ["a", "b", "c"]


def test_a_database_that_is_linked_into_place_is_found(root, tmp_path):
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "linked").symlink_to(root / "train")
    assert len(lmdb_words(tmp_path / "sets", "")) == 3


@pytest.mark.parametrize("word", ["back\\slash", "hy-phen", "[a]", "^", "]", "a\\-b", "'\"", "{}|~`"])
def test_words_with_marks_survive_writing_reading_filtering_and_encoding(tmp_path, word):
    write_lmdb(tmp_path, [(picture(), word)])
    (text,) = texts(lmdb_words(tmp_path, ""))
    assert text == word
    assert Filters(charset="printable94").dropped_by(text) is None
    codec = CTC("printable94")
    targets = codec.encode([text])["targets"][0]
    assert "".join(codec.characters.characters[target - 1] for target in targets) == word


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'scenetext\[train\]'"):
        lmdb_words(tmp_path, "")
