"""Devices and threads, and the folder of a run."""

import subprocess
import sys

import cv2
import pytest
import torch

from scenetext.errors import SettingsError
from scenetext.learn.processes import any_process, choose_device, hold_folder, join_processes, limit_threads


def test_threads_are_limited_for_torch_and_opencv_alike():
    limit_threads(2)
    assert torch.get_num_threads() == 2
    limit_threads(1)
    assert (torch.get_num_threads(), cv2.getNumThreads()) == (1, 1)
    limit_threads(None)
    assert torch.get_num_threads() == 1


def test_auto_is_a_device_that_works_and_an_unknown_one_is_refused():
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(SettingsError, match="--device warp"):
        choose_device("warp")


def test_a_single_process_needs_no_others(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_processes(torch.device("cpu")) == (0, 1)
    assert any_process(True, torch.device("cpu"), 1)
    assert not any_process(False, torch.device("cpu"), 1)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")
def test_a_folder_is_held_against_other_processes_until_its_own_is_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from scenetext.learn.processes import hold_folder; "
        "file = hold_folder(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(SettingsError, match="another process is training there; stop it first"):
            hold_folder(tmp_path)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    hold_folder(tmp_path).close()
