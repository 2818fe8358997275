"""Toy data sets, laid out as the real ones are: TOYS by name, for whatever reads data sets."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from scenetext.data.lmdb_words import write_lmdb

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 60, 3), dtype=np.uint8))
QUAD = "2,2,40,2,40,20,2,20"


def encoded(kind: str = "PNG", picture: Image.Image = PICTURE) -> bytes:
    """The picture as a file's bytes."""
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def write_pictures(folder: Path, *paths: str) -> None:
    """Pictures that differ, in PNG or JPEG by their names."""
    for i, path in enumerate(paths):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.rotate(i, expand=False).save(place)


def write_folder(root: Path) -> str:
    write_pictures(root / "mine", "a.png", "b.png")
    (root / "mine" / "labels.tsv").write_text("a.png\tword\nb.png\t$3.50\n")
    return "mine"


def write_icdar_folder(root: Path) -> str:
    write_pictures(root, "a.png", "b.png")
    for name in ("a", "b"):
        (root / f"gt_{name}.txt").write_text(f"{QUAD},word\n0,0,5,0,5,5,0,5,###\n")
    return ""


def write_icdar2015(root: Path) -> str:
    images, labels = root / "icdar2015" / "train_images", root / "icdar2015" / "train_gts"
    images.mkdir(parents=True)
    labels.mkdir()
    PICTURE.save(root / "picture.jpg")
    for number in range(901, 1001):
        (images / f"img_{number}.jpg").hardlink_to(root / "picture.jpg")
        (labels / f"gt_img_{number}.txt").write_text(f"{QUAD},w{number}\n0,0,5,0,5,5,0,5,###\n")
    return "val"


def write_iiit5k(root: Path) -> str:
    write_pictures(root, "test/1_1.png", "test/1_2.png")
    (root / "test.tags").write_text("test/1_1.png PRIVATE\ntest/1_2.png 24\n")
    return "test"


def write_words(root: Path) -> str:
    write_lmdb(root / "train", [(encoded(), "first"), (encoded("JPEG"), "zwölf")])
    return "train"


def write_mjsynth(root: Path) -> str:
    folder = root / "mnt/ramdisk/max/90kDICT32px"
    write_pictures(folder, "2425/1/115_Lube_45484.jpg", "2425/2/7_O_Hara_51.jpg")
    (folder / "annotation_val.txt").write_text(
        "./2425/1/115_Lube_45484.jpg 45484\n./2425/2/7_O_Hara_51.jpg 51\n"
    )
    return "val"


def write_synthtext(root: Path) -> str:
    write_pictures(root / "SynthText", "8/ballet_106_0.jpg", "12/garden_7_3.jpg")
    box = np.array([[2, 40, 40, 2], [2, 2, 20, 20]], dtype=np.float64)
    write_gt_mat(
        root / "SynthText" / "gt.mat",
        ["8/ballet_106_0.jpg", "12/garden_7_3.jpg"],
        [np.stack([box, box + 1, box + 2], axis=2), box],  # of one word the last axis is missing
        [["blue\nsky  ", " at "], ["noon"]],
    )
    return "all"


def write_gt_mat(
    file: Path, names: Sequence[str], boxes: Sequence[np.ndarray], texts: Sequence[list[str]]
) -> None:
    """The annotations of SynthText."""
    cells = {key: np.empty((1, len(names)), dtype=object) for key in ("imnames", "wordBB", "charBB", "txt")}
    for i, (name, box, text) in enumerate(zip(names, boxes, texts, strict=True)):
        cells["imnames"][0, i] = name
        cells["wordBB"][0, i] = box
        cells["charBB"][0, i] = np.zeros((2, 4, 5))
        cells["txt"][0, i] = np.array(text)
    scipy.io.savemat(file, cells)


