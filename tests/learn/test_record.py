"""What a run writes about itself."""

import csv
import json

from scenetext.learn.record import REPORT_EVERY, Record
from scenetext.learn.validate import Validation


def steps(record, first, last, **figures):
    for step in range(first, last + 1):
        record.step(step, 0, 0.1, figures, images=4, dropped=1)


def rows(folder):
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_figures_are_averaged_and_written_every_so_often(tmp_path):
    lines = []
    record = Record(tmp_path, 0, 70, lines.append)
    steps(record, 1, REPORT_EVERY // 2, loss=1.0)
    steps(record, REPORT_EVERY // 2 + 1, REPORT_EVERY, loss=3.0)
    steps(record, REPORT_EVERY + 1, 70, loss=5.0)
    record.close()
    assert [(row["step"], float(row["loss"]), row["dropped"]) for row in rows(tmp_path)] == [
        (str(REPORT_EVERY), 2.0, str(REPORT_EVERY)),
        ("70", 5.0, str(70 - REPORT_EVERY)),
    ]
    assert len(lines) == 2


def test_a_resumed_run_forgets_what_came_after_its_checkpoint_and_may_have_other_losses(tmp_path):
    record = Record(tmp_path, 0, 200, lambda line: None)
    steps(record, 1, 150, loss=1.0)
    record.validation(100, Validation(0.5, {}, ["a"]))
    record.validation(150, Validation(0.6, {}, ["b"]))
    record.close()
    again = Record(tmp_path, 100, 200, lambda line: None)
    steps(again, 101, 150, dice=2.0)
    again.close()
    assert [(row["step"], row["loss"], row["dice"]) for row in rows(tmp_path)] == [
        ("50", "1", ""),
        ("100", "1", ""),
        ("150", "", "2"),
    ]
    told = [json.loads(line)["step"] for line in (tmp_path / "validation.jsonl").read_text().splitlines()]
    assert told == [100]
