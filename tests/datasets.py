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
        letters = sum(len(word) for entry in text for word in entry.split())
        cells["charBB"][0, i] = np.arange(2 * 4 * letters, dtype=np.float64).reshape(2, 4, letters)
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


# A curved word and a quadrilateral, clockwise from the start of reading, inside PICTURE.
CURVE = [
    (4, 12), (10, 8), (16, 5), (22, 4), (28, 5), (34, 8), (40, 12),
    (37, 18), (32, 15), (27, 12), (22, 11), (17, 12), (12, 15), (7, 18),
]  # fmt: skip
BOX = [(2, 2), (40, 2), (40, 20), (2, 20)]


def flat(points: Sequence[tuple[float, float]]) -> list[float]:
    return [number for point in points for number in point]


def joined(points: Sequence[tuple[float, float]]) -> str:
    return ",".join(map(str, flat(points)))


def write_text(file: Path, text: str, encoding: str = "utf-8") -> None:
    """A text file, in folders that are made for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode(encoding))


def write_icdar2013(root: Path) -> str:
    folder = root / "icdar2013"
    write_pictures(folder / "Challenge2_Test_Task12_Images", "img_1.jpg", "img_2.jpg")
    for number in (1, 2):
        label = folder / "Challenge2_Test_Task1_GT" / f"gt_img_{number}.txt"
        write_text(label, '2, 2, 40, 20, "Bakery"\r\n1, 1, 9, 9, "say, \\"hi\\""\r\n', "utf-8-sig")
    return "test"


def write_mlt2017(root: Path) -> str:
    folder = root / "mlt2017"
    write_pictures(folder, "ch8_training_images_1/img_1.jpg", "ch8_training_images_2/img_2.png")
    for number in (1, 2):
        label = folder / "ch8_training_localization_transcription_gt_v2" / f"gt_img_{number}.txt"
        write_text(label, f"{QUAD},Latin,Café, Bar\r\n0,0,5,0,5,5,0,5,None,###\r\n", "utf-8-sig")
    return "train"


def write_mlt2019(root: Path) -> str:
    folder = root / "mlt2019"
    write_pictures(folder, "ImagesPart1/tr_img_00001.jpg", "ImagesPart2/tr_img_05001.png")
    for number in ("00001", "05001"):
        write_text(folder / "train_gt_t13" / f"tr_img_{number}.txt", f"{QUAD},Hindi,नमस्ते\n")
    return "train"


def write_totaltext(root: Path) -> str:
    folder = root / "totaltext"
    write_pictures(folder / "Images" / "Test", "img1.jpg", "img2.jpg")
    xs, ys = (" ".join(map(str, axis)) for axis in zip(*CURVE, strict=True))
    entry = f"x: [[{xs}]], y: [[{ys}]], ornt: [u'c'], transcriptions: [u\"it's\"]\n"
    ignored = "x: [[2 9 9\n  2]], y: [[2 2 9 9]], ornt: [u'#'], transcriptions: [u'#']\n"
    write_text(folder / "Groundtruth/Polygon/Test/poly_gt_img1.txt", entry + ignored)
    write_polygt(folder / "Groundtruth/Polygon/Test/poly_gt_img2.mat", [(CURVE, "ROUND", "c")])
    return "test"


def write_polygt(
    file: Path, rows: Sequence[tuple[Sequence[tuple[float, float]], str, str]], name: str = "polygt"
) -> None:
    """A .mat of Total-Text: of each word the outline, the text and the orientation."""
    cells = np.empty((len(rows), 6), dtype=object)
    for row, (points, text, orientation) in zip(cells, rows, strict=True):
        x, y = np.array(points, dtype=np.int16).reshape(-1, 2).T
        row[:] = ["x:", x[None], "y:", y[None], text or np.zeros(0), orientation]
    file.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(file, {name: cells})


def write_ctw1500(root: Path) -> str:
    folder = root / "ctw1500"
    write_pictures(folder / "test_images", "1001.jpg", "1002.jpg")
    for number in (1001, 1002):
        lines = f"{joined(CURVE)},####ROUND, AND\n{joined(CURVE)},#######\n"
        write_text(folder / "gt_ctw1500" / f"000{number}.txt", lines)
    return "test"


def write_td500(root: Path) -> str:
    write_pictures(root / "MSRA-TD500" / "train", "IMG_0059.JPG", "IMG_0060.JPG")
    for name in ("IMG_0059", "IMG_0060"):
        write_text(root / "MSRA-TD500" / "train" / f"{name}.gt", "0 0 10 8 30 8 -0.12\n1 1 2 2 5 5 0\n")
    return "train"


def write_tr400(root: Path) -> str:
    write_pictures(root / "HUST-TR400", "1.jpg", "2.jpg")
    for name in ("1", "2"):
        write_text(root / "HUST-TR400" / f"{name}.gt", "0 0 10 8 30 8 0.12\n")
    return "all"


def write_cocotext(root: Path) -> str:
    folder = root / "cocotext"
    write_pictures(folder / "train2014", "COCO_1.jpg", "COCO_2.jpg")
    found = {
        "cats": {},
        "imgs": {
            "1": {"id": 1, "set": "train", "file_name": "COCO_1.jpg"},
            "2": {"id": 2, "set": "train", "file_name": "COCO_2.jpg"},
            "3": {"id": 3, "set": "val", "file_name": "COCO_3.jpg"},
        },
        "anns": {
            "45": {
                "id": 45,
                "image_id": 1,
                "mask": flat(BOX),
                "legibility": "legible",
                "utf8_string": "STOP",
            },
            "46": {"id": 46, "image_id": 1, "bbox": [1, 1, 9.5, 5], "mask": [], "legibility": "illegible"},
            "47": {"id": 47, "image_id": 2, "mask": flat(BOX), "legibility": "legible", "utf8_string": "GO"},
            "48": {"id": 48, "image_id": 3, "mask": flat(BOX), "legibility": "legible", "utf8_string": "NO"},
        },
        "imgToAnns": {"1": [45, 46], "2": [47], "3": [48]},
    }
    (folder / "cocotext.v2.json").write_text(json.dumps(found))
    return "train"


def write_textocr(root: Path) -> str:
    folder = root / "textocr"
    write_pictures(folder / "train_images", "a1.jpg", "b2.jpg")
    imgs = {name: {"id": name, "set": "val", "file_name": f"train/{name}.jpg"} for name in ("a1", "b2")}
    anns = {
        "a1_1": {
            "id": "a1_1",
            "image_id": "a1",
            "bbox": [0, 0, 1, 1],
            "utf8_string": "sale",
            "points": flat(BOX),
        },
        "a1_2": {
            "id": "a1_2",
            "image_id": "a1",
            "bbox": [0, 0, 1, 1],
            "utf8_string": ".",
            "points": flat(CURVE),
        },
        "b2_1": {
            "id": "b2_1",
            "image_id": "b2",
            "bbox": [0, 0, 1, 1],
            "utf8_string": "%",
            "points": flat(CURVE),
        },
    }
    (folder / "TextOCR_0.1_val.json").write_text(json.dumps({"imgs": imgs, "anns": anns, "imgToAnns": {}}))
    return "val"


def write_lsvt(root: Path) -> str:
    folder = root / "lsvt"
    write_pictures(folder, "train_full_images_0/gt_0.jpg", "train_full_images_1/gt_1.jpg")
    ignored = {"transcription": "###", "points": [[1, 1], [9, 1], [9, 5], [1, 5]], "illegibility": True}
    labels = {
        "gt_0": [{"transcription": "阳光书店", "points": BOX, " illegibility ": False}, ignored],
        "gt_1": [{"transcription": "书店", "points": CURVE, "illegibility": False}],
    }
    write_text(folder / "train_full_labels.json", json.dumps(labels, ensure_ascii=False))
    return "train"


def write_art(root: Path) -> str:
    folder = root / "art"
    write_pictures(folder / "train_images", "gt_0.jpg", "gt_1.jpg")
    entry = {"transcription": "Round", "points": CURVE, "language": "Latin", "illegibility": False}
    write_text(folder / "train_labels.json", json.dumps({"gt_0": [entry], "gt_1": [entry, entry]}))
    return "train"


def write_ppocrlabel(root: Path) -> str:
    write_pictures(root / "mine", "a.png", "b.png")
    entries = [
        {"transcription": "阳光", "points": BOX, "difficult": False, "key_cls": "None"},
        {"transcription": "###", "points": [[1, 1], [9, 1], [9, 5.5], [1, 5]], "difficult": False},
    ]
    lines = [f"mine/{name}.png\t{json.dumps(entries, ensure_ascii=False)}\n" for name in "ab"]
    write_text(root / "mine" / "Label.txt", "".join(lines))
    return "mine"


def write_bags(root: Path) -> str:
    write_pictures(root / "mine", "a.png", "b.png")
    write_text(root / "mine" / "bags.tsv", "filepath\ttitle\na.png\tAll  day\nb.png\topen\n")
    return "mine"


def write_coco(root: Path) -> str:
    write_pictures(root / "export" / "images", "a.png", "b.png")
    found = {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": 9, "file_name": "b.png"}],
        "annotations": [
            {"id": 1, "image_id": 7, "segmentation": [flat(CURVE)], "attributes": {"text": "round"}},
            {
                "id": 2,
                "image_id": 9,
                "segmentation": [],
                "bbox": [2, 2, 30, 8],
                "attributes": {"text": "box"},
            },
            {"id": 3, "image_id": 9, "segmentation": [flat(BOX)], "iscrowd": 1, "attributes": {}},
        ],
        "categories": [{"id": 1, "name": "text"}],
    }
    write_text(root / "export" / "annotations" / "instances_default.json", json.dumps(found))
    return "export"


# By data set: writes a toy one into a folder, and says which split of it to read.
TOYS: dict[str, Callable[[Path], str]] = {
    "art": write_art,
    "bags": write_bags,
    "coco": write_coco,
    "cocotext": write_cocotext,
    "ctw1500": write_ctw1500,
    "cute80": write_cute80,
    "folder": write_folder,
    "ic03": write_ic03,
    "ic13": write_ic13,
    "ic15": write_ic15,
    "icdar": write_icdar_folder,
    "icdar2013": write_icdar2013,
    "icdar2015": write_icdar2015,
    "icdar2015-words": write_icdar2015,
    "iiit5k": write_iiit5k,
    "lmdb": write_words,
    "lsvt": write_lsvt,
    "mjsynth": write_mjsynth,
    "mlt2017": write_mlt2017,
    "mlt2019": write_mlt2019,
    "ppocrlabel": write_ppocrlabel,
    "svt": write_svt,
    "svt-words": write_svt,
    "svtp": write_svtp,
    "synthtext": write_synthtext,
    "synthtext-words": write_synthtext,
    "td500": write_td500,
    "textocr": write_textocr,
    "totaltext": write_totaltext,
    "tr400": write_tr400,
    "union14m": write_union14m,
}


# By data set, of those that look at every label when they are opened: a label file of the toy, what stands in
# it, what takes its place, and the reason that an error gives. The rest of the toy stays as it is.
DAMAGES: dict[str, tuple[str, str, str, str]] = {
    "art": ("art/train_labels.json", '"gt_1": [{"', '"gt_1": [5, {"', "gt_1: instance 1: expected an object"),
    "bags": ("mine/bags.tsv", "a.png\t", "a.png ", "2: expected 2 columns"),
    "coco": (
        "export/annotations/instances_default.json",
        '"bbox": [2, 2, 30, 8]',
        '"bbox": [2, 2, 30]',
        'annotation 1: "bbox" is x, y, width and height, not 3 numbers',
    ),
    "cocotext": (
        "cocotext/cocotext.v2.json",
        '"image_id": 2',
        '"image_id": 5',
        "annotation 47: no picture has the image_id '5'",
    ),
    "ctw1500": (
        "ctw1500/gt_ctw1500/0001002.txt",
        "4,12,10",
        "4,12,",
        "1: expected 28 coordinates and a text",
    ),
    "cute80": ("ct80/test_label.txt", "timage/001", "timage/009", "1: no such picture: timage/009.jpg"),
    "folder": ("mine/labels.tsv", "a.png\t", "a.png ", "1: expected 2 columns"),
    "ic03": ("ic03/TrialTest/word.xml", 'tag="self"', "", "an <image> has a file and a tag"),
    "ic13": (
        "ic13/Challenge2_Test_Task3_GT.txt",
        "word_1.png",
        "word_9.png",
        "1: no such picture: word_9.png",
    ),
    "ic15": (
        "ic15/ch4_training_word_images_gt/gt.txt",
        "word_1.png,",
        "word_1.png",
        "1: expected 'word_1.png",
    ),
    "icdar": ("gt_b.txt", ",40,20,2,20", "", "1: expected the coordinates of 3 points or more"),
    "icdar2013": (
        "icdar2013/Challenge2_Test_Task1_GT/gt_img_2.txt",
        "1, 1, 9, 9",
        "1, 1, 9",
        "2: expected 4 coordinates",
    ),
    "icdar2015": ("icdar2015/train_gts/gt_img_999.txt", "0,0,5,0,", "", "2: expected 8 coordinates, found 4"),
    "icdar2015-words": ("icdar2015/train_gts/gt_img_999.txt", "0,0,5,0,", "", "2: expected 8 coordinates"),
    "iiit5k": ("test.tags", "test/1_1.png PRIVATE", "test/1_1.png", "1: expected 'path text'"),
    "lsvt": (
        "lsvt/train_full_labels.json",
        "[[1, 1], [9, 1]",
        "[[1, 1], [9]",
        'gt_0: instance 2: "points" is a list of [x, y]',
    ),
    "mlt2017": (
        "mlt2017/ch8_training_localization_transcription_gt_v2/gt_img_1.txt",
        "None,###",
        "###",
        "2: expected 8 coordinates, a script and a text",
    ),
    "mlt2019": ("mlt2019/train_gt_t13/tr_img_05001.txt", "2,2,40", "2,2,x40", "1: expected 8 coordinates"),
    "ppocrlabel": ("mine/Label.txt", "mine/a.png\t[", "mine/a.png\t{", "1: "),
    "svt": ("svt1/test.xml", 'x="30"', "", "img/14_03.jpg: a taggedRectangle has numbers"),
    "svt-words": ("svt1/test.xml", 'x="30"', "", "img/14_03.jpg: a taggedRectangle has numbers"),
    "svtp": ("svtp/gt.txt", "13_15_0_par.jpg WYND", "13_15_0_par.jpg", "1: expected 'path text'"),
    "td500": ("MSRA-TD500/train/IMG_0060.gt", "-0.12", "", "1: expected 'index difficult x y w h angle'"),
    "textocr": (
        "textocr/TextOCR_0.1_val.json",
        '"%", "points": [4,',
        '"%", "points": [',
        "annotation b2_1: ",
    ),
    "totaltext": (
        "totaltext/Groundtruth/Polygon/Test/poly_gt_img1.txt",
        "x: [[2 9 9\n",
        "x: [[2 9\n",
        "2: 3 x and 4 y",
    ),
    "tr400": ("HUST-TR400/2.gt", " 0.12", " 0.12 5", "1: expected 'index difficult x y w h angle'"),
}