SVT_XML = """<?xml version="1.0" encoding="utf-8"?>
<tagset>
  <image>
    <imageName>img/14_03.jpg</imageName>
    <address>1 First Avenue</address>
    <lex>
    LIVING,ROOM,HARBOUR
    </lex>
    <Resolution x="60" y="24"/>
    <taggedRectangles>
      <taggedRectangle height="10" width="20" x="3" y="4"><tag>LIVING</tag></taggedRectangle>
      <taggedRectangle height="8" width="25" x="30" y="12"><tag>ROOM</tag></taggedRectangle>
    </taggedRectangles>
  </image>
  <image>
    <imageName>img/15_00.jpg</imageName>
    <lex>CAFE</lex>
    <taggedRectangles>
      <taggedRectangle height="10" width="20" x="3" y="4"><tag>CAFE</tag></taggedRectangle>
    </taggedRectangles>
  </image>
</tagset>
"""


def write_svt(root: Path) -> str:
    write_pictures(root / "svt1", "img/14_03.jpg", "img/15_00.jpg")
    (root / "svt1" / "test.xml").write_text(SVT_XML)
    return "test"


def write_svtp(root: Path) -> str:
    write_pictures(root / "svtp" / "par1", "13_15_0_par.jpg", "13_15_1_par.jpg")
    (root / "svtp" / "gt.txt").write_text("13_15_0_par.jpg WYND\n13_15_1_par.jpg HOTEL\n")
    return "test"


def write_cute80(root: Path) -> str:
    write_pictures(root / "ct80", "timage/001.jpg", "timage/002.jpg")
    (root / "ct80" / "test_label.txt").write_text("timage/001.jpg RONDO 1 RONDO\ntimage/002.jpg 7 1 7\n")
    return "test"


def write_ic03(root: Path) -> str:
    folder = root / "ic03" / "TrialTest"
    write_pictures(folder, "word/1/1.jpg", "word/1/2.jpg")
    (folder / "word.xml").write_bytes(
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<imagelist>\n'
        '<image file="word/1/1.jpg" tag="self" />\n<image file="word/1/2.jpg" tag="&#163;5 &amp; é" />\n'
        "</imagelist>\n".encode("latin-1")
    )
    return "test"


def write_ic13(root: Path) -> str:
    folder = root / "ic13" / "Challenge2_Test_Task3_Images"
    write_pictures(folder, "word_1.png", "word_2.png")
    (folder.parent / "Challenge2_Test_Task3_GT.txt").write_bytes(
        b'\xef\xbb\xbfword_1.png, "Tired"\r\nword_2.png, "\\"a\\\\b, c\\""\r\n'
    )
    return "test"


def write_ic15(root: Path) -> str:
    folder = root / "ic15" / "ch4_training_word_images_gt"
    write_pictures(folder, "word_1.png", "word_2.png")
    (folder / "gt.txt").write_bytes('\ufeffword_1.png, "Genaxis"\r\nword_2.png, "Café"\r\n'.encode())
    (folder / "coords.txt").write_text("word_1.png,0,0,9,0,9,9,0,9\n")
    return "train"


def write_union14m(root: Path) -> str:
    folder = root / "Union14M-L"
    write_pictures(folder / "full_images", "art_curve/1.jpg", "COCOTextV2/2.jpg")
    (folder / "train_annos" / "mmocr-0.x").mkdir(parents=True)
    rows = [
        {"filename": "art_curve/1.jpg", "text": "Hübsch!"},
        {"filename": "COCOTextV2/2.jpg", "text": "two"},
    ]
    (folder / "train_annos" / "mmocr-0.x" / "train_hard.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows)
    )
    return "hard"


# By data set: writes a toy one into a folder, and says which split of it to read.
TOYS: dict[str, Callable[[Path], str]] = {
    "cute80": write_cute80,
    "folder": write_folder,
    "ic03": write_ic03,
    "ic13": write_ic13,
    "ic15": write_ic15,
    "icdar": write_icdar_folder,
    "icdar2015": write_icdar2015,
    "icdar2015-words": write_icdar2015,
    "iiit5k": write_iiit5k,
    "lmdb": write_words,
    "mjsynth": write_mjsynth,
    "svt": write_svt,
    "svt-words": write_svt,
    "svtp": write_svtp,
    "synthtext": write_synthtext,
    "synthtext-words": write_synthtext,
    "union14m": write_union14m,
}
