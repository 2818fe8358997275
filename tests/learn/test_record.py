"""What a run writes about itself."""

import csv
import json

from scenetext.learn.record import REPORT_EVERY, Record
from scenetext.learn.validate import Validation


def steps(record, first, last, **figures):
    for step in range(first, last + 1):
        record.step(step, 0, 0.1, figures, images=4, dropped={"charset": 1})


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
    assert [(row["step"], float(row["loss"]), row["dropped_charset"]) for row in rows(tmp_path)] == [
        (str(REPORT_EVERY), 2.0, str(REPORT_EVERY)),
        ("70", 5.0, str(70 - REPORT_EVERY)),
    ]
    assert len(lines) == 3
    assert lines[-1] == "samples used: 280; left out: 70 with characters outside the charset"


def test_a_loss_that_begins_between_two_reports_is_averaged_over_the_steps_that_had_it(tmp_path):
    record = Record(tmp_path, 0, 50, lambda line: None)
    steps(record, 1, 40, loss=1.0)
    steps(record, 41, 50, loss=2.0, late=3.0)
    record.close()
    assert [(float(row["loss"]), float(row["late"])) for row in rows(tmp_path)] == [(1.2, 3.0)]


def test_a_resumed_run_forgets_what_came_after_its_checkpoint_and_may_have_other_losses(tmp_path):
    record = Record(tmp_path, 0, 200, lambda line: None)
    steps(record, 1, 150, loss=1.0)
    record.validation(100, Validation(0.5, {}, ["a"]))
    record.validation(150, Validation(0.6, {}, ["b"]))
    record.close()
    lines = []
    again = Record(tmp_path, 100, 200, lines.append)
    steps(again, 101, 150, dice=2.0)
    again.close()
    assert lines[-1].startswith("samples used: 600; left out: 150 ")  # those of the first hundred steps too
    assert [(row["step"], row["loss"], row["dice"]) for row in rows(tmp_path)] == [
        ("50", "1", ""),
        ("100", "1", ""),
        ("150", "", "2"),
    ]
    told = [json.loads(line)["step"] for line in (tmp_path / "validation.jsonl").read_text().splitlines()]
    assert told == [100]


def test_what_is_left_out_is_counted_by_reason_also_where_a_validation_comes_between(tmp_path):
    lines = []
    record = Record(tmp_path, 0, 50, lines.append)
    record.step(1, 0, 0.1, {"loss": 1.0}, images=4, dropped={"too_long": 2, "undecodable": 1})
    record.validation(1, Validation(0.5, {}, []))
    record.step(2, 0, 0.1, {"loss": 1.0}, images=4, dropped={"too_long": 1})
    record.close()
    assert lines[-1] == (
        "samples used: 8; left out: 1 that cannot be decoded, 3 with labels too long for the network"
    )


def test_a_run_that_left_nothing_out_says_so(tmp_path):
    lines = []
    record = Record(tmp_path, 0, 50, lines.append)
    record.step(1, 0, 0.1, {"loss": 1.0}, images=4, dropped={})
    record.close()
    assert lines[-1] == "samples used: 4; left out: none"
